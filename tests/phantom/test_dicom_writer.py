"""Series of the phantom compared with files that pydicom writes slice by slice."""

from io import BytesIO

import numpy as np
import pydicom
import pytest
from pydicom.dataset import Dataset, FileMetaDataset

from nodal_staging.geometry import Lattice
from nodal_staging.phantom.canaries import CANARY
from nodal_staging.phantom.dicom_writer import encode_value, write_series
from nodal_staging.phantom.scan_headers import (
    Injection,
    Protocol,
    ct_series,
    pet_series,
)

LATTICE = Lattice((11, 5, 4), (0.78125, 0.78125, 1.5), (-12.3456789, 1e-5, -901.5))
PROTOCOL = Protocol("E0042", 77, contrast=True, exposure_mas=80, age=61, patient_id="P")
INJECTION = Injection(dose_bq=1.5e8, weight_kg=81.3, uptake_s=3600, started_s=40000)


def series(kind: str):
    """Return the common header of a series, and own elements and pixels of slices."""
    values = np.random.default_rng(3).uniform(-900, 900, LATTICE.shape)
    if kind == "ct":
        return ct_series(PROTOCOL, LATTICE, values.astype(np.int16))
    suv = np.abs(values).astype(np.float32) / 90
    suv[4] *= np.float32(1e-6)
    return pet_series(PROTOCOL, LATTICE, suv, INJECTION, counts=kind == "counts")


def plain(common: Dataset, own: dict, stored: np.ndarray) -> bytes:
    """Write one slice with pydicom alone."""
    dataset = Dataset()
    dataset.update(common)
    for keyword, value in own.items():
        setattr(dataset, keyword, value)
    dataset.add_new("PixelData", "OW", stored.tobytes())
    dataset.file_meta = FileMetaDataset()
    dataset.file_meta.TransferSyntaxUID = pydicom.uid.ExplicitVRLittleEndian
    dataset.file_meta.SourceApplicationEntityTitle = CANARY
    dataset.file_meta.ImplementationClassUID = "1.2.826.0.1.3680043.8.498.1"
    buffer = BytesIO()
    pydicom.dcmwrite(buffer, dataset, enforce_file_format=True)
    return buffer.getvalue()


@pytest.mark.parametrize("kind", ["ct", "counts", "becquerels"])
def test_files_are_those_that_pydicom_writes(tmp_path, kind):
    common, slices = series(kind)
    slices = list(slices)
    write_series(tmp_path / kind, common, slices)
    written = sorted((tmp_path / kind).iterdir())
    assert len(written) == LATTICE.shape[0]
    for path, (own, stored) in zip(written, slices, strict=True):
        assert path.read_bytes() == plain(common, own, stored)


def test_an_element_of_another_kind_is_refused():
    for keyword in ("PatientName", "NoSuchElement"):
        with pytest.raises(ValueError, match=keyword):
            encode_value(keyword, "1")
