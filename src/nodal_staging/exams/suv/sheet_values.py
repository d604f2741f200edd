"""Values of the exam sheet that a PET header lacks, as after de-identification."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from nodal_staging.exams.suv.decay import (
    HALF_LIVES_S,
    KNOWN_HALF_LIVES_S,
    half_life_s_of,
)
from nodal_staging.exams.suv.injection import DAY, LONGEST_UPTAKE_HALF_LIVES, UNDATED
from nodal_staging.exams.suv.input_plausibility import BQ_PER_MBQ, Limits
from nodal_staging.exams.suv.pet_slice import PetSlice, absence
from nodal_staging.exams.suv.reference import reference_time
from nodal_staging.study.errors import SUVError

TOLERANCE = 0.01
"""Relative difference up to which a header and a sheet state the same value."""

NO_CLOCK = datetime(1970, 1, 1)
"""Moment of reference of a series without times; only differences from it count."""


@dataclass(frozen=True, slots=True)
class SheetValues:
    """What the exam sheet states of a PET; None where it is silent.

    ``uptake_min`` is the time from injection to the start of the scan, to which the
    series is decay-corrected. ``injection`` is the number of the injection that the
    series shows, where the header has several.
    """

    uptake_min: float | None = None
    weight_kg: float | None = None
    dose_mbq: float | None = None
    height_cm: float | None = None
    radionuclide: str | None = None
    injection: float | None = None


SILENT = SheetValues()


@dataclass(frozen=True, slots=True)
class _Number:
    """A value that a sheet and a header may state: its names, unit and range."""

    column: str
    attribute: str
    unit: str
    range: tuple[float, float]
    read: Callable[[PetSlice], float | None]
    write: Callable[[PetSlice, float], PetSlice]


def completed(
    slices: Sequence[PetSlice], sheet: SheetValues, limits: Limits
) -> tuple[list[PetSlice], tuple[str, ...]]:
    """Fill in what the headers of a series lack, and remark on it.

    A value of the header goes before that of the sheet, which must agree with it.

    Parameters
    ----------
    slices
        All slices of one series.
    sheet
        What the row of the exam states.
    limits
        Of plausible values.

    Raises
    ------
    SUVError
        If a value of the sheet is implausible or contradicts the header.
    """
    filled = list(slices)
    notes = [*_chosen_injection(slices, sheet.injection)]
    for number in _numbers(limits):
        value: float | None = getattr(sheet, number.column)
        if value is not None:
            filled, remarked = _with_number(filled, number, value)
            notes += remarked
    if sheet.radionuclide is not None:
        filled, remarked = _with_half_life(filled, sheet.radionuclide)
        notes += remarked
    if sheet.uptake_min is not None and _needs_times(filled):
        filled, remarked = _with_uptake(filled, sheet.uptake_min, limits)
        notes += remarked
    return filled, tuple(notes)


def _chosen_injection(
    slices: Sequence[PetSlice], injection: float | None
) -> tuple[str, ...]:
    """Remark on the injection that the sheet chose of several.

    Raises
    ------
    SUVError
        If a header has no such injection.
    """
    if injection is None:
        return ()
    for item in slices:
        if item.chosen_tracer is None:
            raise SUVError(
                f"the column injection of the sheet is {injection:g}, but "
                "RadiopharmaceuticalInformationSequence has "
                f"{item.tracers} items; write the number of one of them into the cell, "
                "or empty it"
            )
    if slices[0].tracers == 1:
        return ()
    return (
        f"RadiopharmaceuticalInformationSequence has {slices[0].tracers} items: number "
        f"{injection:g} of the column injection was used",
    )


def _numbers(limits: Limits) -> tuple[_Number, ...]:
    return (
        _Number(
            "weight_kg",
            "PatientWeight",
            "kg",
            limits.weight_kg,
            lambda item: item.weight_kg,
            lambda item, value: replace(item, weight_kg=value),
        ),
        _Number(
            "dose_mbq",
            "RadionuclideTotalDose",
            "MBq",
            limits.dose_mbq,
            lambda item: item.dose_bq and item.dose_bq / BQ_PER_MBQ,
            lambda item, value: replace(item, dose_bq=value * BQ_PER_MBQ),
        ),
        _Number(
            "height_cm",
            "PatientSize",
            "cm",
            limits.height_cm,
            lambda item: item.size_m and 100 * item.size_m,
            lambda item, value: replace(item, size_m=value / 100),
        ),
    )


def _with_number(
    slices: Sequence[PetSlice], number: _Number, value: float
) -> tuple[list[PetSlice], tuple[str, ...]]:
    """Fill in a value where a header lacks it."""
    _require_plausible(number.column, value, number.range)
    stated = [number.read(item) or 0.0 for item in slices]
    for own in stated:
        if own > 0 and abs(own / value - 1) > TOLERANCE:
            raise SUVError(
                f"{number.attribute} is {own:.6g} {number.unit}, but the column "
                f"{number.column} of the sheet is {value:g}; correct the cell or the "
                "header, or empty the cell"
            )
    if all(own > 0 for own in stated):
        return list(slices), ()
    filled = [
        item if own > 0 else number.write(item, value)
        for item, own in zip(slices, stated, strict=True)
    ]
    lacking = next(item for item, own in zip(slices, stated, strict=True) if own <= 0)
    found = absence(lacking, number.attribute)
    return filled, (_used(found, number.column, f"{value:g} {number.unit}"),)


def _with_half_life(
    slices: Sequence[PetSlice], radionuclide: str
) -> tuple[list[PetSlice], tuple[str, ...]]:
    """Fill in the half-life where the headers state neither it nor the tracer."""
    expected = KNOWN_HALF_LIVES_S[radionuclide]
    for item in slices:
        _, coded = HALF_LIVES_S.get(item.radionuclide, ("", None))
        own = item.half_life_s or coded
        if own and abs(own / expected - 1) > TOLERANCE:
            raise SUVError(
                f"RadionuclideHalfLife is {own:g} s, but that of {radionuclide} in the "
                f"column radionuclide of the sheet {expected:g} s; correct the cell or "
                "the header, or empty the cell"
            )
    if all(item.half_life_s or item.radionuclide in HALF_LIVES_S for item in slices):
        return list(slices), ()
    filled = [replace(item, half_life_s=expected) for item in slices]
    lacking = next(item for item in slices if not item.half_life_s)
    found = absence(lacking, "RadionuclideHalfLife")
    return filled, (_used(found, "radionuclide", radionuclide),)


def _needs_times(slices: Sequence[PetSlice]) -> bool:
    """Say whether the SUV depends on the uptake time."""
    by_scanner = slices[0].units == "CNTS" and all(item.suv_scale for item in slices)
    corrected = slices[0].decay_correction in {"START", "NONE"}
    return slices[0].units in {"BQML", "CNTS"} and corrected and not by_scanner


def _with_uptake(
    slices: Sequence[PetSlice], uptake_min: float, limits: Limits
) -> tuple[list[PetSlice], tuple[str, ...]]:
    """Place the injection before the scan where the header does not, or compare."""
    half_life_s, _ = half_life_s_of(slices[0])
    longest_min = LONGEST_UPTAKE_HALF_LIVES * half_life_s / 60
    low, high = limits.uptake_min
    if longest_min * 60 >= DAY.total_seconds():
        high = longest_min
    _require_plausible("uptake_min", uptake_min, (low, min(high, longest_min)))
    uptake = timedelta(minutes=uptake_min)
    start = _start(slices, half_life_s)
    undated = all(
        item.injected_at is None and item.injection_time_of_day is None
        for item in slices
    )
    if start is not None and not undated:
        return [
            replace(item, sheet_uptake_s=_until(item, start, uptake)) for item in slices
        ], ()
    if start is None and slices[0].decay_correction == "NONE":
        return list(slices), ()
    moment = start or NO_CLOCK
    filled = [
        replace(
            item,
            injected_at=moment - uptake,
            injection_time_of_day=None,
            decay_reference=item.decay_reference if start else moment,
        )
        for item in slices
    ]
    what = absence(slices[0], UNDATED) if start else "the time of the scan is missing"
    return filled, (_used(what, "uptake_min", f"{uptake_min:g} minutes"),)


def _start(slices: Sequence[PetSlice], half_life_s: float) -> datetime | None:
    """Return the start of the scan; None if the header states no time."""
    times = [item.acquired_at for item in slices if item.acquired_at is not None]
    if slices[0].decay_correction == "NONE":
        return min(times) if len(times) == len(slices) else None
    if not times and slices[0].decay_reference is None:
        return None
    return reference_time(slices, half_life_s).at


def _until(item: PetSlice, start: datetime, uptake: timedelta) -> float:
    """Return seconds from the injection to the moment for which a slice is valid."""
    frame = item.decay_correction == "NONE" and item.acquired_at
    return ((frame or start) - start + uptake).total_seconds()


def _require_plausible(column: str, value: float, allowed: tuple[float, float]) -> None:
    low, high = allowed
    if not low <= value <= high:
        raise SUVError(
            f"the column {column} of the sheet is {value:g}, expected {low:g} to "
            f"{high:,.6g}; correct the cell, or empty it"
        )


def _used(found: str, column: str, value: str) -> str:
    return f"{found}: {value} of the column {column} was used"
