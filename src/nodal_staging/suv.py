"""Body-weight SUV from the headers of a PET series.

References
----------
QIBA vendor-neutral pseudo-code for SUV; IBSI reference objects for SUV; the Philips
conformance text on private group 7053: ((stored x slope) + intercept) x factor.
"""

import math
from dataclasses import dataclass
from datetime import datetime, timedelta

from pydicom.dataset import Dataset

from nodal_staging.problems import InputError

PHILIPS_CREATOR = "Philips PET Private Group"
LONGEST_UPTAKE_HALF_LIVES = 6
LEAST_DOSE_IN_BQ = 1e4
"""A smaller number can only be megabecquerel."""

HEAVIEST_PATIENT_KG = 1000
"""A larger number can only be grams."""


class SUVError(InputError):
    """The headers do not tell how to compute an SUV."""

    reason = "unusable_suv"


@dataclass(frozen=True, slots=True)
class PetSlice:
    """What the header of a PET slice says about activity; None where it is silent.

    Times are date-times of the scanner's clock, durations in s, dose in Bq, weight
    in kg; ``suv_scale`` and ``activity_scale`` are Philips' private factors.
    """

    units: str
    suv_type: str
    decay_correction: str
    corrections: tuple[str, ...]
    weight_kg: float | None
    dose_bq: float | None
    half_life_s: float | None
    injected_at: datetime | None
    injection_time_of_day: timedelta | None
    series_start: datetime | None
    acquired_at: datetime | None
    frame_reference_s: float | None
    frame_duration_s: float | None
    suv_scale: float | None
    activity_scale: float | None
    rescale_intercept: float


def pet_slice(header: Dataset) -> PetSlice:
    """Take the allow-listed facts of one PET header."""
    sequence = header.get("RadiopharmaceuticalInformationSequence") or []
    tracer = sequence[0] if len(sequence) else Dataset()
    suv_scale, activity_scale = _philips_factors(header)
    return PetSlice(
        units=str(header.get("Units") or ""),
        suv_type=str(header.get("SUVType") or ""),
        decay_correction=str(header.get("DecayCorrection") or ""),
        corrections=tuple(header.get("CorrectedImage") or ()),
        weight_kg=_weight_kg(header),
        dose_bq=_dose_bq(tracer),
        half_life_s=_number(tracer.get("RadionuclideHalfLife")),
        injected_at=_moment(tracer.get("RadiopharmaceuticalStartDateTime")),
        injection_time_of_day=_time_of_day(tracer.get("RadiopharmaceuticalStartTime")),
        series_start=_moment_of(header, "Series"),
        acquired_at=_moment_of(header, "Acquisition"),
        frame_reference_s=_milliseconds(header.get("FrameReferenceTime")),
        frame_duration_s=_milliseconds(header.get("ActualFrameDuration")),
        suv_scale=suv_scale,
        activity_scale=activity_scale,
        rescale_intercept=float(header.get("RescaleIntercept") or 0),
    )


def suv_factors(slices: list[PetSlice], *, role: str) -> list[float]:
    """Return the factor from rescaled value to SUVbw for each slice.

    Parameters
    ----------
    slices
        All slices of one series.
    role
        How messages call the series, for example ``exam E0001, column pet``.

    Returns
    -------
    One factor per slice: g/ml per unit of the rescaled value.

    Raises
    ------
    SUVError
        Naming the attribute that is missing or out of range.
    """
    for item in slices:
        if item.rescale_intercept != 0:
            raise SUVError(
                f"{role}: RescaleIntercept must be 0 in a PET series, found "
                f"{item.rescale_intercept:g}; export the series again"
            )
    first = slices[0]
    if first.units == "GML":
        _expect(first.suv_type in {"", "BW"}, role, "SUVType", first.suv_type, "BW")
        return [1.0] * len(slices)
    if first.units == "CNTS":
        return [_counts_factor(item, slices, role) for item in slices]
    _expect(first.units == "BQML", role, "Units", first.units, "BQML, CNTS or GML")
    return [_activity_factor(slices, role)] * len(slices)


def _counts_factor(item: PetSlice, slices: list[PetSlice], role: str) -> float:
    """Use Philips' SUV factor, or the activity factor and then the dose."""
    if item.suv_scale:
        return item.suv_scale
    if item.activity_scale:
        return item.activity_scale * _activity_factor(slices, role)
    raise SUVError(
        f"{role}: Units CNTS without the private Philips factors (7053,xx00) and "
        "(7053,xx09); ask for a series in BQML, or leave the pet cell empty"
    )


def _activity_factor(slices: list[PetSlice], role: str) -> float:
    """Return (g/ml) per (Bq/ml): weight over the dose left at the reference time."""
    first = slices[0]
    for word in ("ATTN", ("DECY", "DECAY")):
        words = (word,) if isinstance(word, str) else word
        if not set(words) & set(first.corrections):
            raise SUVError(
                f"{role}: CorrectedImage lacks {words[0]}; "
                "use a series corrected for attenuation and decay"
            )
    weight_kg = _required(first.weight_kg, role, "PatientWeight")
    dose_bq = _required(first.dose_bq, role, "RadionuclideTotalDose")
    if first.decay_correction == "ADMIN":
        return 1000 * weight_kg / dose_bq
    _expect(
        first.decay_correction == "START",
        role,
        "DecayCorrection",
        first.decay_correction or "nothing",
        "START or ADMIN",
    )
    half_life_s = _required(first.half_life_s, role, "RadionuclideHalfLife")
    reference = _reference_time(slices, half_life_s, role)
    uptake_s = _uptake_s(first, reference, half_life_s, role)
    return 1000 * weight_kg / (dose_bq * math.pow(2, -uptake_s / half_life_s))


