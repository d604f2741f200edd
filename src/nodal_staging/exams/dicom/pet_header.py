"""What the header of a PET slice says about activity: a record of an allow-list."""

import re
from datetime import datetime, timedelta
from typing import Any

from pydicom.dataset import Dataset

from nodal_staging.exams.dicom.clock import (
    joined,
    moment,
    suffix_offset,
    time_of_day,
    utc_offset,
)
from nodal_staging.exams.dicom.elements import (
    Name,
    items,
    readable_number,
    readable_text,
    text,
    texts,
)
from nodal_staging.exams.suv.pet_slice import PetSlice

PHILIPS = (0x7053, "Philips PET Private Group", (0x00, 0x09))
GE = (0x0009, "GEMS_PETD_01", (0x0D,))
SIEMENS = (0x0071, "SIEMENS MED PT", (0x22,))
"""Group, creator of the block, and elements within it."""

LEAST_DOSE_IN_BQ = 1e4
"""A smaller number can only be megabecquerel."""

WEIGHTS_KG = 0.1, 1000.0
"""A larger number can only be grams."""

SIZES_M = 0.1, 3.0
"""A larger number can only be centimetres."""

SHORT_TIME = re.compile(r"\d{1,6}", re.ASCII)
"""Digits of a time of day, too few for a date."""

DOSES_BQ = 1.0, 1e13
HALF_LIVES_S = 1.0, 1e9
FRAME_DURATIONS_S = 1e-3, 1e6
FRAME_REFERENCES_S = -1e6, 1e6
"""Bounds of what can be true, phantoms included."""

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
    "TimezoneOffsetFromUTC",
    "RadiopharmaceuticalInformationSequence",
    *(
        (group, place)
        for group, _, elements in (PHILIPS, GE, SIEMENS)
        for block in range(0x10, 0x100)
        for place in (block, *(block << 8 | element for element in elements))
    ),
]
"""What is read of a PET header in addition to what every image has."""


def pet_slice(header: Dataset, injection: float | None = None) -> PetSlice:
    """Take the facts of one header.

    ``injection`` is the number of the injection that counts where there are several,
    from 1; one that the header does not have is ignored here.
    A damaged number, or one that cannot be true, counts as none. Raises what pydicom
    raises on damaged sequences.
    """
    tracers = items(header, "RadiopharmaceuticalInformationSequence")
    stated = [item for item in tracers if len(item)]
    chosen = _chosen(injection, len(stated))
    tracer = stated[(chosen or 1) - 1] if stated else Dataset()
    scanner_offset = utc_offset(readable_text(header, "TimezoneOffsetFromUTC"))
    injected = text(tracer, "RadiopharmaceuticalStartDateTime")
    offset = suffix_offset(injected)
    suv_scale, activity_scale = _private(header, *PHILIPS)
    (ge_reference,) = _private(header, *GE)
    (siemens_reference,) = _private(header, *SIEMENS)
    return PetSlice(
        units=_word(header, "Units"),
        suv_type=_word(header, "SUVType"),
        decay_correction=_word(header, "DecayCorrection"),
        corrections=tuple(map(str.upper, texts(header, "CorrectedImage"))),
        weight_kg=_scaled(header, "PatientWeight", 1e-3, WEIGHTS_KG),
        size_m=_scaled(header, "PatientSize", 1e-2, SIZES_M),
        sex=_word(header, "PatientSex"),
        tracers=len(stated),
        dose_bq=_dose_bq(tracer),
        half_life_s=_possible(
            readable_number(tracer, "RadionuclideHalfLife"), HALF_LIVES_S
        ),
        radionuclide=_word(_first(tracer, "RadionuclideCodeSequence"), "CodeValue"),
        injected_at=moment(injected, scanner_offset),
        injection_converted=offset not in {None, scanner_offset},
        injection_zone_unknown=offset is not None and scanner_offset is None,
        injection_time_of_day=time_of_day(text(tracer, "RadiopharmaceuticalStartTime")),
        decay_reference=_moment(header, ge_reference, scanner_offset)
        or _moment(header, siemens_reference, scanner_offset),
        series_start=_joined(header, "Series"),
        acquired_at=_joined(header, "Acquisition"),
        frame_reference_s=_seconds(header, "FrameReferenceTime", FRAME_REFERENCES_S),
        frame_duration_s=_seconds(header, "ActualFrameDuration", FRAME_DURATIONS_S),
        suv_scale=_factor(header, suv_scale),
        activity_scale=_factor(header, activity_scale),
        assumed_units=_assumed_units(header, tracer),
        chosen_tracer=chosen,
        injection_stop_of_day=time_of_day(
            readable_text(tracer, "RadiopharmaceuticalStopTime")
        ),
        impossible=_impossible(header, tracer),
    )


