"""CT and PET series as a scanner stores them, one file per slice.

What is the same in all slices is encoded once; a slice encodes its own elements and
joins the two in the order of tags, which makes a file as fast to write as its bytes.
"""

from collections.abc import Iterable
from io import BytesIO
from pathlib import Path

from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.filebase import DicomBytesIO
from pydicom.filewriter import write_data_element, write_file_meta_info
from pydicom.uid import ExplicitVRLittleEndian

from nodal_staging.phantom.identifiers import CANARY
from nodal_staging.study.arrays import IntegerArray

Slice = tuple[Dataset, IntegerArray]
"""The elements of one slice that differ from slice to slice, and its stored pixels."""


def write_series(folder: Path, common: Dataset, slices: Iterable[Slice]) -> None:
    """Write a series to a new folder.

    Parameters
    ----------
    folder
        Created; files are named by number, behind a canary.
    common
        Elements of every file, SOPClassUID among them.
    slices
        Own elements, SOPInstanceUID among them, and 16-bit pixels ``(y, x)``.
    """
    folder.mkdir(parents=True)
    shared = _encode(common)
    for number, (own, stored) in enumerate(slices, start=1):
        own.PixelData = stored.astype(
            "<i2" if stored.dtype.kind == "i" else "<u2"
        ).tobytes()
        own["PixelData"].VR = "OW"
        elements = shared | _encode(own)
        body = b"".join(elements[tag] for tag in sorted(elements))
        head = _head(str(common.SOPClassUID), str(own.SOPInstanceUID))
        (folder / f"{CANARY}{number:05}").write_bytes(head + body)


def _encode(dataset: Dataset) -> dict[int, bytes]:
    """Encode every element by itself, explicit little endian."""
    encoded = {}
    for element in dataset:
        buffer = DicomBytesIO()
        buffer.is_little_endian, buffer.is_implicit_VR = True, False
        write_data_element(buffer, element, ["iso8859"])
        encoded[int(element.tag)] = buffer.getvalue()
    return encoded


def _head(sop_class: str, sop_instance: str) -> bytes:
    """Return the preamble and the file meta information."""
    meta = FileMetaDataset()
    meta.MediaStorageSOPClassUID = sop_class
    meta.MediaStorageSOPInstanceUID = sop_instance
    meta.TransferSyntaxUID = ExplicitVRLittleEndian
    meta.SourceApplicationEntityTitle = CANARY
    meta.ImplementationClassUID = "1.2.826.0.1.3680043.8.498.1"
    buffer = BytesIO()
    write_file_meta_info(buffer, meta, enforce_standard=True)
    return b"\0" * 128 + b"DICM" + buffer.getvalue()
