"""When the tracer was injected, by the two statements of a header.

RadiopharmaceuticalStartTime (0018,1072) is a time of day on the scanner's clock,
RadiopharmaceuticalStartDateTime (0018,1078) a date and time, perhaps with an offset
from UTC. Where both are present they must agree.

References
----------
DICOM PS3.5, section 6.2 (DT, TM); PS3.3, C.12.1.1 (Timezone Offset From UTC).
"""

import math
from dataclasses import dataclass
from datetime import datetime, timedelta

from nodal_staging.exams.suv.input_plausibility import Limits
from nodal_staging.exams.suv.pet_slice import PetSlice, needed
from nodal_staging.study.errors import SUVError

DATED, UNDATED = "RadiopharmaceuticalStartDateTime", "RadiopharmaceuticalStartTime"

LONGEST_UPTAKE_HALF_LIVES = 6
USUAL_UPTAKE_MIN = (15, 240)
"""Outside of this an injection time without its date deserves a second look."""

SAME_CLOCK = timedelta(minutes=1)
"""Difference of two clocks that is not worth a remark."""

TOLERANCE = timedelta(minutes=5)
"""Difference of two clocks beyond which the SUV would change by more than 5%."""

ZONE_STEP = timedelta(minutes=15)
"""Offsets from UTC are multiples of it."""

ROUNDING = timedelta(seconds=1)
DAY = timedelta(days=1)
LONGEST_SHOWN = 2 * DAY
"""From a longer time, which a dummy date makes, the date of the scan would follow."""


class ContradictingTimesError(SUVError):
    """Times of a header contradict each other; ``found`` is the message without fix."""

    def __init__(self, found: str, fix: str) -> None:
        super().__init__(f"{found}; {fix}")
        self.found = found


@dataclass(frozen=True, slots=True)
class Injection:
    """Moment of the injection on the scanner's clock, and remarks."""

    at: datetime
    notes: tuple[str, ...] = ()


def injection_of(item: PetSlice, reference: datetime, limits: Limits) -> Injection:
    """Return the moment of the injection.

    A date and time goes before a time of day, which means the last such time before
    the reference. A time of day that alone leads to an implausible uptake time was
    left behind by shifted dates, and does not count.

    Parameters
    ----------
    item
        Facts of the slice.
    reference
        Moment to which the slice is decay-corrected.
    limits
        Of a plausible uptake time.

    Raises
    ------
    SUVError
        If there is no time.
    ContradictingTimesError
        If the two differ by more than ``TOLERANCE`` and both can be true.
    """
    dated, of_day = item.injected_at, item.injection_time_of_day
    if dated is None:
        if of_day is None:
            raise SUVError(
                f"{needed(item, UNDATED)}, so that the uptake time is unknown; "
                "complete or correct the header, fill in the column uptake_min of "
                "exams.tsv, or leave the pet cell empty"
            )
        return Injection(last_before(reference, of_day))
    if of_day is None:
        return Injection(dated, _unknown_zone(item, dated))
    return _of_both(item, dated, last_before(reference, of_day), reference, limits)


def last_before(reference: datetime, of_day: timedelta) -> datetime:
    """Return the last moment up to the reference with a time of day."""
    midnight = reference.replace(hour=0, minute=0, second=0, microsecond=0)
    moment = midnight + of_day
    return moment - DAY if moment > reference else moment


def shown(moment: datetime) -> str:
    """Return the time of day for messages, which never show a date."""
    return f"{moment:%H:%M:%S}"


def _of_both(
    item: PetSlice,
    dated: datetime,
    undated: datetime,
    reference: datetime,
    limits: Limits,
) -> Injection:
    """Decide between date and time, and the time of day."""
    gap = _folded(undated - dated)
    if abs(gap) < SAME_CLOCK:
        return Injection(dated)
    both = (
        f"{UNDATED} is {shown(undated)}, but {DATED} {shown(dated)}{_converted(item)}"
    )
    if item.injection_zone_unknown and _is_zone(gap):
        note = (
            f"{both} in another time zone, and TimezoneOffsetFromUTC is missing: "
            "the first was used"
        )
        return Injection(dated + gap, (note,))
    plausible = _plausible(dated, reference, limits)
    if abs(gap) <= TOLERANCE or (
        plausible and not _plausible(undated, reference, limits)
    ):
        return Injection(dated, (f"{both}: the second was used",))
    raise ContradictingTimesError(
        f"{both}, so that the uptake time is unknown",
        "correct or remove the wrong one, or leave the pet cell empty",
    )


