"""Instruction sets of the CPU, which decide the last bits of sums and products.

oneDNN (TensorFlow), OpenBLAS (NumPy, SciPy) and NumPy choose their code by the CPU when
they are loaded. Equal inputs give equal bytes only where these choices are equal.
"""

import os
import platform
from collections.abc import Collection, Mapping
from pathlib import Path

from nodal_staging.study.errors import InputError

NATIVE = "native"
VARIABLES: Mapping[str, Mapping[str, str]] = {
    NATIVE: {},
    "avx2": {
        "ONEDNN_MAX_CPU_ISA": "AVX2",
        "OPENBLAS_CORETYPE": "Haswell",
        "NPY_DISABLE_CPU_FEATURES": "X86_V4 AVX512_ICL AVX512_SPR",
    },
    "avx512": {
        "ONEDNN_MAX_CPU_ISA": "AVX512_CORE",
        "OPENBLAS_CORETYPE": "SkylakeX",
        "NPY_DISABLE_CPU_FEATURES": "AVX512_ICL AVX512_SPR",
    },
}
"""Values of ``training.cpu_instructions``, and what they set before libraries load."""

ONE_THREAD: Mapping[str, str] = {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"}
"""Matrices are small here: threads that wait for each other took ten times the CPU
time of one, and the order of their sums would depend on the machine. TensorFlow has
threads of its own, of which ``training.intra_op_threads`` is the number."""

LEVELS: Mapping[str, frozenset[str]] = {
    "SSE41": frozenset({"sse4_1"}),
    "AVX": frozenset({"avx"}),
    "AVX2": frozenset({"avx2", "fma"}),
    "AVX512_CORE": frozenset({"avx512f", "avx512bw", "avx512vl", "avx512dq"}),
}
"""Sets in which oneDNN computes float32, the largest last, and their CPU flags."""

CPU = Path("/proc/cpuinfo")


def pin_instructions(name: str) -> None:
    """Set the environment of all jobs that start from this process, one thread each.

    Parameters
    ----------
    name
        ``training.cpu_instructions``; ``native`` leaves the choice to the CPU alone.
    """
    for variable in VARIABLES["avx2"]:
        os.environ.pop(variable, None)
    os.environ.update(VARIABLES[name])
    os.environ.update(ONE_THREAD)


def check_instructions(name: str) -> None:
    """Refuse a job that cannot compute with the pinned instruction set.

    Raises
    ------
    InputError
        If the CPU lacks the set, or this process started without its settings.
    """
    wanted = VARIABLES[name]
    levels = list(LEVELS)
    available = _of_cpu()
    largest = levels.index(available) if available in levels else -1
    usable = [
        value
        for value, settings in VARIABLES.items()
        if not settings or levels.index(settings["ONEDNN_MAX_CPU_ISA"]) <= largest
    ]
    if name not in usable:
        raise InputError(
            f"config: training.cpu_instructions is {name}, but the CPU of this job "
            f"offers {available}; set it to {' or '.join(usable)}, or run the job on "
            "another CPU"
        )
    missing = [key for key in wanted if os.environ.get(key) != wanted[key]]
    if missing:
        settings = " ".join(f"{key}='{wanted[key]}'" for key in missing)
        raise InputError(
            f"the recipe was written for training.cpu_instructions {name}, but the "
            f"environment of this job lacks {settings}; set it before the program "
            "starts, or run the job by Snakemake, which sets it"
        )


def used_instructions(loaded: Collection[str]) -> dict[str, str]:
    """Name the instruction sets that the libraries of this process compute with.

    Parameters
    ----------
    loaded
        Modules that this process has loaded; nothing else is loaded to find out.

    Returns
    -------
    Library to set: of ``oneDNN``, ``OpenBLAS`` and ``NumPy`` those that are loaded.
    """
    found: dict[str, str] = {}
    if "tensorflow" in loaded:
        found["oneDNN"] = _of_onednn()
    if "numpy" in loaded:
        found |= _of_numpy()
    return found


def _of_onednn() -> str:
    """Return the set of the CPU, or a smaller one that the environment allows."""
    available = _of_cpu()
    most = os.environ.get("ONEDNN_MAX_CPU_ISA", "").upper()
    levels = list(LEVELS)
    if available in levels and most in levels:
        return min(available, most, key=levels.index)
    return available


def _of_cpu() -> str:
    """Return the largest set of the CPU; the name of one that is not of x86."""
    flags: set[str] = set()
    if CPU.exists():
        for line in CPU.read_text().splitlines():
            if line.startswith("flags"):
                flags = set(line.partition(":")[2].split())
                break
    found = [name for name, needed in LEVELS.items() if needed <= flags]
    return found[-1] if found else platform.machine()


def _of_numpy() -> dict[str, str]:
    """Ask NumPy and the libraries of linear algebra what they chose."""
    import numpy as np  # noqa: PLC0415
    from threadpoolctl import threadpool_info  # noqa: PLC0415

    cores = {
        str(one["architecture"])
        for one in threadpool_info()
        if one["internal_api"] == "openblas"
    }
    extensions = np.show_config(mode="dicts")["SIMD Extensions"]
    chosen = [*extensions["baseline"], *extensions.get("found", [])]
    found = {"NumPy": str(chosen[-1])}
    if cores:
        found["OpenBLAS"] = " and ".join(sorted(cores))
    return found
