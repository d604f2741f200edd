"""From rescaled values to SUVbw: one factor per slice."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from nodal_staging.exams.suv.body_size import weight_over_mass, weight_over_surface
from nodal_staging.exams.suv.pet_slice import PetSlice
from nodal_staging.study.errors import SUVError, naming

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

LEAST_FACTOR, LARGEST_FACTOR = 1e-12, 1e6
"""From SUV per rescaled value; 80 kg and 150 MBq lead to 5e-4."""

HALF_LIFE_TOLERANCE = 0.01
FACTOR_TOLERANCE = 0.01
"""Departure of Philips' own factor from that of dose and weight worth a remark."""


@dataclass(frozen=True, slots=True)
class Factors:
    """Factors in g/ml per unit of the rescaled value, and remarks for the user."""

    values: list[float]
    notes: tuple[str, ...] = ()


def suv_factors(slices: Sequence[PetSlice], *, role: str) -> Factors:
    """Return the factor from rescaled value to SUVbw for each slice.

    Parameters
    ----------
    slices
        All slices of one series.
    role
        How messages call the series, for example ``exam E0001, column pet``.

    Raises
    ------
    SUVError
        Naming the attribute that is missing or out of range.
    """
    with naming(role):
        _check_agreement(slices)
        factors = _factors(slices)
        if not all(LEAST_FACTOR < value < LARGEST_FACTOR for value in factors.values):
            raise SUVError(
                "weight, dose or a stated factor lead to an SUV that no patient has; "
                "correct the header, or leave the pet cell empty"
            )
    return factors


def _check_agreement(slices: Sequence[PetSlice]) -> None:
    """Prove that one formula holds for all slices."""
    formulas = {(item.units, item.suv_type, item.decay_correction) for item in slices}
    if len(formulas) > 1:
        raise SUVError(
            "slices differ in Units, SUVType or DecayCorrection; "
            "export the series again"
        )


def _factors(slices: Sequence[PetSlice]) -> Factors:
    """Return the factors by the unit of the series."""
    first = slices[0]
    if first.units == "GML":
        return Factors([weight_over_mass(first)] * len(slices))
    if first.units == "CM2ML":
        return Factors([weight_over_surface(first)] * len(slices))
    if first.units == "CNTS":
        return _counts(slices)
    _expect(first.units == "BQML", "Units", "BQML, CNTS, GML or CM2ML")
    return _activity(slices)


def _counts(slices: Sequence[PetSlice]) -> Factors:
    """Use Philips' SUV factor, or the activity factor and then the dose."""
    if all(item.suv_scale for item in slices):
        values = [item.suv_scale or 0.0 for item in slices]
        return Factors(values, _consistency(slices, values))
    if not all(item.activity_scale for item in slices):
        raise SUVError(
            "Units CNTS without the private Philips factors (7053,xx00) and "
            "(7053,xx09); ask for a series in BQML, or leave the pet cell empty"
        )
    activity = _activity(slices)
    scaled = [
        (item.activity_scale or 0.0) * value
        for item, value in zip(slices, activity.values, strict=True)
    ]
    return Factors(scaled, activity.notes)


def _consistency(slices: Sequence[PetSlice], values: list[float]) -> tuple[str, ...]:
    """Compare Philips' two factors by dose and weight, where the header allows it."""
    if not all(item.activity_scale for item in slices):
        return ()
    try:
        activity = _activity(slices).values
    except SUVError:
        return ()
    worst = max(
        abs(value / ((item.activity_scale or 0.0) * own) - 1)
        for item, value, own in zip(slices, values, activity, strict=True)
    )
    if worst <= FACTOR_TOLERANCE:
        return ()
    return (
        f"Philips' SUV factor differs by {worst:.1%} from that of dose, weight and "
        "times (7053,xx00 was used)",
    )


def _activity(slices: Sequence[PetSlice]) -> Factors:
    """Return (g/ml) per (Bq/ml): weight over the dose left at the reference time."""
    first = slices[0]
    _check_corrections(first)
    weight_g = 1000 * _required(first.weight_kg, "PatientWeight")
    dose_bq = _required(first.dose_bq, "RadionuclideTotalDose")
    if first.decay_correction == "ADMIN":
        return Factors([weight_g / dose_bq] * len(slices))
    half_life_s, notes = _half_life_s(first)
    if first.decay_correction == "NONE":
        values = [weight_g / dose_bq * _growth(item, half_life_s) for item in slices]
        return Factors(values, notes)
    _expect(
        first.decay_correction == "START",
        "DecayCorrection",
        "START, ADMIN or NONE",
    )
    reference = _reference_time(slices, half_life_s)
    uptake_s = _uptake_s(first, reference, half_life_s)
    remaining_bq = dose_bq * math.pow(2, -uptake_s / half_life_s)
    notes += _unusual(first, uptake_s)
    return Factors([weight_g / remaining_bq] * len(slices), notes)


def _check_corrections(item: PetSlice) -> None:
    """Ask for the corrections without which activity means nothing."""
    wanted = [{"ATTN"}]
    if item.decay_correction != "NONE":
        wanted.append({"DECY", "DECAY"})
    for names in wanted:
        if not names & set(item.corrections):
            raise SUVError(
                f"CorrectedImage lacks {max(names, key=len)}; "
                "use a series corrected for attenuation and decay"
            )


def _growth(item: PetSlice, half_life_s: float) -> float:
    """Return mean activity over a frame at administration over that in the frame."""
    if item.acquired_at is None:
        raise SUVError("AcquisitionDate or AcquisitionTime is missing")
    duration_s = _required(item.frame_duration_s, "ActualFrameDuration")
    decay = math.log(2) / half_life_s * duration_s
    uptake_s = _uptake_s(item, item.acquired_at, half_life_s)
    return decay / -math.expm1(-decay) * math.pow(2, uptake_s / half_life_s)


def _half_life_s(item: PetSlice) -> tuple[float, tuple[str, ...]]:
    """Return the half-life of the header, checked against the tracer's code."""
    known = HALF_LIVES_S.get(item.radionuclide)
    if known is None:
        return _required(item.half_life_s, "RadionuclideHalfLife"), ()
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


def _reference_time(slices: Sequence[PetSlice], half_life_s: float) -> datetime:
    """Return the moment to which the series is decay-corrected.

    GE and Siemens state it privately. Else the series time counts unless it is later
    than the earliest acquisition, as after post-processing; then the time is computed
    back from the frame, and where the frame does not tell, the earliest acquisition
    counts.
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


def _uptake_s(item: PetSlice, reference: datetime, half_life_s: float) -> float:
    """Return seconds from injection to the reference time, across midnight too."""
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


def _unusual(item: PetSlice, uptake_s: float) -> tuple[str, ...]:
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


def _required(value: float | None, name: str) -> float:
    if not value or value <= 0:
        raise SUVError(
            f"{name} is missing or impossible; complete the header, "
            "or leave the pet cell empty"
        )
    return value


def _expect(holds: bool, name: str, expected: str) -> None:
    if not holds:
        raise SUVError(
            f"{name} is not one of {expected}; "
            "ask for such a series, or leave the pet cell empty"
        )
