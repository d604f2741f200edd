"""What the headers of a CT say about how it was made."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from statistics import median

from pydicom.dataset import Dataset

from nodal_staging.exams.dicom.clock import joined
from nodal_staging.exams.dicom.elements import readable_number, readable_text
from nodal_staging.exams.dicom.headers import FileHeader

ACQUISITION_TAGS = [
    "ContrastBolusAgent",
    "ContrastBolusVolume",
    "ContrastBolusTotalDose",
    "ContrastBolusAgentSequence",
    "Exposure",
    "ExposureInuAs",
    "CTDIvol",
    "SeriesDescription",
    "ProtocolName",
    "AcquisitionDate",
    "AcquisitionTime",
    "SeriesDate",
    "SeriesTime",
    "StudyDate",
    "StudyTime",
    "PatientAge",
    "PatientBirthDate",
]
"""Not of the geometry; descriptions are matched against patterns and not kept."""

AGE = re.compile(r"(\d{3})Y")
OLDEST_YEARS = 90
"""A higher age would point to a person."""

NO_AGENT = frozenset({"", "0", "NONE", "NO", "N/A", "NA", "KEIN", "KEINE"})


@dataclass(frozen=True, slots=True)
class Wording:
    """How a site's descriptions call a series; regular expressions, case ignored.

    An empty pattern matches nothing.
    """

    contrast: str = ""
    native: str = ""
    low_dose: str = ""


@dataclass(frozen=True, slots=True)
class Acquisition:
    """Evidence on contrast and dose; None where the headers are silent.

    Attributes
    ----------
    contrast_agent
        True where an agent, its volume or dose is named; absence proves nothing.
    contrast_described
        What the descriptions say; None where they say nothing or both.
    low_dose_described
        True where a description calls the CT low-dose or attenuation correction.
    exposure_mas, ctdi_mgy
        Medians over slices.
    moment
        When the first image was made. It orders the exams of a patient and must not
        leave the process.
    age_years
        Of the patient, at most 90.
    """

    contrast_agent: bool
    contrast_described: bool | None
    low_dose_described: bool
    exposure_mas: float | None
    ctdi_mgy: float | None
    moment: datetime | None = None
    age_years: int | None = None


def acquisition(headers: Sequence[FileHeader], wording: Wording) -> Acquisition:
    """Gather the evidence of the images of one series."""
    datasets = [item.header for item in headers]
    moment = _moment(datasets)
    descriptions = {
        readable_text(header, name)
        for header in datasets
        for name in ("SeriesDescription", "ProtocolName")
    }
    return Acquisition(
        contrast_agent=any(map(_names_agent, datasets)),
        contrast_described=_described(descriptions, wording),
        low_dose_described=_matches(wording.low_dose, descriptions),
        exposure_mas=_median(map(_exposure_mas, datasets)),
        ctdi_mgy=_median(_number(header, "CTDIvol") for header in datasets),
        moment=moment,
        age_years=_age_years(datasets[0], moment),
    )


def _names_agent(header: Dataset) -> bool:
    agent = readable_text(header, "ContrastBolusAgent").upper()
    amounts = (
        _number(header, name)
        for name in ("ContrastBolusVolume", "ContrastBolusTotalDose")
    )
    return agent not in NO_AGENT or any(amounts) or _has_agent_item(header)


def _has_agent_item(header: Dataset) -> bool:
    """Tell whether the sequence of agents has an item, without parsing it."""
    if "ContrastBolusAgentSequence" not in header:
        return False
    value = header.get_item("ContrastBolusAgentSequence").value
    return value is not None and len(value) > 0


def _described(descriptions: set[str], wording: Wording) -> bool | None:
    """Look for contrast in what remains when words of its absence are taken out."""
    native = _matches(wording.native, descriptions)
    if native:
        descriptions = {
            re.sub(wording.native, " ", words, flags=re.IGNORECASE)
            for words in descriptions
        }
    contrast = _matches(wording.contrast, descriptions)
    return None if contrast == native else contrast


def _matches(pattern: str, descriptions: set[str]) -> bool:
    return bool(pattern) and any(
        re.search(pattern, words, re.IGNORECASE) for words in descriptions
    )


def _moment(headers: Sequence[Dataset]) -> datetime | None:
    """Return when the first image was made: acquisition, else series, else study."""
    for prefix in ("Acquisition", "Series", "Study"):
        stated = {
            (
                readable_text(header, f"{prefix}Date"),
                readable_text(header, f"{prefix}Time") or "00",
            )
            for header in headers
        }
        moments = [joined(day, time) for day, time in stated if day]
        known = [moment for moment in moments if moment is not None]
        if known:
            return min(known)
    return None


def _age_years(header: Dataset, moment: datetime | None) -> int | None:
    """Return the age in whole years, capped as de-identification requires."""
    stated = AGE.fullmatch(readable_text(header, "PatientAge"))
    born = joined(readable_text(header, "PatientBirthDate"), "00")
    if stated is not None:
        years = int(stated.group(1))
    elif born is not None and moment is not None:
        before = (moment.month, moment.day) < (born.month, born.day)
        years = moment.year - born.year - before
    else:
        return None
    return min(years, OLDEST_YEARS) if years >= 0 else None


def _exposure_mas(header: Dataset) -> float | None:
    milli = _number(header, "Exposure")
    micro = _number(header, "ExposureInuAs")
    if milli is not None:
        return milli
    return None if micro is None else micro / 1000


def _number(header: Dataset, keyword: str) -> float | None:
    """Return a positive number, None where it is absent, zero or damaged."""
    number = readable_number(header, keyword)
    return number if number is not None and number > 0 else None


def _median(values: object) -> float | None:
    known = [value for value in values if value is not None]  # type: ignore[attr-defined]
    return float(median(known)) if known else None
