"""A quick look for a few elements in the beginning of a file.

pydicom reads any file, and takes a millisecond for a header. A whole-body CT has 900,
nearly all of one simple form: little endian, elements in order. These are walked here;
at anything else the walk gives up, and pydicom reads the file.

References
----------
DICOM PS3.5, section 7.1 (data elements) and PS3.10, section 7.1 (file meta).
"""

import struct
from collections.abc import Mapping
from dataclasses import dataclass
from struct import Struct

from pydicom.dataelem import RawDataElement
from pydicom.dataset import Dataset
from pydicom.tag import BaseTag

IMPLICIT_LITTLE = "1.2.840.10008.1.2"
EXPLICIT_LITTLE = "1.2.840.10008.1.2.1"
EXPLICIT_BIG = "1.2.840.10008.1.2.2"
DEFLATED = "1.2.840.10008.1.2.1.99"
RLE_LOSSLESS = "1.2.840.10008.1.2.5"

NATIVE = frozenset({IMPLICIT_LITTLE, EXPLICIT_LITTLE, EXPLICIT_BIG, DEFLATED})
"""Their pixels need no decoder."""

COMPRESSED = frozenset(
    {
        "1.2.840.10008.1.2.4.50",  # JPEG baseline
        "1.2.840.10008.1.2.4.51",  # JPEG extended
        "1.2.840.10008.1.2.4.57",  # JPEG lossless
        "1.2.840.10008.1.2.4.70",  # JPEG lossless, first-order
        "1.2.840.10008.1.2.4.80",  # JPEG-LS lossless
        "1.2.840.10008.1.2.4.81",  # JPEG-LS near-lossless
        "1.2.840.10008.1.2.4.90",  # JPEG 2000 lossless
        "1.2.840.10008.1.2.4.91",  # JPEG 2000
        RLE_LOSSLESS,
    }
)
"""Decoded with SimpleITK, whose GDCM supports them all."""

BEGINNING_BYTES = 32 * 1024
"""A header that is longer is left to pydicom."""

PREAMBLE_BYTES = 128
MAGIC = b"DICM"
META_GROUP = b"\2\0"
SYNTAX = 0x00020010
PIXEL_DATA = 0x7FE00010
PIXEL_GROUP_LENGTH = 0x7FE00000
UNDEFINED = 0xFFFFFFFF
ITEM, ITEM_END, SEQUENCE_END = 0xFFFEE000, 0xFFFEE00D, 0xFFFEE0DD
DEEPEST = 8
"""Sequences within sequences that are walked."""

SHORT = frozenset(
    b"AE AS AT CS DA DS DT FD FL IS LO LT PN SH SL SS ST TM UI UL US".split()
)
LONG = frozenset(b"OB OD OF OL OV OW SQ SV UC UN UR UT UV".split())
"""Representations with lengths of 16 and of 32 bits."""

Wanted = Mapping[int, BaseTag]
"""Tags by their plain numbers, which compare much faster."""

EXPLICIT = Struct("<HH2sH").unpack_from
IMPLICIT = Struct("<HHI").unpack_from
LENGTH = Struct("<I").unpack_from


@dataclass(frozen=True, slots=True)
class Scanned:
    """The wanted elements of a file, its syntax, and where its pixels are."""

    header: Dataset
    syntax: str
    offset: int
    length: int


def scan(beginning: bytes, wanted: Wanted) -> Scanned | None:
    """Find elements in the beginning of a file.

    Parameters
    ----------
    beginning
        At least ``BEGINNING_BYTES`` of the file, or all of it.
    wanted
        Tags to keep.

    Returns
    -------
    None wherever the file is not of the simple form: another syntax, tags out of order,
    a wanted sequence that pydicom cannot parse, deep nesting, a header that goes on.
    """
    if beginning[PREAMBLE_BYTES : PREAMBLE_BYTES + 4] != MAGIC:
        return None
    try:
        syntaxes, place = file_meta(beginning)
        if syntaxes not in ([EXPLICIT_LITTLE], [IMPLICIT_LITTLE]):
            return None
        return _walk(beginning, place, wanted, syntaxes[0])
    except (struct.error, IndexError, ValueError):
        return None


