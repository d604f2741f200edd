"""Instruction sets of the CPU are named as the libraries use them, and can be pinned.

Each library chooses its code when it is loaded, so every case is a process of its own.
"""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from nodal_staging.study import instruction_sets
from nodal_staging.study.errors import InputError
from nodal_staging.study.instruction_sets import (
    LEVELS,
    ONE_THREAD,
    VARIABLES,
    check_instructions,
    pin_instructions,
    used_instructions,
)

ROOT = Path(__file__).parents[2]
HERE = instruction_sets._of_cpu()
HAS_AVX512 = HERE == "AVX512_CORE"
needs_avx512 = pytest.mark.skipif(not HAS_AVX512, reason=f"this CPU has {HERE} at most")

LINEAR_ALGEBRA = """
import hashlib, json, sys
import numpy as np
from nodal_staging.study.instruction_sets import used_instructions
values = np.random.default_rng(1).normal(size=(300, 300))
results = {"product": values @ values, "exponential": np.exp(values)}
sums = {k: hashlib.sha256(one.tobytes()).hexdigest() for k, one in results.items()}
print(json.dumps({"used": used_instructions(sys.modules.keys()), "sums": sums}))
"""
PRODUCT = """
import hashlib, json, sys
import numpy as np
from nodal_staging.classifiers.cnn.backend import tf
from nodal_staging.study.instruction_sets import used_instructions
values = np.random.default_rng(1).normal(size=(300, 300)).astype(np.float32)
product = tf.matmul(values, values).numpy()
print()
used = used_instructions(sys.modules.keys())
digest = hashlib.sha256(product.tobytes()).hexdigest()
print(json.dumps({"used": used, "sums": {"product": digest}}))
"""


def run(code, **settings):
    """Run code in a process of its own; return what it printed last, and all of it."""
    clean = {k: v for k, v in os.environ.items() if k not in VARIABLES["avx2"]}
    # One thread: the number of threads changes bits as well.
    clean |= {"PYTHONPATH": str(ROOT / "src"), "OPENBLAS_NUM_THREADS": "1"}
    done = subprocess.run(
        [sys.executable, "-c", code],
        env=clean | settings,
        capture_output=True,
        text=True,
        check=True,
    )
    return json.loads(done.stdout.splitlines()[-1]), done.stdout


@pytest.fixture(scope="module")
def native():
    return run(LINEAR_ALGEBRA)[0]


@needs_avx512
def test_openblas_and_numpy_use_what_is_pinned(native):
    pinned = run(LINEAR_ALGEBRA, **VARIABLES["avx2"])[0]
    assert pinned["used"] == {"NumPy": "X86_V3", "OpenBLAS": "Haswell"}
    assert native["used"]["NumPy"] not in {"X86_V2", "X86_V3"}
    assert native["used"]["OpenBLAS"] != "Haswell"
    for name, digest in pinned["sums"].items():
        assert digest != native["sums"][name], name
    assert run(LINEAR_ALGEBRA, **VARIABLES["avx2"])[0] == pinned
    larger = run(LINEAR_ALGEBRA, **VARIABLES["avx512"])[0]
    assert larger["used"] == {"NumPy": "X86_V4", "OpenBLAS": "SkylakeX"}


@needs_avx512
@pytest.mark.training
def test_onednn_uses_what_is_named():
    """What oneDNN says of itself, where it is made to, is the independent truth."""
    verbose = {"ONEDNN_VERBOSE": "1"}
    native, said = run(PRODUCT, **verbose)
    pinned, said_pinned = run(PRODUCT, **verbose, **VARIABLES["avx2"])
    assert re.search(r"isa:Intel AVX-512", said)
    assert native["used"]["oneDNN"] == "AVX512_CORE"
    assert re.search(r"isa:Intel AVX2\b", said_pinned)
    assert pinned["used"]["oneDNN"] == "AVX2"
    assert pinned["sums"] != native["sums"]


def test_a_pin_sets_the_environment_and_native_takes_it_back(monkeypatch):
    monkeypatch.setattr(os, "environ", {"ONEDNN_MAX_CPU_ISA": "SSE41", "HOME": "/"})
    pin_instructions("avx2")
    assert os.environ == {"HOME": "/"} | ONE_THREAD | VARIABLES["avx2"]
    pin_instructions("native")
    assert os.environ == {"HOME": "/"} | ONE_THREAD


def cpu(tmp_path, monkeypatch, flags):
    file = tmp_path / "cpuinfo"
    file.write_text(f"processor\t: 0\nflags\t\t: {' '.join(flags)}\n")
    monkeypatch.setattr(instruction_sets, "CPU", file)


AVX2 = {*LEVELS["SSE41"], *LEVELS["AVX"], *LEVELS["AVX2"]}


def test_a_set_that_the_cpu_lacks_is_refused_with_one_that_it_has(
    tmp_path, monkeypatch
):
    cpu(tmp_path, monkeypatch, AVX2)
    with pytest.raises(InputError) as refused:
        check_instructions("avx512")
    assert str(refused.value) == (
        "config: training.cpu_instructions is avx512, but the CPU of this job offers "
        "AVX2; set it to native or avx2, or run the job on another CPU"
    )
    check_instructions("native")
    monkeypatch.setattr(os, "environ", dict(VARIABLES["avx2"]))
    check_instructions("avx2")


def test_a_pin_without_its_settings_is_refused_and_the_sentence_helps(
    tmp_path, monkeypatch
):
    cpu(tmp_path, monkeypatch, AVX2)
    monkeypatch.setattr(os, "environ", {"OPENBLAS_CORETYPE": "Haswell"})
    with pytest.raises(InputError, match="environment of this job lacks") as refused:
        check_instructions("avx2")
    os.environ.update(re.findall(r"(\w+)='([^']*)'", str(refused.value)))
    check_instructions("avx2")


def test_a_cpu_that_is_not_of_x86_has_the_name_of_its_kind(tmp_path, monkeypatch):
    cpu(tmp_path, monkeypatch, {"asimd"})
    monkeypatch.setattr(instruction_sets.platform, "machine", lambda: "aarch64")
    assert used_instructions({"tensorflow"}) == {"oneDNN": "aarch64"}
    with pytest.raises(InputError, match="offers aarch64; set it to native,"):
        check_instructions("avx2")


def test_only_what_is_loaded_is_named():
    assert used_instructions([]) == {}
    assert set(used_instructions(["tensorflow"])) == {"oneDNN"}
