"""Values of single header elements, read in one way for everything that is DICOM.

pydicom finds the elements; their values are parsed here, strictly: it would leave a
malformed number as text, and converting each of 900 headers takes most of the time.

Images, SUV and segmentations share these rules:

- Blanks and zero bytes around a value are padding.
- A number as text has ASCII digits, and may have a sign, a point and an exponent. A
  comma, NaN, an infinity, an underscore or a word is damage, never a guess.
- A binary number must be of the kind that the standard's dictionary states for the
  element: whole or floating. Text in its place is read as text.
- A text must not be stated as binary or as a sequence. Private elements are text
  whatever they are stated as, since anonymisers forget their kind.
- An element that is absent or empty has no number. An empty value among others is
  damage, and so are several values where one is expected.
"""

import math
import re
import struct
from collections.abc import MutableSequence, Sequence
from functools import cache, lru_cache
from typing import TypeAlias

from pydicom.datadict import dictionary_VR
from pydicom.dataelem import DataElement, RawDataElement
from pydicom.dataset import Dataset
from pydicom.tag import BaseTag, Tag

from nodal_staging.study.errors import DicomSeriesError

Element: TypeAlias = RawDataElement | DataElement
Name: TypeAlias = str | tuple[int, int]
"""Keyword of an element, or group and number of a private one."""

MOST_CHARACTERS = 4096
"""No text of the allow-list is longer; a damaged length may claim more."""

LARGEST_INTEGER = 2**31
PADDING = " \0\t\r\n"
DECIMAL = re.compile(r"[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?", re.ASCII)
TEXTS = frozenset("AE AS CS DA DS DT IS LO LT PN SH ST TM UC UI UR UT".split())
UNSTATED = frozenset({None, "UN"})
PRIVATE = "LO"
WHOLE = {"US": "H", "US or SS": "H", "SS": "h", "UL": "I", "SL": "i"}
FLOATING = {"FL": "f", "FD": "d"}
"""Value representations, and how ``struct`` unpacks the binary ones."""


def text(header: Dataset, name: Name) -> str:
    """Return the text of an element without its padding; empty where absent.

    Bytes are UTF-8 or, failing that, Latin-1: enough for codes, dates and numbers. A
    name that a person wrote needs the character set of the file.

    Raises
    ------
    DicomSeriesError
        If the element is not text.
    """
    element = _element(header, name)
    if element is None or element.value is None:
        return ""
    if _kind(element, name) not in TEXTS:
        raise _damaged(name, "text")
    return _text(element)


def readable_text(header: Dataset, name: Name) -> str:
    """Return the text of an element; empty where it is absent or damaged."""
    try:
        return text(header, name)
    except DicomSeriesError:
        return ""


def texts(header: Dataset, name: Name) -> tuple[str, ...]:
    """Return the values of a multi-valued text element.

    Raises
    ------
    DicomSeriesError
        If the element is not text.
    """
    return _parts(text(header, name))


def numbers(header: Dataset, name: Name) -> tuple[float, ...]:
    """Return all numbers of an element; none where it is absent or empty.

    Raises
    ------
    DicomSeriesError
        If a value is not a finite number.
    """
    found = _numbers(header, name)
    if found is None:
        raise _damaged(name, "a number")
    return found


def number(header: Dataset, name: Name) -> float | None:
    """Return the number of an element; None where it is absent or empty.

    Raises
    ------
    DicomSeriesError
        If the value is not one finite number.
    """
    found = _numbers(header, name)
    if found is None or len(found) > 1:
        raise _damaged(name, "a number")
    return found[0] if found else None


def readable_number(header: Dataset, name: Name) -> float | None:
    """Return the number of an element; None where it is absent, empty or damaged."""
    found = _numbers(header, name) or ()
    return found[0] if len(found) == 1 else None


def integer(header: Dataset, name: Name) -> int | None:
    """Return the whole number of an element; None where it is absent or empty.

    Raises
    ------
    DicomSeriesError
        If the value is not one whole number of at most 31 bits.
    """
    found = _numbers(header, name)
    if found is None or len(found) > 1 or not all(map(_is_whole, found)):
        raise _damaged(name, "a whole number")
    return int(found[0]) if found else None


