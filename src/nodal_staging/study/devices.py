"""Whether this machine has a GPU that TensorFlow can use.

TensorFlow itself is not imported: every run of Snakemake reads this module.
"""

from collections.abc import Collection, Mapping
from importlib.metadata import distributions
from pathlib import Path

NO_DEVICES = ("", "-1")
"""Values of ``CUDA_VISIBLE_DEVICES`` that hide every GPU."""

CPU_PACKAGE = "tensorflow-cpu"


def has_gpu(
    environment: Mapping[str, str],
    *,
    root: str | Path = "/",
    packages: Collection[str] | None = None,
) -> bool:
    """Return whether networks can be trained on a GPU of this machine.

    Parameters
    ----------
    environment
        Environment variables; ``CUDA_VISIBLE_DEVICES`` may hide the GPUs.
    root
        Root of the file system.
    packages
        Names of the installed Python packages; by default, those of this interpreter.

    Returns
    -------
    True if the driver lists an NVIDIA GPU that the environment does not hide, and the
    installed TensorFlow is not the one for CPUs.
    """
    if environment.get("CUDA_VISIBLE_DEVICES", "0").strip() in NO_DEVICES:
        return False
    if not _driver_lists_a_gpu(Path(root)):
        return False
    return CPU_PACKAGE not in (_installed() if packages is None else packages)


def _driver_lists_a_gpu(root: Path) -> bool:
    found = [
        *root.glob("proc/driver/nvidia/gpus/*"),
        *root.glob("dev/nvidia[0-9]*"),
        # Windows Subsystem for Linux.
        *root.glob("usr/lib/wsl/lib/nvidia-smi"),
    ]
    return bool(found)


def _installed() -> set[str]:
    return {found.name.lower().replace("_", "-") for found in distributions()}
