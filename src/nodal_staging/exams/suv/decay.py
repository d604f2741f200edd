"""How much of the dose is left: half-life, and decay from injection to scan."""

import math
from collections.abc import Sequence

from nodal_staging.exams.suv.injection import (
    TOLERANCE,
    injection_of,
    shown_minutes,
    stop_remarks,
    uptake_remarks,
    uptake_s_of,
)
from nodal_staging.exams.suv.input_plausibility import Limits
from nodal_staging.exams.suv.pet_slice import PetSlice, absence, required
from nodal_staging.exams.suv.reference import reference_time
from nodal_staging.study.errors import SUVError

KNOWN_HALF_LIVES_S = {"Ga-68": 4062.6, "F-18": 6586.2}
GALLIUM_68, FLUORINE_18 = KNOWN_HALF_LIVES_S.items()
HALF_LIVES_S = {
    "C-131A3": GALLIUM_68,
    "35337001": GALLIUM_68,
    "C-111A1": FLUORINE_18,
    "77004003": FLUORINE_18,
}
"""Radionuclides of PSMA ligands by their SNOMED codes, old and new (CID 4020)."""

HALF_LIFE_TOLERANCE = 0.01
SECONDS = {"minutes": 60, "hours": 3600}
"""Units in which a half-life is found by mistake."""


def growth(
    item: PetSlice, half_life_s: float, limits: Limits
) -> tuple[float, tuple[str, ...]]:
    """Return activity at administration over the mean in a frame, and remarks.

    Raises
    ------
    SUVError
        If the time or the duration of the frame is missing, or the uptake time is
        unknown.
    """
    if item.acquired_at is None:
        raise SUVError(
            "AcquisitionDate or AcquisitionTime is missing; complete the header, or "
            "leave the pet cell empty"
        )
    duration_s = required(item, "ActualFrameDuration", item.frame_duration_s)
    decay = math.log(2) / half_life_s * duration_s
    injection = injection_of(item, item.acquired_at, limits)
    uptake_s = uptake_s_of(injection.at, item.acquired_at, half_life_s)
    _require_agreement(item, uptake_s)
    notes = injection.notes + uptake_remarks(item, uptake_s, half_life_s, limits)
    notes += stop_remarks(item, injection.at, item.acquired_at)
    return decay / -math.expm1(-decay) * math.pow(2, uptake_s / half_life_s), notes


def remaining_share(
    slices: Sequence[PetSlice], half_life_s: float, limits: Limits
) -> tuple[float, tuple[str, ...]]:
    """Return the share of the dose left at the time of reference, and remarks.

    Raises
    ------
    SUVError
        If the uptake time is unknown.
    """
    reference = reference_time(slices, half_life_s)
    injection = injection_of(slices[0], reference.at, limits)
    uptake_s = uptake_s_of(injection.at, reference.at, half_life_s)
    _require_agreement(slices[0], uptake_s)
    unusual = uptake_remarks(slices[0], uptake_s, half_life_s, limits)
    stopped = stop_remarks(slices[0], injection.at, reference.at)
    notes = reference.notes + injection.notes + unusual + stopped
    return math.pow(2, -uptake_s / half_life_s), notes


def _require_agreement(item: PetSlice, uptake_s: float) -> None:
    """Refuse another uptake time in the exam sheet."""
    if item.sheet_uptake_s is None:
        return
    if abs(item.sheet_uptake_s - uptake_s) > TOLERANCE.total_seconds():
        raise SUVError(
            f"the times of the header give {shown_minutes(uptake_s)} from injection "
            "to scan, but the column uptake_min of the sheet "
            f"{item.sheet_uptake_s / 60:.0f}; correct the cell or the header, or empty "
            "the cell"
        )


def half_life_s_of(item: PetSlice) -> tuple[float, tuple[str, ...]]:
    """Return the half-life in s, checked against the tracer's code, and remarks.

    Raises
    ------
    SUVError
        If it is missing and the code is unknown, or contradicts the code.
    """
    known = HALF_LIVES_S.get(item.radionuclide)
    if known is None:
        stated = required(item, "RadionuclideHalfLife", item.half_life_s)
        _require_seconds(stated)
        return stated, ()
    name, expected = known
    if not item.half_life_s or item.half_life_s <= 0:
        found = absence(item, "RadionuclideHalfLife")
        note = f"{found}; that of {name} was used"
        return expected, (note,)
    if abs(item.half_life_s / expected - 1) > HALF_LIFE_TOLERANCE:
        raise SUVError(
            f"RadionuclideHalfLife is {item.half_life_s:g} s, but the tracer "
            f"is {name} ({expected:g} s); correct the header, or leave the pet cell "
            "empty"
        )
    return item.half_life_s, ()


def _require_seconds(half_life_s: float) -> None:
    """Refuse a half-life that is that of a known radionuclide in another unit."""
    for name, expected in KNOWN_HALF_LIVES_S.items():
        for unit, seconds in SECONDS.items():
            if abs(half_life_s * seconds / expected - 1) <= HALF_LIFE_TOLERANCE:
                raise SUVError(
                    f"RadionuclideHalfLife is {half_life_s:g} s, expected {expected:g} "
                    f"s as of {name} (the number is its half-life in {unit}); correct "
                    "the header, where the unit is s, or leave the pet cell empty"
                )
