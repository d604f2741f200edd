"""What an SUV is computed from: the facts of one PET slice."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from nodal_staging.study.errors import SUVError

COLUMNS = {
    "PatientWeight": "weight_kg",
    "PatientSize": "height_cm",
    "RadionuclideTotalDose": "dose_mbq",
    "RadionuclideHalfLife": "radionuclide",
}
"""Columns of the exam sheet for attributes that a header lacks."""

OF_TRACER = frozenset(
    {
        "RadionuclideTotalDose",
        "RadionuclideHalfLife",
        "RadiopharmaceuticalStartTime",
        "RadiopharmaceuticalStartDateTime",
    }
)
"""Attributes that stand in RadiopharmaceuticalInformationSequence."""


@dataclass(frozen=True, slots=True)
class PetSlice:
    """Facts of one slice; None where the header is silent.

    Times are date-times of the scanner's clock, durations in s, dose in Bq, weight
    in kg, size in m; ``decay_reference`` is the moment that GE and Siemens state
    privately; ``suv_scale`` and ``activity_scale`` are Philips' private factors.
    ``tracers`` counts injections, of which ``chosen_tracer`` is the one that the sheet
    names, counted from 1. ``injected_at`` was turned from its own offset from
    UTC to that of the scanner (``injection_converted``), or is taken as it stands
    since the scanner's is missing (``injection_zone_unknown``). ``assumed_units`` are
    remarks on numbers that were read in another unit than the standard's.
    ``sheet_uptake_s`` is the uptake time by the exam sheet, which the header's own
    times must agree with. ``impossible`` says of attributes that are None here, but
    present, what was found.
    """

    units: str
    suv_type: str
    decay_correction: str
    corrections: tuple[str, ...]
    weight_kg: float | None
    size_m: float | None
    sex: str
    tracers: int
    dose_bq: float | None
    half_life_s: float | None
    radionuclide: str
    injected_at: datetime | None
    injection_converted: bool
    injection_zone_unknown: bool
    injection_time_of_day: timedelta | None
    decay_reference: datetime | None
    series_start: datetime | None
    acquired_at: datetime | None
    frame_reference_s: float | None
    frame_duration_s: float | None
    suv_scale: float | None
    activity_scale: float | None
    assumed_units: tuple[str, ...] = ()
    chosen_tracer: int | None = None
    sheet_uptake_s: float | None = None
    injection_stop_of_day: timedelta | None = None
    impossible: tuple[tuple[str, str], ...] = ()


def required(item: PetSlice, name: str, value: float | None) -> float:
    """Return a positive number of the header.

    Raises
    ------
    SUVError
        Naming the attribute, if it is missing or not positive.
    """
    if not value or value <= 0:
        raise missing(item, name)
    return value


def missing(item: PetSlice, name: str) -> SUVError:
    """Return the error for an attribute without which there is no SUV."""
    column = COLUMNS.get(name)
    fill = f"fill in the column {column} of exams.tsv, " if column else ""
    return SUVError(
        f"{needed(item, name)}; complete or correct the header, {fill}"
        "or leave the pet cell empty"
    )


def needed(item: PetSlice, name: str) -> str:
    """Say that an attribute is missing, or the sequence that holds it."""
    if name in OF_TRACER and item.tracers == 0:
        return (
            "RadiopharmaceuticalInformationSequence is missing or empty, and with it "
            f"{name}"
        )
    return absence(item, name)


def absence(item: PetSlice, name: str) -> str:
    """Say that an attribute is missing, or what was found in its place."""
    found = dict(item.impossible).get(name)
    return f"{name} is missing" if found is None else f"{name} is {found}"
