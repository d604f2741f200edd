"""From rescaled values to SUVbw: one factor per slice."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from nodal_staging.exams.suv.body_size import weight_over_mass, weight_over_surface
from nodal_staging.exams.suv.decay import (
    growth,
    half_life_s_of,
    reference_time,
    unusual_uptake,
    uptake_s_of,
)
from nodal_staging.exams.suv.pet_slice import PetSlice, required
from nodal_staging.study.errors import SUVError, naming

LEAST_FACTOR, LARGEST_FACTOR = 1e-12, 1e6
"""From SUV per rescaled value; 80 kg and 150 MBq lead to 5e-4."""

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
    weight_g = 1000 * required(first.weight_kg, "PatientWeight")
    dose_bq = required(first.dose_bq, "RadionuclideTotalDose")
    if first.decay_correction == "ADMIN":
        return Factors([weight_g / dose_bq] * len(slices))
    half_life_s, notes = half_life_s_of(first)
    if first.decay_correction == "NONE":
        values = [weight_g / dose_bq * growth(item, half_life_s) for item in slices]
        return Factors(values, notes)
    _expect(
        first.decay_correction == "START",
        "DecayCorrection",
        "START, ADMIN or NONE",
    )
    reference = reference_time(slices, half_life_s)
    uptake_s = uptake_s_of(first, reference, half_life_s)
    remaining_bq = dose_bq * math.pow(2, -uptake_s / half_life_s)
    notes += unusual_uptake(first, uptake_s)
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


def _expect(holds: bool, name: str, expected: str) -> None:
    if not holds:
        raise SUVError(
            f"{name} is not one of {expected}; "
            "ask for such a series, or leave the pet cell empty"
        )
