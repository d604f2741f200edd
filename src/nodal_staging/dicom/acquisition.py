"""What the headers of a CT say about how it was made."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median

from pydicom.dataset import Dataset

from nodal_staging.dicom.elements import finite, text, texts
from nodal_staging.dicom.headers import FileHeader

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
]
"""Beside geometry; descriptions are matched against patterns and then forgotten."""

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
    """

    contrast_agent: bool
    contrast_described: bool | None
    low_dose_described: bool
    exposure_mas: float | None
    ctdi_mgy: float | None


def acquisition(headers: Sequence[FileHeader], wording: Wording) -> Acquisition:
    """Gather the evidence of the images of one series."""
    datasets = [item.header for item in headers]
    descriptions = {
        text(header, name)
        for header in datasets
        for name in ("SeriesDescription", "ProtocolName")
    }
    return Acquisition(
        contrast_agent=any(map(_names_agent, datasets)),
        contrast_described=_described(descriptions, wording),
        low_dose_described=_matches(wording.low_dose, descriptions),
        exposure_mas=_median(map(_exposure_mas, datasets)),
        ctdi_mgy=_median(_number(header, "CTDIvol") for header in datasets),
    )


def _names_agent(header: Dataset) -> bool:
    agent = text(header, "ContrastBolusAgent").upper()
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
    contrast = _matches(wording.contrast, descriptions)
    native = _matches(wording.native, descriptions)
    return None if contrast == native else contrast


def _matches(pattern: str, descriptions: set[str]) -> bool:
    return bool(pattern) and any(
        re.search(pattern, words, re.IGNORECASE) for words in descriptions
    )


def _exposure_mas(header: Dataset) -> float | None:
    milli = _number(header, "Exposure")
    micro = _number(header, "ExposureInuAs")
    if milli is not None:
        return milli
    return None if micro is None else micro / 1000


def _number(header: Dataset, keyword: str) -> float | None:
    """Return a positive number, None where it is absent, zero or damaged."""
    if keyword not in header:
        return None
    element = header.get_item(keyword)
    if element.VR == "FD" and isinstance(element.value, bytes):
        value = header[keyword].value
        return float(value) if isinstance(value, float) and value > 0 else None
    parts = texts(header, keyword)
    number = finite(parts[0]) if parts else None
    return number if number is not None and number > 0 else None


def _median(values: object) -> float | None:
    known = [value for value in values if value is not None]  # type: ignore[attr-defined]
    return float(median(known)) if known else None
