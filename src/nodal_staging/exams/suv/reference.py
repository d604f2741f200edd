"""The moment to which a series is decay-corrected, by the clocks of its header."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from nodal_staging.exams.suv.injection import TOLERANCE, shown
from nodal_staging.exams.suv.pet_slice import PetSlice
from nodal_staging.study.errors import SUVError


@dataclass(frozen=True, slots=True)
class Reference:
    """Moment of reference on the scanner's clock, and remarks on other clocks."""

    at: datetime
    notes: tuple[str, ...] = ()


def reference_time(slices: Sequence[PetSlice], half_life_s: float) -> Reference:
    """Return the moment to which the series is decay-corrected.

    GE and Siemens state it privately. Else the series time counts unless it is later
    than the earliest acquisition, as after post-processing; then the time is computed
    back from the frame, and where the frame does not state it, the earliest
    acquisition counts. Another clock that differs by more than ``TOLERANCE`` is
    remarked.

    Raises
    ------
    SUVError
        If no slice has a time.
    """
    stated, start = slices[0].decay_reference, slices[0].series_start
    timed = [(item.acquired_at, item) for item in slices if item.acquired_at]
    if not timed:
        if stated is not None:
            return Reference(stated)
        raise SUVError(
            "AcquisitionDate or AcquisitionTime is missing; complete the header, fill "
            "in the column uptake_min of exams.tsv, or leave the pet cell empty"
        )
    earliest, first = min(timed, key=lambda pair: pair[0])
    computed = _computed_back(earliest, first, half_life_s)
    if stated is not None:
        name = "the private start time of the scan"
        notes = _compared_to_frame(name, stated, earliest, computed, first)
        if start and start <= earliest and abs(start - stated) > TOLERANCE:
            notes = (_unlike(name, stated, "SeriesTime", start), *notes)
        return Reference(stated, notes)
    if start and start <= earliest:
        notes = _compared_to_frame("SeriesTime", start, earliest, computed, first)
        return Reference(start, notes)
    if computed is not None:
        return Reference(computed)
    if start and start - earliest > TOLERANCE:
        note = _unlike("the first AcquisitionTime", earliest, "SeriesTime", start)
        return Reference(earliest, (note,))
    return Reference(earliest)


def _computed_back(
    earliest: datetime, first: PetSlice, half_life_s: float
) -> datetime | None:
    """Return the start by the frame's moment of average activity, None if unstated."""
    if not first.frame_reference_s or not first.frame_duration_s:
        return None
    decay = math.log(2) / half_life_s * first.frame_duration_s
    average_s = math.log(decay / -math.expm1(-decay)) / decay * first.frame_duration_s
    return earliest + timedelta(seconds=average_s - first.frame_reference_s)


def _compared_to_frame(
    name: str,
    used: datetime,
    earliest: datetime,
    computed: datetime | None,
    first: PetSlice,
) -> tuple[str, ...]:
    """Compare the time that is used with that of the first frame.

    Some scanners state the frame's beginning instead of its moment of average
    activity; times between the two agree.
    """
    low = high = earliest
    other = "the first AcquisitionTime"
    if computed is not None:
        low = earliest - timedelta(seconds=first.frame_reference_s or 0.0)
        high = computed
        other = "the time by AcquisitionTime and FrameReferenceTime"
    if min(low, high) - TOLERANCE <= used <= max(low, high) + TOLERANCE:
        return ()
    return (_unlike(name, used, other, high),)


def _unlike(name: str, used: datetime, other_name: str, other: datetime) -> str:
    day = "" if used.date() == other.date() else " of another day"
    return (
        f"{name} is {shown(used)}, but {other_name} {shown(other)}{day}: the first was "
        "used for the uptake time"
    )
