"""Values of single header elements, from the bytes as they stand in the file.

pydicom finds the elements; their values are parsed here, strictly: it would leave a
malformed number as text, and converting each of 900 headers takes most of the time.
"""

import math
import struct
from functools import cache, lru_cache
from typing import Literal, TypeAlias

from pydicom.dataelem import DataElement, RawDataElement
from pydicom.dataset import Dataset
from pydicom.tag import BaseTag, Tag

from nodal_staging.study.errors import DicomSeriesError

Element: TypeAlias = RawDataElement | DataElement

MOST_CHARACTERS = 4096
"""No text of the allow-list is longer; a damaged length may claim more."""

LARGEST_INTEGER = 2**31
INTEGERS_AS_TEXT = frozenset(
    {"NumberOfFrames", "AcquisitionNumber", "TemporalPositionIdentifier"}
)
"""Integer strings, for files that do not name representations."""


def text(header: Dataset, keyword: str) -> str:
    """Return the text of an element without its padding; empty where absent."""
    element = _element(header, keyword)
    if element is None or element.value is None or element.VR == "SQ":
        return ""
    if isinstance(element, RawDataElement):
        return _decoded(bytes(element.value[:MOST_CHARACTERS]))
    if isinstance(element.value, str | int | float):
        return str(element.value).strip()
    return "\\".join(str(value).strip() for value in element.value)


def texts(header: Dataset, keyword: str) -> tuple[str, ...]:
    """Return the values of a multi-valued text element."""
    return _parts(text(header, keyword))


def numbers(header: Dataset, keyword: str, role: str) -> tuple[float, ...]:
    """Return the finite numbers of a decimal or integer string.

    Raises
    ------
    DicomSeriesError
        If a value is not a finite number.
    """
    values = _numbers(text(header, keyword))
    if values is None:
        raise _damaged(keyword, "a number", role)
    return values


def number(header: Dataset, keyword: str, role: str) -> float | None:
    """Return the first number of an element, None where it is empty or absent."""
    values = numbers(header, keyword, role)
    return values[0] if values else None


def integer(header: Dataset, keyword: str, role: str) -> int | None:
    """Return an integer, binary or as text; None where it is empty or absent."""
    element = _element(header, keyword)
    if element is None or element.value in (None, b"", ""):
        return None
    if _stands_as_text(element, keyword):
        value = number(header, keyword, role)
        if value is None or value != int(value) or abs(value) >= LARGEST_INTEGER:
            raise _damaged(keyword, "a whole number", role)
        return int(value)
    content = bytes(element.value)
    if len(content) not in {2, 4}:
        raise _damaged(keyword, "a whole number", role)
    order: Literal["little", "big"] = "little" if element.is_little_endian else "big"
    signed = element.VR in {"SS", "SL"}
    return int.from_bytes(content, order, signed=signed)


def finite(part: str) -> float | None:
    """Parse a decimal number, None where it is none; no comma, NaN or infinity."""
    try:
        value = float(part)
    except ValueError:
        return None
    return value if math.isfinite(value) and "_" not in part else None


def double(header: Dataset, keyword: str) -> float | None:
    """Return a binary number of 64 bits; None where it is absent or damaged."""
    element = _element(header, keyword)
    if element is None or not isinstance(element.value, bytes):
        return None
    if element.VR not in {"FD", None} or len(element.value) != 8:
        return None
    order = "<" if element.is_little_endian else ">"
    (value,) = struct.unpack(f"{order}d", element.value)
    return value if math.isfinite(value) else None


def _damaged(keyword: str, expected: str, role: str) -> DicomSeriesError:
    return DicomSeriesError(
        f"{role}: {keyword} is not {expected}; export the series again",
        "damaged_header",
    )


def _element(header: Dataset, keyword: str) -> Element | None:
    """Return an element as it was read, without converting its value."""
    try:
        element: Element = header.get_item(tag_of(keyword))
    except KeyError:
        return None
    return element


def _stands_as_text(element: Element, keyword: str) -> bool:
    if not isinstance(element, RawDataElement):
        return True
    return element.VR in {"IS", "DS"} or (
        element.VR is None and keyword in INTEGERS_AS_TEXT
    )


@cache
def tag_of(name: str | tuple[int, int]) -> BaseTag:
    """Return the tag of a keyword or number, one object for each.

    A look-up finds the very object at once, and compares any other in Python.
    """
    return Tag(name)


@lru_cache(maxsize=4096)
def _decoded(content: bytes) -> str:
    try:
        words = content.decode("utf-8")
    except UnicodeDecodeError:
        words = content.decode("latin-1")
    return words.strip(" \0\t\r\n")


@lru_cache(maxsize=4096)
def _parts(content: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in content.split("\\")) if content else ()


@lru_cache(maxsize=4096)
def _numbers(content: str) -> tuple[float, ...] | None:
    values = []
    for part in _parts(content):
        value = finite(part)
        if value is None:
            return None
        values.append(value)
    return tuple(values)