def file_meta(content: bytes) -> tuple[list[str], int]:
    """Return the transfer syntaxes, of which there should be one, and the end.

    Parameters
    ----------
    content
        The first bytes of a file, with its preamble.

    Raises
    ------
    struct.error, ValueError
        If they end within the file meta information, or are none.
    """
    place = PREAMBLE_BYTES + len(MAGIC)
    syntaxes = []
    while content[place : place + 2] == META_GROUP:
        tag, _, length, start = _element(content, place, True)
        if tag == SYNTAX:
            value = content[start : start + length]
            syntaxes.append(value.decode("ascii").rstrip("\0 "))
        place = start + length
    return syntaxes, place


def is_whole(content: bytes, place: int, syntax: str) -> bool:
    """Tell whether a data set of little endian ends where its file ends.

    Parameters
    ----------
    content, place
        The file, and where its data set begins.
    syntax
        UID of its transfer syntax.
    """
    explicit = syntax == EXPLICIT_LITTLE
    try:
        while place < len(content):
            _, _, length, start = _element(content, place, explicit)
            if length == UNDEFINED:
                place = _behind_sequence(content, start, explicit, DEEPEST)
            else:
                place = start + length
    except (struct.error, ValueError):
        return False
    return place == len(content)


def _walk(content: bytes, place: int, wanted: Wanted, syntax: str) -> Scanned | None:
    """Walk the data set up to its pixels."""
    explicit = syntax == EXPLICIT_LITTLE
    found: dict[BaseTag, RawDataElement] = {}
    last, end = 0, len(content)
    while True:
        # Most elements are short and explicit; a call for each costs a third.
        group, element, kind, length = EXPLICIT(content, place)
        if explicit and kind in SHORT:
            tag, start = group << 16 | element, place + 8
        else:
            tag, kind, length, start = _element(content, place, explicit)
        if tag > PIXEL_GROUP_LENGTH:
            if tag != PIXEL_DATA:
                return None
            return _scanned(found, syntax, start, length)
        if tag <= last or (tag in wanted and length == UNDEFINED and kind != b"SQ"):
            return None
        if length == UNDEFINED:
            stop = _behind_sequence(content, start, explicit, DEEPEST)
        else:
            stop = start + length
        if stop > end:
            return None
        if tag in wanted:
            key = wanted[tag]
            found[key] = RawDataElement(
                key,
                kind.decode() if explicit else None,
                stop - start,
                content[start:stop],
                start,
                not explicit,
                True,
            )
        last, place = tag, stop


def _scanned(
    found: Mapping[BaseTag, RawDataElement], syntax: str, offset: int, length: int
) -> Scanned | None:
    """Return what was found, its sequences parsed, or None where one cannot be."""
    header = Dataset(found)
    try:
        for tag, element in found.items():
            if element.VR == "SQ":
                _ = header[tag]
    except Exception:  # pydicom raises many kinds; it will say which, of the file
        return None
    return Scanned(header, syntax, offset, length)


def _element(content: bytes, place: int, explicit: bool) -> tuple[int, bytes, int, int]:
    """Return tag, representation, length, and where the value begins."""
    if not explicit:
        group, element, length = IMPLICIT(content, place)
        return group << 16 | element, b"", length, place + 8
    group, element, kind, length = EXPLICIT(content, place)
    if kind in SHORT:
        return group << 16 | element, kind, length, place + 8
    if kind not in LONG:
        raise ValueError
    (length,) = LENGTH(content, place + 8)
    return group << 16 | element, kind, length, place + 12


def _behind_sequence(content: bytes, place: int, explicit: bool, depth: int) -> int:
    """Return where a sequence of undefined length ends, its delimiter included."""
    while True:
        group, element, length = IMPLICIT(content, place)
        tag, place = group << 16 | element, place + 8
        if tag == SEQUENCE_END:
            return place
        if tag != ITEM:
            raise ValueError
        if length == UNDEFINED:
            place = _behind_item(content, place, explicit, depth)
        else:
            place += length


def _behind_item(content: bytes, place: int, explicit: bool, depth: int) -> int:
    """Return where an item of undefined length ends, its delimiter included."""
    if depth == 0:
        raise ValueError
    while True:
        group, element, _ = IMPLICIT(content, place)
        if group << 16 | element == ITEM_END:
            return place + 8
        _, _, length, start = _element(content, place, explicit)
        if length == UNDEFINED:
            place = _behind_sequence(content, start, explicit, depth - 1)
        else:
            place = start + length