def _chosen(injection: float | None, count: int) -> int | None:
    """Return the number of the injection that counts, None if no such one is there."""
    return next((n for n in range(1, count + 1) if n == injection), None)


def _first(header: Dataset, keyword: str) -> Dataset:
    """Return the first item of a sequence, an empty one where there is none."""
    return next(iter(items(header, keyword)), Dataset())


def _private(
    header: Dataset, group: int, creator: str, elements: tuple[int, ...]
) -> list[Name | None]:
    """Find private elements by the block's creator, None where they are not stated.

    A file that has lost every creator of the group, as anonymisers leave it, is read
    at the usual block 10.
    """
    creators = {
        tag.element: text(header, (group, tag.element))
        for tag in header.keys()
        if tag.group == group and 0x10 <= tag.element <= 0xFF
    }
    blocks = [place for place, name in creators.items() if name == creator]
    block = blocks[0] if blocks else None if creators else 0x10
    if block is None:
        return [None] * len(elements)
    return [(group, block << 8 | element) for element in elements]


def _moment(
    header: Dataset, name: Name | None, scanner_offset: timedelta | None
) -> datetime | None:
    return None if name is None else moment(text(header, name), scanner_offset)


def _joined(header: Dataset, prefix: str) -> datetime | None:
    return joined(text(header, f"{prefix}Date"), text(header, f"{prefix}Time"))


def _factor(header: Dataset, name: Name | None) -> float | None:
    """Return a private factor; zero stands for none."""
    value = None if name is None else readable_number(header, name)
    return value if value is not None and value > 0 else None


def _word(header: Dataset, keyword: str) -> str:
    return text(header, keyword).upper()


def _scaled(
    header: Dataset, keyword: str, factor: float, bounds: tuple[float, float]
) -> float | None:
    """Return a measure of the body; beyond its bounds it is in a smaller unit."""
    value = readable_number(header, keyword)
    if value is not None and value > bounds[1]:
        value *= factor
    return _possible(value, bounds)


def _dose_bq(tracer: Dataset) -> float | None:
    dose = readable_number(tracer, "RadionuclideTotalDose")
    if dose is not None and dose < LEAST_DOSE_IN_BQ:
        dose *= 1e6
    return _possible(dose, DOSES_BQ)


def _assumed_units(header: Dataset, tracer: Dataset) -> tuple[str, ...]:
    """Remark on a dose and a weight that are not in Bq and kg."""
    dose = readable_number(tracer, "RadionuclideTotalDose")
    weight = readable_number(header, "PatientWeight")
    notes = []
    if dose is not None and 0 < dose < LEAST_DOSE_IN_BQ:
        notes.append(f"RadionuclideTotalDose is {dose:g}: it was taken as MBq, not Bq")
    if weight is not None and weight > WEIGHTS_KG[1]:
        notes.append(f"PatientWeight is {weight:g}: it was taken as g, not kg")
    return tuple(notes)


def _impossible(header: Dataset, tracer: Dataset) -> tuple[tuple[str, str], ...]:
    """Say of present attributes that cannot be true what they state.

    Only a number, and a time of digits, is quoted: text may name a person.
    """
    found = []
    for source, name in (
        (header, "PatientWeight"),
        (header, "PatientSize"),
        (header, "ActualFrameDuration"),
        (tracer, "RadionuclideTotalDose"),
        (tracer, "RadionuclideHalfLife"),
    ):
        value = readable_number(source, name)
        if value is not None:
            found.append((name, f"{value:g}, which is impossible"))
        elif readable_text(source, name):
            found.append((name, "no number"))
    stated = readable_text(tracer, "RadiopharmaceuticalStartTime")
    if stated and time_of_day(stated) is None:
        shown = SHORT_TIME.fullmatch(stated)
        found.append(
            (
                "RadiopharmaceuticalStartTime",
                f"{stated}, which is no time" if shown else "no time",
            )
        )
    return tuple(found)


def _seconds(
    header: Dataset, keyword: str, bounds: tuple[float, float]
) -> float | None:
    """Return a time that stands in milliseconds."""
    value = readable_number(header, keyword)
    return None if value is None else _possible(value / 1000, bounds)


def _possible(value: float | None, bounds: tuple[float, float]) -> float | None:
    """Return a value that can be true; another is as good as none."""
    least, most = bounds
    return value if value is not None and least <= value <= most else None
