"""What an SUV is computed from: the facts of one PET slice."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from nodal_staging.study.errors import SUVError


@dataclass(frozen=True, slots=True)
class PetSlice:
    """Facts of one slice; None where the header is silent.

    Times are date-times of the scanner's clock, durations in s, dose in Bq, weight
    in kg, size in m; ``decay_reference`` is the moment that GE and Siemens state
    privately; ``suv_scale`` and ``activity_scale`` are Philips' private factors.
    ``tracers`` counts injections. ``injected_at`` was turned from its own offset from
    UTC to that of the scanner (``injection_converted``), or is taken as it stands
    since the scanner's is missing (``injection_zone_unknown``). ``assumed_units`` are
    remarks on numbers that were read in another unit than the standard's.
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


def required(value: float | None, name: str) -> float:
    """Return a positive number of the header.

    Raises
    ------
    SUVError
        Naming the attribute, if it is missing or not positive.
    """
    if not value or value <= 0:
        raise missing(name)
    return value


def missing(name: str) -> SUVError:
    """Return the error for an attribute without which there is no SUV."""
    return SUVError(
        f"{name} is missing or impossible; complete the header, "
        "or leave the pet cell empty"
    )