def _plausible(injected: datetime, reference: datetime, limits: Limits) -> bool:
    low, high = limits.uptake_min
    return low <= (reference - injected).total_seconds() / 60 <= high


def _folded(gap: timedelta) -> timedelta:
    """Return a difference of two times of day, at most half a day either way."""
    return (gap + DAY / 2) % DAY - DAY / 2


def _is_zone(gap: timedelta) -> bool:
    return abs(gap - round(gap / ZONE_STEP) * ZONE_STEP) <= ROUNDING


def _converted(item: PetSlice) -> str:
    return " (converted by TimezoneOffsetFromUTC)" if item.injection_converted else ""


def _unknown_zone(item: PetSlice, dated: datetime) -> tuple[str, ...]:
    if not item.injection_zone_unknown:
        return ()
    return (
        f"{DATED} {shown(dated)} has an offset from UTC, but "
        "TimezoneOffsetFromUTC is missing: it was taken as a time on the scanner's "
        "clock",
    )


def uptake_s_of(injected: datetime, reference: datetime, half_life_s: float) -> float:
    """Return seconds from injection to the reference time.

    Raises
    ------
    SUVError
        If the injection is later or much earlier than the reference.
    """
    uptake_s = (reference - injected).total_seconds()
    longest_s = LONGEST_UPTAKE_HALF_LIVES * half_life_s
    if not 0 <= uptake_s <= longest_s:
        raise SUVError(
            f"{_apart(injected, reference)}, expected 0 to {longest_s / 60:.0f} "
            f"minutes ({LONGEST_UPTAKE_HALF_LIVES} half-lives of "
            f"{half_life_s / 60:.4g} minutes); correct the injection time or "
            "RadionuclideHalfLife, or leave the pet cell empty"
        )
    return uptake_s


def _apart(injected: datetime, reference: datetime) -> str:
    """Say how far injection and scan are apart, without a date or a count of days."""
    if abs(reference - injected) > LONGEST_SHOWN:
        side = "before" if injected < reference else "after"
        return f"the injection date is more than 2 days {side} the scan"
    day = "" if injected.date() == reference.date() else " on another day"
    return (
        f"{shown_minutes((reference - injected).total_seconds())} from injection at "
        f"{shown(injected)}{day} to scan at {shown(reference)}"
    )


def shown_minutes(seconds: float) -> str:
    """Return a time between injection and scan for messages, up to two days."""
    if abs(seconds) > LONGEST_SHOWN.total_seconds():
        return "more than 2 days"
    return f"{seconds / 60:.0f} minutes"


def uptake_remarks(
    item: PetSlice, uptake_s: float, half_life_s: float, limits: Limits
) -> tuple[str, ...]:
    """Remark on an uptake time that moved dates or an unknown day may have made.

    De-identification shifts dates and times, but tends to forget the injection's
    time of day (0018,1072). A tracer with a half-life of hours to days is imaged
    days after the injection, which no time of day shows.
    """
    dated = item.injected_at is not None
    long_lived = LONGEST_UPTAKE_HALF_LIVES * half_life_s >= DAY.total_seconds()
    if long_lived and not dated:
        return (
            f"the half-life is {half_life_s / 3600:.3g} hours and the injection has no "
            f"date: {uptake_s / 60:.0f} minutes from injection to scan were assumed; "
            f"check the day, and complete {DATED}",
        )
    low, high = limits.uptake_min if dated else USUAL_UPTAKE_MIN
    if low <= uptake_s / 60 <= (math.inf if long_lived else high):
        return ()
    advice = (
        f"{DATED} and the times of series and acquisition"
        if dated
        else f"that {UNDATED} was shifted with the other times"
    )
    return (
        f"{uptake_s / 60:.0f} minutes from injection to scan, expected {low:g} to "
        f"{high:g}: check {advice}",
    )


def stop_remarks(
    item: PetSlice, injected: datetime, reference: datetime
) -> tuple[str, ...]:
    """Remark on an injection that ends before it starts, or after the scan began."""
    start, stop = item.injection_time_of_day, item.injection_stop_of_day
    if start is None or stop is None:
        return ()
    lasting = _folded(stop - start)
    if lasting < -SAME_CLOCK:
        other = f"{UNDATED} {_of_day(start)}"
        side = "before"
    elif injected + lasting > reference + SAME_CLOCK:
        other, side = f"the scan {shown(reference)}", "after"
    else:
        return ()
    return (
        f"RadiopharmaceuticalStopTime is {_of_day(stop)}, which is {side} {other}: "
        "check the injection time",
    )


def _of_day(time: timedelta) -> str:
    return shown(datetime.min + time)
