"""Write small DICOM series of known content, independently of the phantom."""

import struct
from io import BytesIO
from pathlib import Path

import numpy as np
import pydicom
from pydicom.datadict import dictionary_VR
from pydicom.dataset import Dataset, FileDataset, FileMetaDataset
from pydicom.tag import BaseTag, Tag
from pydicom.uid import UID, ExplicitVRBigEndian, ExplicitVRLittleEndian

from nodal_staging.exams.dicom import Series, read_boxes

CT_CLASS = "1.2.840.10008.5.1.4.1.1.2"
PET_CLASS = "1.2.840.10008.5.1.4.1.1.128"


def read_whole(folder: Path, series: Series) -> np.ndarray:
    """Read all voxels of an indexed series ``(z, y, x)``."""
    whole = ((0, 0, 0), series.lattice.shape)
    return read_boxes(folder, series, [whole])[0]


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


def file_bytes(
    dataset: Dataset, stored: np.ndarray, syntax: str = ExplicitVRLittleEndian
) -> bytes:
    """Return a file of any transfer syntax that needs no encoder."""
    order = ">" if syntax == ExplicitVRBigEndian else "<"
    width = dataset.BitsAllocated // 8
    kind = "i" if dataset.PixelRepresentation else "u"
    dataset.Rows, dataset.Columns = stored.shape[-2:]
    dataset.PixelData = stored.astype(f"{order}{kind}{width}").tobytes()
    dataset["PixelData"].VR = "OW"
    return written(dataset, syntax)


def written(dataset: Dataset, syntax: str) -> bytes:
    """Return a file whose pixels are encoded already."""
    meta = FileMetaDataset()
    meta.MediaStorageSOPClassUID = dataset.SOPClassUID
    meta.MediaStorageSOPInstanceUID = dataset.SOPInstanceUID
    meta.TransferSyntaxUID = UID(syntax)
    dataset.file_meta = meta
    target = BytesIO()
    pydicom.dcmwrite(target, dataset, enforce_file_format=True)
    return target.getvalue()


def with_value(
    content: bytes,
    keyword: str,
    value: bytes,
    *,
    kind: str | None = None,
    length: int | None = None,
) -> bytes:
    """Put raw bytes into an element of an explicit little endian file, or add it.

    ``kind`` and ``length`` are what the element claims of its value.
    """
    tag = Tag(keyword)
    start, stop = _place(content, tag)
    kind = kind or ("OW" if keyword == "PixelData" else dictionary_VR(tag))
    value += b" " * (len(value) % 2)
    claimed = len(value) if length is None else length
    head = struct.pack("<HH2s", tag.group, tag.element, kind.encode())
    long = kind in {"OB", "OW", "SQ", "UN", "UT", "OF", "OD", "UC"}
    head += struct.pack("<HI", 0, claimed) if long else struct.pack("<H", claimed)
    return content[:start] + head + value + content[stop:]


def without(content: bytes, keyword: str) -> bytes:
    """Cut an element out of an explicit little endian file."""
    start, stop = _place(content, Tag(keyword))
    return content[:start] + content[stop:]


def _place(content: bytes, wanted: BaseTag) -> tuple[int, int]:
    """Return where an element begins and ends; twice the same where it is missing."""
    raw = pydicom.dcmread(BytesIO(content))
    for tag in sorted(raw.keys()):
        element = raw.get_item(tag)
        long = element.VR in {"OB", "OW", "SQ", "UN", "UT"}
        start = element.value_tell - (12 if long else 8)
        if tag == wanted:
            return start, element.value_tell + element.length
        if tag > wanted:
            return start, start
    return len(content), len(content)
