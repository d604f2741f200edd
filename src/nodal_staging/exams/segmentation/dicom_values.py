"""Values of DICOM attributes, proved to be what they should be.

Damage makes a text of a number, and several items of one; each message names the
attribute and never its content.
"""

import struct
from collections.abc import Sequence

from pydicom.dataset import Dataset

from nodal_staging.exams.dicom import elements
from nodal_staging.exams.dicom.elements import items, text
from nodal_staging.exams.dicom.scanning import file_meta
from nodal_staging.study.errors import DicomSeriesError

__all__ = [
    "BrokenSegError",
    "Vector",
    "functional_group",
    "items",
    "length",
    "numbers",
    "shared_numbers",
    "text",
    "transfer_syntax",
    "whole_number",
]

SAME_NUMBER = 1e-4
LONGEST_META_BYTES = 64 * 1024

Vector = tuple[float, ...]


class BrokenSegError(ValueError):
    """Says in words of the format what is wrong; never quotes the file."""


def functional_group(name: str, group: Dataset, shared: Dataset) -> Dataset:
    """Return a functional group of a frame, its own or the shared one."""
    found = items(group, name) or items(shared, name)
    if len(found) != 1:
        raise BrokenSegError(
            f"expected one {name} for each frame, found {len(found)}; export the "
            "segmentation again"
        )
    return found[0]


def shared_numbers(groups: Sequence[Dataset], name: str, count: int) -> Vector:
    """Return a value that all frames share, up to the rounding of its text."""
    found = [numbers(item, name, count) for item in groups]
    for values in found:
        pairs = zip(values, found[0], strict=True)
        if any(abs(one - other) > SAME_NUMBER for one, other in pairs):
            raise BrokenSegError(
                f"expected one {name} for all frames, found others; export the "
                "segmentation on parallel planes of one CT"
            )
    return found[0]


def length(measures: Dataset, name: str) -> float | None:
    """Return a declared length; the sign of a spacing is the order of slices."""
    try:
        stated = elements.number(measures, name)
    except DicomSeriesError:
        raise _no_numbers(name, 1) from None
    return None if stated is None else abs(stated) or None


def numbers(dataset: Dataset, name: str, count: int) -> Vector:
    """Return as many finite numbers as an attribute must have."""
    try:
        found = elements.numbers(dataset, name)
    except DicomSeriesError:
        found = ()
    if len(found) != count:
        raise _no_numbers(name, count)
    return found


def _no_numbers(name: str, count: int) -> BrokenSegError:
    return BrokenSegError(
        f"expected {count} finite numbers as {name}; export the segmentation again"
    )


def whole_number(dataset: Dataset, name: str, most: int, *, least: int = 1) -> int:
    """Return a whole number within bounds."""
    try:
        found = elements.integer(dataset, name)
    except DicomSeriesError:
        found = None
    if found is None or not least <= found <= most:
        raise BrokenSegError(
            f"expected {name} from {least} to {most}, found another; export the "
            "segmentation again"
        )
    return found


def transfer_syntax(content: bytes, accepted: frozenset[str]) -> tuple[str, int]:
    """Find the transfer syntax.

    Parameters
    ----------
    content
        The first bytes of a DICOM file, with its preamble.
    accepted
        Transfer syntaxes that are read.

    Returns
    -------
    syntax
        Its UID.
    start
        Offset of the dataset.

    Raises
    ------
    BrokenSegError
        If there is not exactly one, or it is not accepted.
    """
    try:
        syntaxes, start = file_meta(content[:LONGEST_META_BYTES])
    except (struct.error, ValueError):
        syntaxes, start = [], 0
    if len(syntaxes) != 1:
        raise BrokenSegError(
            f"expected one transfer syntax, found {len(syntaxes)}; export the "
            "segmentation again"
        )
    if syntaxes[0] not in accepted:
        raise BrokenSegError(
            "a compressed or unusual transfer syntax; export the segmentation "
            "as Explicit VR Little Endian"
        )
    return syntaxes[0], start
