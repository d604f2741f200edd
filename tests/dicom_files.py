"""Write small DICOM series of known content, independently of the phantom."""

from pathlib import Path

import numpy as np
from pydicom.dataset import Dataset, FileDataset, FileMetaDataset
from pydicom.uid import ExplicitVRLittleEndian

from nodal_staging.dicom import Series, read_box

CT_CLASS = "1.2.840.10008.5.1.4.1.1.2"
PET_CLASS = "1.2.840.10008.5.1.4.1.1.128"


def read_whole(folder: Path, series: Series, role: str = "scan") -> np.ndarray:
    """Read all voxels of an indexed series ``(z, y, x)``."""
    return read_box(folder, series, ((0, 0, 0), series.lattice.shape), role=role)


def header(position, *, modality="CT", **attributes) -> Dataset:
    """Return the header of one slice at an LPS position."""
    identity = (*map(float, position), attributes.get("SeriesInstanceUID"))
    values = {
        "SOPClassUID": CT_CLASS if modality == "CT" else PET_CLASS,
        "SOPInstanceUID": f"1.2.3.{abs(hash(identity)) % 10**9}",
        "SeriesInstanceUID": "1.2.3.4",
        "FrameOfReferenceUID": "1.2.3.5",
        "Modality": modality,
        "ImageType": ["ORIGINAL", "PRIMARY", "AXIAL"],
        "SamplesPerPixel": 1,
        "PhotometricInterpretation": "MONOCHROME2",
        "BitsAllocated": 16,
        "BitsStored": 16,
        "HighBit": 15,
        "PixelRepresentation": 1,
        "PixelSpacing": [0.8, 0.7],
        "ImagePositionPatient": list(position),
        "ImageOrientationPatient": [1, 0, 0, 0, 1, 0],
        "RescaleSlope": 1,
        "RescaleIntercept": -1000,
    }
    dataset = Dataset()
    for name, value in (values | attributes).items():
        if value is not None:
            setattr(dataset, name, value)
    return dataset


def write_slice(path: Path, dataset: Dataset, stored: np.ndarray) -> None:
    """Write one file with the given stored values ``(y, x)``."""
    dataset.Rows, dataset.Columns = stored.shape
    dataset.PixelData = stored.astype("<i2").tobytes()
    meta = FileMetaDataset()
    meta.MediaStorageSOPClassUID = dataset.SOPClassUID
    meta.MediaStorageSOPInstanceUID = dataset.SOPInstanceUID
    meta.TransferSyntaxUID = ExplicitVRLittleEndian
    file = FileDataset(str(path), dataset, file_meta=meta, preamble=b"\0" * 128)
    file.save_as(path, enforce_file_format=True)


def write_series(
    folder: Path, volume: np.ndarray, *, gap_mm: float = 3.0, order=None, **attributes
) -> None:
    """Write stored values ``(z, y, x)``, file names in any ``order`` of the slices."""
    folder.mkdir(parents=True)
    places = range(len(volume)) if order is None else order
    for number, place in enumerate(places):
        dataset = header((-10.0, -20.0, 100 + gap_mm * place), **attributes)
        write_slice(folder / f"{number:03}.dcm", dataset, volume[place])
