"""CT and PET series as a scanner stores them, one file per slice.

pydicom encodes the elements that all slices share, once per series. The few elements
of a slice are encoded here and join them in the order of tags, so a file takes hardly
longer to write than its bytes.
"""

import struct
from collections.abc import Iterable
from functools import cache
from io import BytesIO
from pathlib import Path

from pydicom.datadict import dictionary_VR, tag_for_keyword
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.filebase import DicomBytesIO
from pydicom.filewriter import write_data_element, write_file_meta_info
from pydicom.uid import ExplicitVRLittleEndian

from nodal_staging.phantom.canaries import CANARY
from nodal_staging.study.arrays import IntegerArray

Value = str | int | list[float] | float
Slice = tuple[dict[str, Value], IntegerArray]
"""Values by keyword that differ from slice to slice, and the stored pixels."""

GROUP_LENGTH = 0x00020000
MEDIA_STORAGE_INSTANCE = 0x00020003
PIXEL_DATA = 0x7FE00010


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
    head, body = _encode_head(str(common.SOPClassUID)), _encode(common)
    for number, (own, stored) in enumerate(slices, start=1):
        instance = str(own["SOPInstanceUID"])
        name = _element(MEDIA_STORAGE_INSTANCE, "UI", _padded(instance, "\0"))
        parts = [b"\0" * 128 + b"DICM", _group(head | {MEDIA_STORAGE_INSTANCE: name})]
        elements = body | dict(encode_value(*item) for item in own.items())
        elements[PIXEL_DATA] = _pixels(stored)
        parts += [elements[tag] for tag in sorted(elements)]
        (folder / f"{CANARY}{number:05}").write_bytes(b"".join(parts))


def encode_value(keyword: str, value: Value) -> tuple[int, bytes]:
    """Encode one element, explicit little endian; return its tag and its bytes.

    Value representations are those that differ from slice to slice: DS, IS, UI, US.
    """
    tag, representation = _definition(keyword)
    if representation == "US":
        return tag, _element(tag, representation, struct.pack("<H", value))
    values = value if isinstance(value, list) else [value]
    form = float if representation == "DS" else str
    text = "\\".join(str(form(one)) for one in values)
    padding = "\0" if representation == "UI" else " "
    return tag, _element(tag, representation, _padded(text, padding))


@cache
def _definition(keyword: str) -> tuple[int, str]:
    """Return the tag and the value representation of a keyword."""
    tag = tag_for_keyword(keyword)
    if tag is None or dictionary_VR(tag) not in {"DS", "IS", "UI", "US"}:
        raise ValueError(f"{keyword}: expected an element of a number or a UID")
    return tag, dictionary_VR(tag)


def _padded(text: str, padding: str) -> bytes:
    """Return text of even length."""
    return (text + padding * (len(text) % 2)).encode("ascii")


def _element(tag: int, representation: str, content: bytes) -> bytes:
    """Return an element with a length of 16 bits."""
    key = (tag >> 16, tag & 0xFFFF, representation.encode("ascii"), len(content))
    return struct.pack("<HH2sH", *key) + content


def _pixels(stored: IntegerArray) -> bytes:
    """Return the element of the pixels."""
    content = stored.astype(f"<{stored.dtype.kind}2", copy=False).tobytes()
    return struct.pack("<HH2sHI", 0x7FE0, 0x0010, b"OW", 0, len(content)) + content


def _group(elements: dict[int, bytes]) -> bytes:
    """Join the file meta information behind its length."""
    joined = b"".join(elements[tag] for tag in sorted(elements))
    return _element(GROUP_LENGTH, "UL", struct.pack("<I", len(joined))) + joined


def _encode(dataset: Dataset) -> dict[int, bytes]:
    """Encode every element by itself, explicit little endian."""
    encoded = {}
    for element in dataset:
        buffer = DicomBytesIO()
        buffer.is_little_endian, buffer.is_implicit_VR = True, False
        write_data_element(buffer, element, ["iso8859"])
        encoded[int(element.tag)] = buffer.getvalue()
    return encoded


def _encode_head(sop_class: str) -> dict[int, bytes]:
    """Encode the file meta information but its length and the instance."""
    meta = FileMetaDataset()
    meta.MediaStorageSOPClassUID = sop_class
    meta.MediaStorageSOPInstanceUID = "1"
    meta.TransferSyntaxUID = ExplicitVRLittleEndian
    meta.SourceApplicationEntityTitle = CANARY
    meta.ImplementationClassUID = "1.2.826.0.1.3680043.8.498.1"
    # Adds what the standard requires to ``meta``.
    write_file_meta_info(BytesIO(), meta, enforce_standard=True)
    encoded = _encode(meta)
    del encoded[GROUP_LENGTH]
    return encoded
