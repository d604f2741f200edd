"""How much of the dose is left: half-life, and decay from injection to scan."""

import math
from collections.abc import Sequence

from nodal_staging.exams.suv.injection import (
    injection_of,
    uptake_remarks,
    uptake_s_of,
)
from nodal_staging.exams.suv.pet_slice import PetSlice, required
from nodal_staging.exams.suv.plausibility import Limits
from nodal_staging.exams.suv.reference import reference_time
from nodal_staging.study.errors import SUVError

GALLIUM_68, FLUORINE_18 = ("Ga-68", 4062.6), ("F-18", 6586.2)
HALF_LIVES_S = {
    "C-131A3": GALLIUM_68,
    "35337001": GALLIUM_68,
    "C-111A1": FLUORINE_18,
    "77004003": FLUORINE_18,
}
"""Radionuclides of PSMA ligands by their SNOMED codes, old and new (CID 4020)."""

HALF_LIFE_TOLERANCE = 0.01


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
        raise SUVError("AcquisitionDate or AcquisitionTime is missing")
    duration_s = required(item.frame_duration_s, "ActualFrameDuration")
    decay = math.log(2) / half_life_s * duration_s
    injection = injection_of(item, item.acquired_at, limits)
    uptake_s = uptake_s_of(injection.at, item.acquired_at, half_life_s)
    notes = injection.notes + uptake_remarks(item, uptake_s, half_life_s, limits)
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
    unusual = uptake_remarks(slices[0], uptake_s, half_life_s, limits)
    notes = reference.notes + injection.notes + unusual
    return math.pow(2, -uptake_s / half_life_s), notes


def half_life_s_of(item: PetSlice) -> tuple[float, tuple[str, ...]]:
    """Return the half-life in s, checked against the tracer's code, and remarks.

    Raises
    ------
    SUVError
        If it is missing and the code is unknown, or contradicts the code.
    """
    known = HALF_LIVES_S.get(item.radionuclide)
    if known is None:
        return required(item.half_life_s, "RadionuclideHalfLife"), ()
    name, expected = known
    if not item.half_life_s or item.half_life_s <= 0:
        note = f"RadionuclideHalfLife is missing; that of {name} was used"
        return expected, (note,)
    if abs(item.half_life_s / expected - 1) > HALF_LIFE_TOLERANCE:
        raise SUVError(
            f"RadionuclideHalfLife is {item.half_life_s:g} s, but the tracer "
            f"is {name} ({expected:g} s); correct the header, or leave the pet cell "
            "empty"
        )
    return item.half_life_s, ()
