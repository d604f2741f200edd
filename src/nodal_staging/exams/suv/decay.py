"""How much of the dose is left: half-life, uptake time and the moment of reference."""

import math
from collections.abc import Sequence
from datetime import datetime, timedelta

from nodal_staging.exams.suv.pet_slice import PetSlice, required
from nodal_staging.study.errors import SUVError

LONGEST_UPTAKE_HALF_LIVES = 6
USUAL_UPTAKE_MIN = (15, 240)
"""Outside of this an injection time without its date deserves a second look."""

GALLIUM_68, FLUORINE_18 = ("Ga-68", 4062.6), ("F-18", 6586.2)
HALF_LIVES_S = {
    "C-131A3": GALLIUM_68,
    "35337001": GALLIUM_68,
    "C-111A1": FLUORINE_18,
    "77004003": FLUORINE_18,
}
"""Radionuclides of PSMA ligands by their SNOMED codes, old and new (CID 4020)."""

HALF_LIFE_TOLERANCE = 0.01


def growth(item: PetSlice, half_life_s: float) -> float:
    """Return activity at administration over the mean activity in a frame.

    Raises
    ------
    SUVError
        If the time or the duration of the frame is missing.
    """
    if item.acquired_at is None:
        raise SUVError("AcquisitionDate or AcquisitionTime is missing")
    duration_s = required(item.frame_duration_s, "ActualFrameDuration")
    decay = math.log(2) / half_life_s * duration_s
    uptake_s = uptake_s_of(item, item.acquired_at, half_life_s)
    return decay / -math.expm1(-decay) * math.pow(2, uptake_s / half_life_s)


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


def reference_time(slices: Sequence[PetSlice], half_life_s: float) -> datetime:
    """Return the moment to which the series is decay-corrected.

    GE and Siemens state it privately. Else the series time counts unless it is later
    than the earliest acquisition, as after post-processing; then the time is computed
    back from the frame, and where the frame does not state it, the earliest
    acquisition counts.

    Raises
    ------
    SUVError
        If no slice has a time.
    """
    stated = slices[0].decay_reference
    if stated is not None:
        return stated
    timed = [(item.acquired_at, item) for item in slices if item.acquired_at]
    if not timed:
        raise SUVError("AcquisitionDate or AcquisitionTime is missing")
    earliest, first = min(timed, key=lambda pair: pair[0])
    start = slices[0].series_start
    if start and start <= earliest:
        return start
    if first.frame_reference_s and first.frame_duration_s:
        decay = math.log(2) / half_life_s * first.frame_duration_s
        average_s = (
            math.log(decay / -math.expm1(-decay)) / decay * first.frame_duration_s
        )
        return earliest + timedelta(seconds=average_s - first.frame_reference_s)
    return earliest


def uptake_s_of(item: PetSlice, reference: datetime, half_life_s: float) -> float:
    """Return seconds from injection to the reference time, across midnight too.

    Raises
    ------
    SUVError
        If the injection has no time, or is later or much earlier than the reference.
    """
    injected = item.injected_at
    if injected is None:
        if item.injection_time_of_day is None:
            raise SUVError(
                "RadiopharmaceuticalStartTime is missing; the uptake time is unknown"
            )
        midnight = reference.replace(hour=0, minute=0, second=0, microsecond=0)
        injected = midnight + item.injection_time_of_day
        if injected > reference:
            injected -= timedelta(days=1)
    uptake_s = (reference - injected).total_seconds()
    if not 0 <= uptake_s <= LONGEST_UPTAKE_HALF_LIVES * half_life_s:
        raise SUVError(
            f"{uptake_s / 60:.0f} minutes from injection to scan, expected "
            f"0 to {LONGEST_UPTAKE_HALF_LIVES} half-lives; correct the injection time"
        )
    return uptake_s


def unusual_uptake(item: PetSlice, uptake_s: float) -> tuple[str, ...]:
    """Remark on an uptake time that moved dates may have made.

    De-identification shifts dates and times, but tends to forget the injection's
    time of day (0018,1072).
    """
    low, high = USUAL_UPTAKE_MIN
    if item.injected_at is not None or low <= uptake_s / 60 <= high:
        return ()
    return (
        f"{uptake_s / 60:.0f} minutes from injection to scan: check that "
        "RadiopharmaceuticalStartTime was shifted with the other times",
    )
