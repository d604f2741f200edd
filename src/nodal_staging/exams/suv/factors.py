"""From rescaled values to SUVbw: one factor per slice."""

from collections.abc import Sequence
from dataclasses import dataclass

from nodal_staging.exams.suv.body_size import weight_over_mass, weight_over_surface
from nodal_staging.exams.suv.decay import growth, half_life_s_of, remaining_share
from nodal_staging.exams.suv.injection import DATED, UNDATED, ContradictingTimesError
from nodal_staging.exams.suv.input_plausibility import (
    LIMITS,
    Finding,
    Limits,
    body_remarks,
    dose_finding,
    height_finding,
    refuse,
    remarks,
    tracer_finding,
    weight_finding,
)
from nodal_staging.exams.suv.pet_slice import PetSlice, required
from nodal_staging.exams.suv.sheet_values import SILENT, SheetValues, completed
from nodal_staging.study.errors import SUVError

LEAST_FACTOR, LARGEST_FACTOR = 1e-12, 1e6
"""From SUV per rescaled value; 80 kg and 150 MBq lead to 5e-4."""

FACTOR_TOLERANCE = 0.01
"""Departure of Philips' own factor from that of dose and weight worth a remark."""


@dataclass(frozen=True, slots=True)
class Factors:
    """Factors in g/ml per unit of the rescaled value, and remarks for the user."""

    values: list[float]
    notes: tuple[str, ...] = ()


def suv_factors(
    slices: Sequence[PetSlice],
    *,
    limits: Limits = LIMITS,
    sheet: SheetValues = SILENT,
) -> Factors:
    """Return the factor from rescaled value to SUVbw for each slice.

    Parameters
    ----------
    slices
        All slices of one series.
    limits
        Of plausible dose, weight and uptake time.
    sheet
        What the exam sheet states, for headers that lack it.

    Raises
    ------
    SUVError
        Naming the attribute that is missing or out of range, or the attributes that
        contradict each other.
    """
    _check_agreement(slices)
    slices, filled = completed(slices, sheet, limits)
    factors = _factors(slices, limits)
    if not all(LEAST_FACTOR < value < LARGEST_FACTOR for value in factors.values):
        raise SUVError(
            "weight, dose or a stated factor lead to an SUV that no patient has; "
            "correct the header, or leave the pet cell empty"
        )
    return Factors(factors.values, filled + factors.notes)


def _check_agreement(slices: Sequence[PetSlice]) -> None:
    """Prove that one formula holds for all slices."""
    formulas = {(item.units, item.suv_type, item.decay_correction) for item in slices}
    if len(formulas) > 1:
        raise SUVError(
            "slices differ in Units, SUVType or DecayCorrection; "
            "export the series again"
        )


def _factors(slices: Sequence[PetSlice], limits: Limits) -> Factors:
    """Return the factors by the unit of the series."""
    first = slices[0]
    if first.units in {"GML", "CM2ML"}:
        return _scaled_by_scanner(slices, limits)
    if first.units == "CNTS":
        return _counts(slices, limits)
    _expect(first.units == "BQML", "Units", "BQML, CNTS, GML or CM2ML")
    return _activity(slices, limits)


def _scaled_by_scanner(slices: Sequence[PetSlice], limits: Limits) -> Factors:
    """Turn an SUV that the scanner computed into that of body weight."""
    first = slices[0]
    weight = weight_finding(first, limits)
    notes = remarks(tracer_finding(first), dose_finding(first, limits))
    if first.units == "GML" and first.suv_type in {"", "BW"}:
        return Factors([1.0] * len(slices), notes + remarks(weight))
    refuse(weight, height_finding(first, limits))
    surface = first.units == "CM2ML"
    value = weight_over_surface(first) if surface else weight_over_mass(first)
    return Factors([value] * len(slices), notes)


def _counts(slices: Sequence[PetSlice], limits: Limits) -> Factors:
    """Use Philips' SUV factor, or the activity factor and then the dose."""
    if all(item.suv_scale for item in slices):
        values = [item.suv_scale or 0.0 for item in slices]
        findings = _findings(slices[0], limits)
        if any(findings):
            return Factors(values, remarks(*findings))
        return Factors(values, _consistency(slices, values, limits))
    if not all(item.activity_scale for item in slices):
        raise SUVError(
            "Units CNTS without the private Philips factors (7053,xx00) and "
            "(7053,xx09); ask for a series in BQML, or leave the pet cell empty"
        )
    activity = _activity(slices, limits)
    scaled = [
        (item.activity_scale or 0.0) * value
        for item, value in zip(slices, activity.values, strict=True)
    ]
    return Factors(scaled, activity.notes)


def _findings(item: PetSlice, limits: Limits) -> tuple[Finding | None, ...]:
    """Look at dose and weight."""
    return (
        tracer_finding(item),
        dose_finding(item, limits),
        weight_finding(item, limits),
    )


def _consistency(
    slices: Sequence[PetSlice], values: list[float], limits: Limits
) -> tuple[str, ...]:
    """Compare Philips' two factors by dose and weight, where the header allows it."""
    try:
        activity = _activity(slices, limits).values
    except ContradictingTimesError as error:
        return (f"{error.found}: Philips' SUV factor was used (7053,xx00)",)
    except SUVError:
        return ()
    if not all(item.activity_scale for item in slices):
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


def _activity(slices: Sequence[PetSlice], limits: Limits) -> Factors:
    """Return (g/ml) per (Bq/ml): weight over the dose left at the reference time."""
    first = slices[0]
    _check_corrections(first)
    weight_g = 1000 * required(first, "PatientWeight", first.weight_kg)
    dose_bq = required(first, "RadionuclideTotalDose", first.dose_bq)
    _check_one_injection(slices)
    refuse(*_findings(first, limits))
    assumed = first.assumed_units + body_remarks(first)
    if first.decay_correction == "ADMIN":
        return Factors([weight_g / dose_bq] * len(slices), assumed)
    half_life_s, notes = half_life_s_of(first)
    notes = assumed + notes
    if first.decay_correction == "NONE":
        grown = [growth(item, half_life_s, limits) for item in slices]
        values = [weight_g / dose_bq * factor for factor, _ in grown]
        return Factors(values, notes + grown[0][1])
    _expect(
        first.decay_correction == "START",
        "DecayCorrection",
        "START, ADMIN or NONE",
    )
    share, remarked = remaining_share(slices, half_life_s, limits)
    return Factors([weight_g / (dose_bq * share)] * len(slices), notes + remarked)


def _check_one_injection(slices: Sequence[PetSlice]) -> None:
    """Prove that slices state one weight, dose and injection, where they state any."""
    stated: dict[str, list[object]] = {
        "PatientWeight": [item.weight_kg for item in slices],
        "RadionuclideTotalDose": [item.dose_bq for item in slices],
    }
    if slices[0].decay_correction != "ADMIN":
        stated |= {
            "RadionuclideHalfLife": [item.half_life_s for item in slices],
            UNDATED: [item.injection_time_of_day for item in slices],
            DATED: [item.injected_at for item in slices],
        }
    for name, values in stated.items():
        if len(set(values) - {None}) > 1:
            raise SUVError(
                f"slices differ in {name}; export the series again, or leave the pet "
                "cell empty"
            )


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
