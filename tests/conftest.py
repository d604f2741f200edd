"""Small real files that lie beside the repository, where a checkout has them."""

from pathlib import Path

import pytest

REAL_FILES = Path(__file__).parents[2] / "shared" / "data" / "formats"


@pytest.fixture(scope="session")
def real_files() -> Path:
    """Return the folder of real DICOM and MITK files."""
    if not REAL_FILES.is_dir():
        pytest.skip("the folder of real DICOM and MITK files is not beside this clone")
    return REAL_FILES
