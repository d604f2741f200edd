"""Which CT and which PET of an exam are meant, by evidence that is listed.

Each series gets points. It is taken if it is the only one, or leads by ``MARGIN``.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from nodal_staging.cohort.contrast_and_dose import Rules, contrast, low_dose
from nodal_staging.cohort.imported.drafted_exam import Candidate, Source
from nodal_staging.cohort.imported.found_series import FoundSeries
from nodal_staging.exams.dicom import Acquisition, Repairs
from nodal_staging.exams.dicom.acquisition import acquisition
from nodal_staging.exams.dicom.elements import readable_text, texts
from nodal_staging.exams.dicom.frames import Frame
from nodal_staging.exams.dicom.grouping import grouped, without_copies
from nodal_staging.exams.dicom.series_choice import Traits, traits_of
from nodal_staging.exams.dicom.stacking import stack
from nodal_staging.geometry import Lattice
from nodal_staging.study.errors import DicomSeriesError

MARGIN = 2
"""Least lead of the series that is taken."""

LEAST_LENGTH_MM = 50.0
"""What is shorter is a tracking of the bolus or a test of the injection."""

SEGMENTED, CONTRAST, THINNEST, SOFT, LOW_DOSE = 8, 4, 2, 1, -8
SAME_FRAME, ATTENUATION, IN_SUV = 4, 4, 4
"""Points of the evidence; docs/import.md lists them."""

SOFT_KERNEL = re.compile(
    r"STANDARD|SOFT|SMOOTH|BODY|B|C|FC[01]\d|[BDHI][fr]?[1-4]\d[a-z]?(-\d)?",
    re.IGNORECASE,
)
SUV_UNITS = frozenset({"BQML", "CNTS", "GML", "CM2ML"})
UNCORRECTED = re.compile(r"\bNAC\b|no[ _-]?ac\b|uncorr|unkorr|ohne[ _-]?sk", re.I)
STRAIGHTENED = (True, True)
"""Geometry is judged by the check; here any grid will do."""


@dataclass(slots=True)
class ScanVolume:
    """One volume of a series, as ``grouping`` parts it from the others.

    Attributes
    ----------
    series, frames
        Where it is from, and its images.
    traits
        What distinguishes it from others.
    acquisition
        Evidence on contrast, dose and date.
    lattice
        Its grid; None where the images form none.
    source
        Its files, with the damaged ones if the series is one volume.
    """

    series: FoundSeries
    frames: list[Frame]
    traits: Traits
    acquisition: Acquisition
    lattice: Lattice | None
    source: Source


def volumes_of(
    series: FoundSeries, files: Sequence[Path], rules: Rules
) -> list[ScanVolume]:
    """Part a series into volumes.

    Copies that contradict each other all stay, so that the check names them.
    """
    try:
        frames = without_copies(series.frames, lambda: list(files))
    except DicomSeriesError:
        frames = series.frames
    parts = grouped(frames)
    return [
        _volume(series, part, files, rules, damaged=len(parts) == 1) for part in parts
    ]


def _volume(
    series: FoundSeries,
    frames: list[Frame],
    files: Sequence[Path],
    rules: Rules,
    *,
    damaged: bool,
) -> ScanVolume:
    try:
        found = stack(frames, repairs=Repairs(*STRAIGHTENED))
        lattice: Lattice | None = found.lattice
        order = [frames[place].file for place in found.order]
    except DicomSeriesError:
        lattice, order = None, [frame.file for frame in frames]
    numbers = dict.fromkeys([*order, *(series.damaged if damaged else [])])
    return ScanVolume(
        series,
        frames,
        traits_of(frames, series.header),
        acquisition(series.sampled, rules.wording),
        lattice,
        Source(tuple(files[number] for number in numbers), folder=True),
    )


def usable(volumes: Sequence[ScanVolume]) -> list[ScanVolume]:
    """Return the volumes that may be the scan: axial, long enough, original.

    Derived images count only where there are no others.
    """
    axial = [
        one
        for one in volumes
        if one.traits.direction == "axial" and _length_mm(one) >= LEAST_LENGTH_MM
    ]
    original = [
        one for one in axial if "DERIVED" not in one.traits.type.upper().split("/")
    ]
    return original or axial


def ct_candidates(
    volumes: Sequence[ScanVolume], drawn_on: Sequence[str], rules: Rules
) -> list[Candidate]:
    """Judge the CTs of an exam.

    Parameters
    ----------
    volumes
        Usable ones.
    drawn_on
        Digests of the series to which segmentations of the exam refer.
    rules
        What is evidence of contrast and of low dose.
    """
    thinnest = min((_step_mm(one) for one in volumes), default=0.0)
    found = []
    for one in volumes:
        points = {
            "segmented on it": SEGMENTED * (one.series.identity.series in drawn_on),
            "contrast": CONTRAST * (contrast(None, one.acquisition, rules) == "yes"),
            "thinnest slices": THINNEST * (_step_mm(one) <= thinnest),
            "soft kernel": SOFT * bool(SOFT_KERNEL.fullmatch(one.traits.kernel)),
            "low dose": LOW_DOSE * (low_dose(None, one.acquisition, rules) == "yes"),
        }
        found.append(_candidate(one, points))
    return found


def pet_candidates(
    volumes: Sequence[ScanVolume], drawn_on: Sequence[str], frames: Sequence[str]
) -> list[Candidate]:
    """Judge the PETs of an exam.

    Parameters
    ----------
    volumes
        Usable ones.
    drawn_on
        Digests of the series to which segmentations of the exam refer.
    frames
        Digests of the frames of reference of the CT, or of all CTs if it is not known.
    """
    found = []
    for one in volumes:
        header = one.series.header
        corrections = {word.upper() for word in _words(header)}
        described = readable_text(header, "SeriesDescription")
        corrected = "ATTN" in corrections and not UNCORRECTED.search(described)
        units = readable_text(header, "Units").upper()
        points = {
            "segmented on it": SEGMENTED * (one.series.identity.series in drawn_on),
            "frame of the CT": SAME_FRAME * (one.series.identity.frame in frames),
            "attenuation corrected": ATTENUATION * corrected,
            "units of activity or SUV": IN_SUV * (units in SUV_UNITS),
        }
        found.append(_candidate(one, points))
    return found


def _words(header: object) -> tuple[str, ...]:
    try:
        return texts(header, "CorrectedImage")
    except DicomSeriesError:
        return ()


def _step_mm(volume: ScanVolume) -> float:
    """Return the distance of slices, or their thickness where they form no grid."""
    if volume.lattice is not None:
        return round(volume.lattice.spacing_mm[2], 2)
    return volume.traits.thickness or float("inf")


def _length_mm(volume: ScanVolume) -> float:
    """Return the distance of the outermost slices, and one more."""
    places = [frame.position_mm[2] for frame in volume.frames]
    return (max(places) - min(places)) * (1 + 1 / max(len(places) - 1, 1))


def _candidate(one: ScanVolume, points: dict[str, int]) -> Candidate:
    said = [f"{name} {value:+d}" for name, value in points.items() if value]
    described = f"{one.traits.slices} slices of {_step_mm(one):g} mm"
    return Candidate(one.source, sum(points.values()), (described, *said))