def _is_whole(value: float) -> bool:
    return value == int(value) and abs(value) < LARGEST_INTEGER


def innermost_numbers(sources: Sequence[Dataset], name: Name) -> tuple[float, ...]:
    """Return the numbers of the last source that has them.

    Parameters
    ----------
    sources
        The header of a file and, where it is enhanced, its functional groups.
    """
    for source in reversed(sources):
        values = numbers(source, name)
        if values:
            return values
    return ()


def items(header: Dataset, keyword: str) -> list[Dataset]:
    """Return the items of a sequence; none where it is absent or empty.

    Raises what pydicom raises on damaged ones; TypeError where it is no sequence.
    """
    found = list(header.get(keyword) or [])
    if not all(isinstance(item, Dataset) for item in found):
        raise TypeError("not a sequence")
    return found


def _element(header: Dataset, name: Name) -> Element | None:
    """Return an element as it was read, without converting its value."""
    try:
        element: Element = header.get_item(tag_of(name))
    except KeyError:
        return None
    return element


@cache
def tag_of(name: Name) -> BaseTag:
    """Return the tag of a keyword or number, one object for each.

    A look-up finds the very object at once, and compares any other in Python.
    """
    return Tag(name)


def _kind(element: Element, name: Name) -> str:
    """Return the representation of an element, stated or usual."""
    if isinstance(name, tuple):
        return PRIVATE
    return _usual_kind(name) if element.VR in UNSTATED else str(element.VR)


@cache
def _usual_kind(keyword: str) -> str:
    """Return the representation that the standard states."""
    kind: str = dictionary_VR(tag_of(keyword))
    return kind


def _text(element: Element) -> str:
    value = element.value
    if isinstance(value, bytes):
        return _decoded(value[:MOST_CHARACTERS])
    if isinstance(value, MutableSequence):
        return "\\".join(str(part).strip(PADDING) for part in value)
    return str(value).strip(PADDING)


@lru_cache(maxsize=4096)
def _decoded(content: bytes) -> str:
    try:
        words = content.decode("utf-8")
    except UnicodeDecodeError:
        words = content.decode("latin-1")
    return words.strip(PADDING)


@lru_cache(maxsize=4096)
def _parts(content: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in content.split("\\")) if content else ()


def _numbers(header: Dataset, name: Name) -> tuple[float, ...] | None:
    """Return the numbers of an element, None where it is damaged."""
    element = _element(header, name)
    if element is None or element.value in (None, b"", ""):
        return ()
    if not isinstance(element, RawDataElement):
        return _decimals(_text(element))
    kind = _kind(element, name)
    if kind in TEXTS:
        return _decimals(_text(element))
    order = "<" if element.is_little_endian else ">"
    for family in (WHOLE, FLOATING):
        if kind in family and _usual_kind(str(name)) in family:
            return _unpacked(bytes(element.value), order, family[kind])
    return None


@lru_cache(maxsize=4096)
def _decimals(content: str) -> tuple[float, ...] | None:
    """Parse numbers as text, None where one is none."""
    parts = _parts(content)
    if not all(map(DECIMAL.fullmatch, parts)):
        return None
    values = tuple(map(float, parts))
    return values if all(map(math.isfinite, values)) else None


@lru_cache(maxsize=4096)
def _unpacked(content: bytes, order: str, code: str) -> tuple[float, ...] | None:
    """Unpack binary numbers, None where bytes are missing or a number is not finite."""
    count, rest = divmod(len(content), struct.calcsize(code))
    if rest:
        return None
    values = struct.unpack(f"{order}{count}{code}", content)
    return values if all(map(math.isfinite, values)) else None


def _damaged(name: Name, expected: str) -> DicomSeriesError:
    return DicomSeriesError(
        f"{name} is not {expected}; export the series again", "damaged_header"
    )
