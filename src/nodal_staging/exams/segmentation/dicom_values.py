"""Values of DICOM attributes, proved to be what they should be.

Damage makes a text of a number, and several items of one; each message names the
attribute and never its content.
"""

import math
from collections.abc import Sequence
from typing import Any

from nodal_staging.exams.segmentation.dicom_meta import BrokenSegError

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
