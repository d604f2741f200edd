"""Headers of single files, and where their pixels begin."""

import io
import struct
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

import pydicom
from pydicom import config as pydicom_config
from pydicom.dataelem import RawDataElement
from pydicom.dataset import Dataset
from pydicom.filereader import read_dataset, read_file_meta_info

from nodal_staging.exams.dicom.elements import tag_of
from nodal_staging.exams.dicom.scanning import (
    BEGINNING_BYTES,
    DEFLATED,
    EXPLICIT_BIG,
    EXPLICIT_LITTLE,
    IMPLICIT_LITTLE,
    MAGIC,
    NATIVE,
    PREAMBLE_BYTES,
    Wanted,
    scan,
)

# Values are parsed strictly in `elements`; a remark on standard error has no use.
pydicom_config.settings.reading_validation_mode = pydicom_config.IGNORE

MOST_INFLATED_BYTES = 256 * 1024**2
"""Largest deflated data set; an image of 1024 x 1024 pixels takes 2 MB."""

MOST_FILE_BYTES = 8 * 1024**3
"""Largest file; the pixels of an enhanced one have at most 4 GB."""

PIXEL_DATA = (0x7FE0, 0x0010)
ENCAPSULATED = 0xFFFFFFFF
FIRST_GROUPS = (b"\x08\x00", b"\x02\x00")
"""How a file begins that has lost its preamble: group 0008 or 0002."""

UNREADABLE = (
    pydicom.errors.InvalidDicomError,
    pydicom.errors.BytesLengthException,
    OSError,
    EOFError,
    ValueError,
    KeyError,
    TypeError,
    AttributeError,
    IndexError,
    AssertionError,
    NotImplementedError,
    RecursionError,
    OverflowError,
    MemoryError,
    struct.error,
    zlib.error,
)
"""What pydicom raises on files that are damaged in one way or another."""


@dataclass(frozen=True, slots=True)
class FileHeader:
    """Header of one file and the place of its pixels.

    Attributes
    ----------
    file
        Number of the file in the order of paths, from 0.
    size
        Bytes of the file.
    header
        The requested elements.
    syntax
        UID of the transfer syntax.
    offset, length
        Where the pixels begin, in bytes (of the inflated file where it is deflated),
        and how many there are: ``ENCAPSULATED`` where that stands in the fragments,
        None where there are no pixels.
    """

    file: int
    size: int
    header: Dataset
    syntax: str
    offset: int
    length: int | None


def wanted_tags(names: Sequence[Any]) -> Wanted:
    """Return the tags of keywords or numbers, found by their plain numbers."""
    return {int(tag): tag for tag in map(tag_of, names)}


def read_header(path: Path, number: int, tags: Wanted) -> FileHeader | None:
    """Read the header of one file, None where it is not DICOM at all.

    Raises one of ``UNREADABLE``.
    """
    size = path.stat().st_size
    if size > MOST_FILE_BYTES:
        raise ValueError("larger than any image")
    with path.open("rb") as file:
        beginning = file.read(BEGINNING_BYTES)
        quick = scan(beginning, tags)
        if quick is not None:
            found = (quick.header, quick.syntax, quick.offset, quick.length)
            return FileHeader(number, size, *found)
        bare = beginning[PREAMBLE_BYTES : PREAMBLE_BYTES + 4] != MAGIC
        if bare and not beginning.startswith(FIRST_GROUPS):
            return None
        file.seek(0)
        if DEFLATED.encode() in beginning[:1024]:
            return _deflated_header(path, size, number, tags)
        header = pydicom.dcmread(
            file, stop_before_pixels=True, specific_tags=list(tags.values()), force=bare
        )
        if bare and not len(header):
            return None
        syntax = _syntax(header)
        offset, length = _pixels(file, syntax)
    return FileHeader(number, size, header, syntax, offset, length)


def _syntax(header: Dataset) -> str:
    """Return how the file is encoded, whatever it declares of a native encoding.

    A file without a preamble declares nothing, and converters were seen to declare
    the other one; pydicom looks at the elements themselves.
    """
    declared = str(header.file_meta.get("TransferSyntaxUID", IMPLICIT_LITTLE))
    if declared not in NATIVE or declared == DEFLATED:
        return declared
    elements = map(header.get_item, header.keys())
    first = next((raw for raw in elements if isinstance(raw, RawDataElement)), None)
    if first is None:
        return declared
    if first.is_implicit_VR:
        return IMPLICIT_LITTLE
    return EXPLICIT_LITTLE if first.is_little_endian else EXPLICIT_BIG


def _deflated_header(path: Path, size: int, number: int, tags: Wanted) -> FileHeader:
    """Read the header of a file whose data set is deflated."""
    content = inflate(path)
    header = read_dataset(
        content,
        is_implicit_VR=False,
        is_little_endian=True,
        stop_when=lambda tag, *_: tag >= PIXEL_DATA,
        specific_tags=list(tags.values()),
    )
    offset, length = _pixels(content, DEFLATED)
    return FileHeader(number, size, header, DEFLATED, offset, length)


def inflate(path: Path) -> BinaryIO:
    """Inflate the data set of a deflated file.

    Raises
    ------
    ValueError
        If it is truncated, or larger than ``MOST_INFLATED_BYTES``.
    """
    group_length = int(read_file_meta_info(path).FileMetaInformationGroupLength)
    inflater = zlib.decompressobj(-zlib.MAX_WBITS)
    with path.open("rb") as file:
        file.seek(PREAMBLE_BYTES + len(MAGIC) + 12 + group_length)
        content = inflater.decompress(file.read(), MOST_INFLATED_BYTES)
    if inflater.unconsumed_tail or not inflater.eof:
        raise ValueError("the deflated data set is truncated or too large")
    return io.BytesIO(content)


def _pixels(file: BinaryIO, syntax: str) -> tuple[int, int | None]:
    """Return where the pixels begin behind the header, and their length."""
    start = file.tell()
    words = file.read(12).ljust(12, b"\0")
    order = ">" if syntax == EXPLICIT_BIG else "<"
    if struct.unpack(order + "HH", words[:4]) != PIXEL_DATA:
        return start, None
    if syntax == IMPLICIT_LITTLE:
        length, offset = struct.unpack("<I", words[4:8])[0], start + 8
    else:
        length, offset = struct.unpack(order + "I", words[8:12])[0], start + 12
    return offset, length