def _reference_time(slices: list[PetSlice], half_life_s: float, role: str) -> datetime:
    """Return the moment to which the series is decay-corrected.

    The series time counts unless it is later than the earliest acquisition, as
    after post-processing; then the time is computed back from the frame, and where
    the frame does not tell, the earliest acquisition counts.
    """
    acquisitions = [item.acquired_at for item in slices if item.acquired_at]
    if not acquisitions:
        raise SUVError(f"{role}: AcquisitionDate or AcquisitionTime is missing")
    earliest = min(acquisitions)
    start = slices[0].series_start
    if start and start <= earliest:
        return start
    first = min(
        (item for item in slices if item.acquired_at),
        key=lambda item: item.acquired_at or earliest,
    )
    if first.frame_reference_s and first.frame_duration_s:
        decay = math.log(2) / half_life_s * first.frame_duration_s
        average_s = (
            math.log(decay / -math.expm1(-decay)) / decay * first.frame_duration_s
        )
        return earliest + timedelta(seconds=average_s - first.frame_reference_s)
    return earliest


def _uptake_s(
    item: PetSlice, reference: datetime, half_life_s: float, role: str
) -> float:
    """Return seconds from injection to the reference time, across midnight too."""
    injected = item.injected_at
    if injected is None:
        if item.injection_time_of_day is None:
            raise SUVError(
                f"{role}: RadiopharmaceuticalStartTime is missing; "
                "the uptake time is unknown"
            )
        midnight = reference.replace(hour=0, minute=0, second=0, microsecond=0)
        injected = midnight + item.injection_time_of_day
        if injected > reference:
            injected -= timedelta(days=1)
    uptake_s = (reference - injected).total_seconds()
    if not 0 <= uptake_s <= LONGEST_UPTAKE_HALF_LIVES * half_life_s:
        raise SUVError(
            f"{role}: {uptake_s / 60:.0f} minutes from injection to scan, expected "
            f"0 to {LONGEST_UPTAKE_HALF_LIVES} half-lives; correct the injection time"
        )
    return uptake_s


def _philips_factors(header: Dataset) -> tuple[float | None, float | None]:
    """Find Philips' factors by the block's creator; zero means unusable.

    A file that has lost every creator of the group, as anonymisers leave it, is read
    at the usual block 10.
    """
    try:
        block = header.private_block(0x7053, PHILIPS_CREATOR).block_start
    except KeyError:
        if any(
            0x10 <= element.tag.element <= 0xFF
            for element in header.group_dataset(0x7053)
        ):
            return None, None
        block = 0x1000
    values = [
        _number(header[0x7053, block + element].value)
        if (0x7053, block + element) in header
        else None
        for element in (0x00, 0x09)
    ]
    return values[0] or None, values[1] or None


def _required(value: float | None, role: str, name: str) -> float:
    if not value or value <= 0:
        raise SUVError(
            f"{role}: {name} is missing or not positive; complete the header, "
            "or leave the pet cell empty"
        )
    return value


def _expect(holds: bool, role: str, name: str, found: str, expected: str) -> None:
    if not holds:
        raise SUVError(
            f"{role}: {name} is {found}, expected {expected}; "
            "ask for such a series, or leave the pet cell empty"
        )


def _weight_kg(header: Dataset) -> float | None:
    weight = _number(header.get("PatientWeight"))
    if weight is not None and weight > HEAVIEST_PATIENT_KG:
        return weight / 1000
    return weight


def _dose_bq(tracer: Dataset) -> float | None:
    dose = _number(tracer.get("RadionuclideTotalDose"))
    if dose is not None and dose < LEAST_DOSE_IN_BQ:
        return dose * 1e6
    return dose


def _number(value: object) -> float | None:
    """Parse a header's number; pydicom leaves malformed ones as text."""
    try:
        number = float(str(value).replace(",", "."))
    except ValueError:
        return None
    return number if math.isfinite(number) else None


def _milliseconds(value: object) -> float | None:
    number = _number(value)
    return None if number is None else number / 1000


def _moment(value: object) -> datetime | None:
    """Parse DICOM DT without its time-zone suffix."""
    text = str(value or "").split("+")[0].split("-")[0].strip()
    for length, form in ((14, "%Y%m%d%H%M%S"), (12, "%Y%m%d%H%M")):
        try:
            moment = datetime.strptime(text[:length], form)
        except ValueError:
            continue
        return moment + _fraction(text)
    return None


def _moment_of(header: Dataset, prefix: str) -> datetime | None:
    """Join a DA and a TM attribute."""
    day, time = header.get(f"{prefix}Date"), header.get(f"{prefix}Time")
    of_day = _time_of_day(time)
    if not day or of_day is None:
        return None
    try:
        return datetime.strptime(str(day).replace(".", ""), "%Y%m%d") + of_day
    except ValueError:
        return None


def _time_of_day(value: object) -> timedelta | None:
    """Parse DICOM TM."""
    text = str(value or "").replace(":", "").strip()
    if len(text.split(".")[0]) not in {2, 4, 6} or not text[:2].isdigit():
        return None
    whole = text.split(".")[0].ljust(6, "0")
    return timedelta(
        hours=int(whole[:2]), minutes=int(whole[2:4]), seconds=int(whole[4:6])
    ) + _fraction(text)


def _fraction(text: str) -> timedelta:
    """Return the fraction of a second behind the point."""
    _, _, digits = text.partition(".")
    return timedelta(seconds=float(f"0.{digits}") if digits.isdigit() else 0)
