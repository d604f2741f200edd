"""Changes of the plan of a small exam, one line each."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
from small_exams import Plan

from nodal_staging.geometry import Lattice

Change = Callable[[Plan], Plan]


def with_hu(change: Callable[[np.ndarray], np.ndarray], **options: Any) -> Change:
    """Change the values of the CT."""
    return lambda exam: replace(exam, hu=change(exam.hu), **options)


def with_suv(change: Callable[[np.ndarray], np.ndarray], **options: Any) -> Change:
    """Change the values of the PET."""
    return lambda exam: replace(exam, suv=change(exam.suv), **options)


def with_labels(change: Callable[[Plan], np.ndarray], **options: Any) -> Change:
    """Change the labels."""
    return lambda exam: replace(exam, labels=change(exam), **options)


def with_header(**attributes: Any) -> Change:
    """Replace attributes of a PET in DICOM."""
    return lambda exam: replace(exam, pet_form="dicom", pet_header=attributes)


def with_grid(name: str, scale: float = 1.0, shift_mm=(0.0, 0.0, 0.0)) -> Change:
    """Scale the spacing of the grid ``ct``, ``pet`` or ``seg``, and shift it.

    Labels stay on the CT.
    """

    def changed(exam: Plan) -> Plan:
        grid: Lattice = getattr(exam, name)
        spacing = tuple(step * scale for step in grid.spacing_mm)
        origin = tuple(np.multiply(grid.origin_mm, scale) + shift_mm)
        moved = replace(grid, spacing_mm=spacing, origin_mm=origin)
        names = ("ct", "seg") if name == "ct" else (name,)
        return replace(exam, **dict.fromkeys(names, moved))

    return changed


def with_ct_header(**attributes: Any) -> Change:
    """Replace attributes of a CT in DICOM, whose values were stored in another way."""
    return lambda exam: replace(exam, ct_form="dicom", ct_header=attributes)


def changed(**fields: Any) -> Change:
    """Replace fields of the plan."""
    return lambda exam: replace(exam, **fields)


def both(*changes: Change) -> Change:
    """Apply changes in their order."""

    def applied(exam: Plan) -> Plan:
        for change in changes:
            exam = change(exam)
        return exam

    return applied


def identified(ct=(), pet=(), seg=(), **fields: Any) -> Change:
    """Write an exam in DICOM, with identifiers in the headers of each of its files."""
    heads = {"ct_header": dict(ct), "pet_header": dict(pet), "seg_header": dict(seg)}
    forms = {"ct_form": "dicom", "pet_form": "dicom", "seg_form": "seg"}
    return changed(**forms | heads | fields)
