"""What the header of a PET slice says about activity: a record of an allow-list."""

import math
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from pydicom.dataset import Dataset

from nodal_staging.exams.suv.clock import joined, moment, time_of_day

PHILIPS = (0x7053, "Philips PET Private Group", (0x00, 0x09))
GE = (0x0009, "GEMS_PETD_01", (0x0D,))
SIEMENS = (0x0071, "SIEMENS MED PT", (0x22,))
"""Group, creator of the block, and elements within it."""

LEAST_DOSE_IN_BQ = 1e4
"""A smaller number can only be megabecquerel."""

DOSES_BQ = 1.0, 1e13
HALF_LIVES_S = 1.0, 1e9
SHORTEST_FRAME_S, LONGEST_SCAN_S = 1e-3, 1e6
LIGHTEST_PATIENT_KG, SMALLEST_PATIENT_M = 0.1, 0.1
"""Bounds of what can be true, phantoms included."""

HEAVIEST_PATIENT_KG = 1000
"""A larger number can only be grams."""

TALLEST_PATIENT_M = 3
"""A larger number can only be centimetres."""

PET_TAGS: list[Any] = [
    "Units",
    "SUVType",
    "DecayCorrection",
    "CorrectedImage",
    "PatientWeight",
    "PatientSize",
    "PatientSex",
    "SeriesDate",
    "SeriesTime",
    "AcquisitionDate",
    "AcquisitionTime",
    "FrameReferenceTime",
    "ActualFrameDuration",
    "RadiopharmaceuticalInformationSequence",
    *(
        (group, place)
        for group, _, elements in (PHILIPS, GE, SIEMENS)
        for block in range(0x10, 0x100)
        for place in (block, *(block << 8 | element for element in elements))
    ),
]
"""What is read of a PET header beside what every image has."""


@dataclass(frozen=True, slots=True)
class PetSlice:
    """Facts of one slice; None where the header is silent.

    Times are date-times of the scanner's clock, durations in s, dose in Bq, weight
    in kg, size in m; ``decay_reference`` is the moment that GE and Siemens state
    privately; ``suv_scale`` and ``activity_scale`` are Philips' private factors.
    """

    units: str
    suv_type: str
    decay_correction: str
    corrections: tuple[str, ...]
    weight_kg: float | None
    size_m: float | None
    sex: str
    dose_bq: float | None
    half_life_s: float | None
    radionuclide: str
    injected_at: datetime | None
    injection_time_of_day: timedelta | None
    decay_reference: datetime | None
    series_start: datetime | None
    acquired_at: datetime | None
    frame_reference_s: float | None
    frame_duration_s: float | None
    suv_scale: float | None
    activity_scale: float | None


def pet_slice(header: Dataset) -> PetSlice:
    """Take the facts of one header; raises what pydicom raises on damaged ones."""
    sequence = header.get("RadiopharmaceuticalInformationSequence") or []
    tracer = sequence[0] if len(sequence) else Dataset()
    suv_scale, activity_scale = _private(header, *PHILIPS)
    (ge_reference,) = _private(header, *GE)
    (siemens_reference,) = _private(header, *SIEMENS)
    return PetSlice(
        units=_word(header.get("Units")),
        suv_type=_word(header.get("SUVType")),
        decay_correction=_word(header.get("DecayCorrection")),
        corrections=_words(header.get("CorrectedImage")),
        weight_kg=_possible(
            _scaled(header.get("PatientWeight"), HEAVIEST_PATIENT_KG, 1e-3),
            LIGHTEST_PATIENT_KG,
            HEAVIEST_PATIENT_KG,
        ),
        size_m=_possible(
            _scaled(header.get("PatientSize"), TALLEST_PATIENT_M, 1e-2),
            SMALLEST_PATIENT_M,
            TALLEST_PATIENT_M,
        ),
        sex=_word(header.get("PatientSex")),
        dose_bq=_dose_bq(tracer),
        half_life_s=_possible(
            _number(tracer.get("RadionuclideHalfLife")), *HALF_LIVES_S
        ),
        radionuclide=_radionuclide(tracer),
        injected_at=moment(tracer.get("RadiopharmaceuticalStartDateTime")),
        injection_time_of_day=time_of_day(tracer.get("RadiopharmaceuticalStartTime")),
        decay_reference=moment(ge_reference) or moment(siemens_reference),
        series_start=joined(header.get("SeriesDate"), header.get("SeriesTime")),
        acquired_at=joined(
            header.get("AcquisitionDate"), header.get("AcquisitionTime")
        ),
        frame_reference_s=_milliseconds(header.get("FrameReferenceTime")),
        frame_duration_s=_possible(
            _milliseconds(header.get("ActualFrameDuration")),
            SHORTEST_FRAME_S,
            LONGEST_SCAN_S,
        ),
        suv_scale=_positive(suv_scale),
        activity_scale=_positive(activity_scale),
    )


def _private(
    header: Dataset, group: int, creator: str, elements: tuple[int, ...]
) -> list[Any]:
    """Find private values by the block's creator.

    A file that has lost every creator of the group, as anonymisers leave it, is read
    at the usual block 10.
    """
    present = header.group_dataset(group)
    creators = {
        element.tag.element: _text(element.value)
        for element in present
        if 0x10 <= element.tag.element <= 0xFF
    }
    blocks = [place for place, name in creators.items() if name == creator]
    block = blocks[0] if blocks else None if creators else 0x10
    if block is None:
        return [None] * len(elements)
    tags = [(group, block << 8 | element) for element in elements]
    return [_text(header[tag].value) if tag in header else None for tag in tags]


def _text(value: object) -> str:
    """Return text, also of private elements whose representation is unknown."""
    if isinstance(value, bytes):
        return value.decode("latin-1").strip(" \0")
    return str(value).strip()


def _word(value: object) -> str:
    return str(value or "").strip().upper()


def _words(value: object) -> tuple[str, ...]:
    if not value:
        return ()
    parts = [value] if isinstance(value, str) else list(value)  # type: ignore[call-overload]
    return tuple(_word(part) for part in parts)


def _radionuclide(tracer: Dataset) -> str:
    """Return the code of the radionuclide, for example C-131A3."""
    sequence = tracer.get("RadionuclideCodeSequence") or []
    return _word(sequence[0].get("CodeValue")) if len(sequence) else ""


def _scaled(value: object, largest: float, factor: float) -> float | None:
    number = _number(value)
    return number * factor if number is not None and number > largest else number


def _dose_bq(tracer: Dataset) -> float | None:
    dose = _number(tracer.get("RadionuclideTotalDose"))
    if dose is not None and dose < LEAST_DOSE_IN_BQ:
        dose *= 1e6
    return _possible(dose, *DOSES_BQ)


def _possible(value: float | None, least: float, most: float) -> float | None:
    """Return a value that can be true; another is as good as none."""
    return value if value is not None and least <= value <= most else None


def _number(value: object) -> float | None:
    """Parse a header's number; pydicom leaves malformed ones as text."""
    try:
        number = float(str(value).replace(",", "."))
    except ValueError:
        return None
    return number if math.isfinite(number) else None


def _positive(value: object) -> float | None:
    """Parse a factor; zero stands for none."""
    number = _number(value)
    return number if number is not None and number > 0 else None


def _milliseconds(value: object) -> float | None:
    number = _number(value)
    if number is None:
        return None
    return _possible(number / 1000, -LONGEST_SCAN_S, LONGEST_SCAN_S)
