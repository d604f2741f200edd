"""Values of DICOM attributes, proved to be what they should be.

Damage makes a text of a number, and several items of one; each message names the
attribute and never its content.
"""

import math
from collections.abc import Iterator, Sequence
from typing import Any

SAME_NUMBER = 1e-4

Vector = tuple[float, ...]


def items(dataset: Any, name: str) -> list[Any]:
    """Return the items of a sequence, or none."""
    found = dataset.get(name)
    return list(found) if found is not None else []


def functional_group(name: str, group: Any, shared: Any) -> Any:
    """Return a functional group of a frame, its own or the shared one."""
    found = items(group, name) or items(shared, name)
    if len(found) != 1:
        raise BrokenSegError(
            f"expected one {name} for each frame, found {len(found)}; export the "
            "segmentation again"
        )
    return found[0]


def shared_numbers(groups: Sequence[Any], name: str, count: int) -> Vector:
    """Return a value that all frames share, up to the rounding of its text."""
    found = [numbers(item.get(name), count, name) for item in groups]
    for values in found:
        pairs = zip(values, found[0], strict=True)
        if any(abs(one - other) > SAME_NUMBER for one, other in pairs):
            raise BrokenSegError(
                f"expected one {name} for all frames, found others; export the "
                "segmentation on parallel planes of one CT"
            )
    return found[0]


def length(measures: Any, name: str) -> float | None:
    """Return a declared length; the sign of a spacing tells the order of slices."""
    stated = measures.get(name)
    return None if stated is None else abs(numbers([stated], 1, name)[0]) or None


def numbers(values: Any, count: int, name: str) -> Vector:
    """Return as many finite numbers as an attribute must have."""
    found = tuple(float(value) for value in values or ())
    if len(found) != count or not all(math.isfinite(value) for value in found):
        raise BrokenSegError(
            f"expected {count} finite numbers as {name}; export the segmentation again"
        )
    return found


def whole_number(value: Any, most: int, name: str, *, least: int = 1) -> int:
    """Return a whole number within bounds."""
    number = int(value)
    if not least <= number <= most:
        raise BrokenSegError(
            f"expected {name} from {least} to {most}, found another; export the "
            "segmentation again"
        )
    return number


LONGEST_META_BYTES = 64 * 1024
PREAMBLE_BYTES = 132
TRANSFER_SYNTAX = b"\x02\x00\x10\x00"
IMPLICIT, EXPLICIT = "1.2.840.10008.1.2", "1.2.840.10008.1.2.1"
LONG_LENGTHS = (b"OB", b"OW", b"OF", b"SQ", b"UT", b"UN", b"UC", b"UR", b"OD", b"OL")


class BrokenSegError(ValueError):
    """Says in words of the format what is wrong; never quotes the file."""


def transfer_syntax(content: bytes) -> tuple[bool, int]:
    """Find the transfer syntax.

    Parameters
    ----------
    content
        The first bytes of a DICOM file, with its preamble.

    Returns
    -------
    explicit
        Whether value representations are written.
    start
        Offset of the dataset.

    Raises
    ------
    BrokenSegError
        If there is not exactly one, or it is compressed, deflated or big endian.
    """
    elements = list(_meta(content[:LONGEST_META_BYTES]))
    found = [
        value.rstrip(b"\0 ").decode("ascii")
        for tag, value, _ in elements
        if tag == TRANSFER_SYNTAX
    ]
    if len(found) != 1:
        raise BrokenSegError(
            f"expected one transfer syntax, found {len(found)}; export the "
            "segmentation again"
        )
    if found[0] not in (IMPLICIT, EXPLICIT):
        raise BrokenSegError(
            "a compressed or unusual transfer syntax; export the segmentation "
            "as Explicit VR Little Endian"
        )
    _, _, first = elements[-1]
    return found[0] == EXPLICIT, first


def _meta(content: bytes) -> Iterator[tuple[bytes, bytes, int]]:
    """Yield tag, value and end of the elements of group 2, explicit and little."""
    at = PREAMBLE_BYTES
    while content[at : at + 2] == b"\x02\x00":
        tag, kind = content[at : at + 4], content[at + 4 : at + 6]
        skip, size = (12, 4) if kind in LONG_LENGTHS else (8, 2)
        length = int.from_bytes(content[at + skip - size : at + skip], "little")
        value = content[at + skip : at + skip + length]
        at += skip + length
        yield tag, value, at
