"""What several modules of tests share: real files, and a study that has run."""

import os

# As in the jobs: threads of BLAS would wait for each other. Before numpy is imported.
os.environ |= {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"}
# What the shell pins would not reach the jobs, whose bytes are compared with ours.
os.environ.pop("ONEDNN_MAX_CPU_ISA", None)
os.environ.pop("OPENBLAS_CORETYPE", None)
os.environ.pop("NPY_DISABLE_CPU_FEATURES", None)

from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from repositories import copy_repository, snakemake

# The package says how TensorFlow computes before a test imports it in another way.
import nodal_staging  # noqa: F401

if TYPE_CHECKING:
    from nodal_staging.report.artefacts import Artefacts

pytest_plugins = ["slow_groups", "two_processes"]

REAL_FILES = Path(__file__).parents[2] / "shared" / "data" / "formats"
FAULTS = REAL_FILES.parent / "faults"


@pytest.fixture(scope="session")
def real_files() -> Path:
    """Return the folder of real DICOM and MITK files."""
    if not REAL_FILES.is_dir():
        pytest.skip("the folder of real DICOM and MITK files is not next to this clone")
    return REAL_FILES


@pytest.fixture(scope="session")
def faults() -> Path:
    """Return the folder of small inputs with a fault, one example of each kind."""
    if not FAULTS.is_dir():
        pytest.skip("the folder of inputs with a fault is not next to this clone")
    return FAULTS


@pytest.fixture(scope="session")
def reported(tmp_path_factory) -> "Artefacts":
    """Return a small study from which a report can be written; nobody changes it."""
    from report_files import report_study

    return report_study(tmp_path_factory.mktemp("reported"))


@pytest.fixture(scope="session")
def study(tmp_path_factory) -> Path:
    """Return a repository in which the tests study has run with two cores.

    The functions that its scripts executed are listed in ``calls`` next to it.
    """
    folder = copy_repository(tmp_path_factory.mktemp("first") / "repository")
    calls = folder.parent / "calls"
    done = snakemake(folder, "--cores", "2", "--resources", "gpu=1", calls=calls)
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    return folder
