"""What the DICOM headers of a folder tree state: series, and segmentations of them.

Headers are read once. Of each image only its frame is kept, and of each series a few
headers, so that a tree of many files fits into little memory.
"""

import contextlib
import warnings
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from pydicom.dataset import Dataset

from nodal_staging.exams.dicom.acquisition import ACQUISITION_TAGS
from nodal_staging.exams.dicom.elements import readable_text, tag_of
from nodal_staging.exams.dicom.folder import series_files
from nodal_staging.exams.dicom.frames import FRAME_TAGS, Frame, frames_of
from nodal_staging.exams.dicom.grouping import no_slice
from nodal_staging.exams.dicom.headers import (
    UNREADABLE,
    FileHeader,
    read_header,
    wanted_tags,
)
from nodal_staging.exams.dicom.identity_digests import (
    IDENTITY_TAGS,
    Identity,
    identity_of,
    structures_identity,
)
from nodal_staging.study.errors import DicomSeriesError

GROUPS = ("SharedFunctionalGroupsSequence", "PerFrameFunctionalGroupsSequence")
"""Read of enhanced images alone, since those of segmentations are long."""

SCANNED = [
    *(name for name in FRAME_TAGS if name not in GROUPS),
    *ACQUISITION_TAGS,
    *IDENTITY_TAGS,
    *("Units", "CorrectedImage", "StructureSetROISequence"),
    "ReferencedFrameOfReferenceSequence",
]
IMAGES = ("CT", "PT")
SEGMENTATIONS = ("SEG", "RTSTRUCT")
MOST_FILES = 2_000_000
"""Files of an archive, of which a series may have thousands."""

NO_UID = "no UID"
"""Stands for the study of files that state neither study nor series."""

SeriesKey = tuple[str, str, str]
"""Modality, StudyInstanceUID and SeriesInstanceUID; for joining within one process."""


@dataclass(slots=True)
class FoundSeries:
    """The CT or PET images of one SeriesInstanceUID.

    Attributes
    ----------
    modality
        ``CT`` or ``PT``.
    identity
        Digests of patient, study, series and frame of reference.
    patient, study, date
        PatientID, StudyInstanceUID (without one, that of the series) and StudyDate as
        they are; they go into the private mapping alone.
    frames
        Of all images that are slices, in the order of files.
    header
        Of the first image.
    sampled
        Evidence on contrast, dose and date of some images, spread over the series.
    damaged
        Numbers of files that are images of the series but cannot be read as slices.
    """

    modality: str
    identity: Identity
    patient: str
    study: str
    date: str
    header: Dataset
    frames: list[Frame] = field(default_factory=list)
    sampled: list[FileHeader] = field(default_factory=list)
    damaged: list[int] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class FoundSegmentation:
    """A DICOM segmentation or RT structure set.

    ``patient``, ``study`` and ``date`` as in ``FoundSeries``.
    """

    file: int
    modality: str
    identity: Identity
    patient: str
    study: str
    date: str


@dataclass(slots=True)
class Tree:
    """What was found in a folder and its subfolders.

    Attributes
    ----------
    files
        All files by number.
    series, segmentations
        DICOM images that may be slices of a CT or PET, and what was drawn on them.
    foreign
        Numbers of files that are not DICOM.
    left_out
        Number of files by why they are no part of an exam.
    """

    files: list[Path]
    series: dict[SeriesKey, FoundSeries] = field(default_factory=dict)
    segmentations: list[FoundSegmentation] = field(default_factory=list)
    foreign: list[int] = field(default_factory=list)
    left_out: Counter[str] = field(default_factory=Counter)


def scan_tree(folder: Path) -> Tree:
    """Read the header of every DICOM file below a folder, in the order of paths.

    Raises
    ------
    RawFileError
        If there is no such folder, or it has more than ``MOST_FILES`` files.
    """
    tree = Tree(series_files(folder, most_files=MOST_FILES))
    tags, enhanced = wanted_tags(SCANNED), wanted_tags([*SCANNED, *GROUPS])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # pydicom's, which quote the header
        for number, path in enumerate(tree.files):
            try:
                item = read_header(path, number, tags)
                if item is not None and "NumberOfFrames" in item.header:
                    if readable_text(item.header, "Modality") in IMAGES:
                        item = read_header(path, number, enhanced)
            except UNREADABLE:
                tree.left_out["unreadable file"] += 1
                continue
            if item is None:
                tree.foreign.append(number)
            else:
                _enter(tree, item)
    return tree


def _enter(tree: Tree, item: FileHeader) -> None:
    """Add a file to its series, or to the segmentations."""
    modality = readable_text(item.header, "Modality")
    if modality in SEGMENTATIONS:
        _enter_segmentation(tree, item, modality)
        return
    try:
        reason = (
            f"modality {modality or 'unknown'}"
            if modality not in IMAGES
            else no_slice(item.header, modality)
        )
    except DicomSeriesError:
        reason = None  # an original image without its place: damaged, see below
    if reason is not None:
        known = not reason.startswith("modality") or modality.isalpha()
        tree.left_out[reason if known else "modality unknown"] += 1
        return
    series = _series_of(tree, item, modality)
    place = len(series.frames)
    try:
        series.frames += frames_of(item, hounsfield=modality == "CT")
    except DicomSeriesError:
        series.damaged.append(item.file)
        return
    if place & (place + 1) == 0:  # images 0, 1, 3, 7, ... of the series
        series.sampled.append(_evidence(item))


def _series_of(tree: Tree, item: FileHeader, modality: str) -> FoundSeries:
    """Return the series to which an image belongs."""
    uids = [
        readable_text(item.header, name)
        for name in ("StudyInstanceUID", "SeriesInstanceUID")
    ]
    key = (modality, uids[0], uids[1])
    if key not in tree.series:
        tree.series[key] = FoundSeries(
            modality,
            identity_of(item.header),
            readable_text(item.header, "PatientID"),
            uids[0] or uids[1] or NO_UID,
            readable_text(item.header, "StudyDate"),
            _without_sequences(item.header),
        )
    return tree.series[key]


def _enter_segmentation(tree: Tree, item: FileHeader, modality: str) -> None:
    read = structures_identity if modality == "RTSTRUCT" else identity_of
    with contextlib.suppress(*UNREADABLE):
        tree.segmentations.append(
            FoundSegmentation(
                item.file,
                modality,
                read(item.header),
                readable_text(item.header, "PatientID"),
                readable_text(item.header, "StudyInstanceUID"),
                readable_text(item.header, "StudyDate"),
            )
        )
        return
    tree.left_out["unreadable file"] += 1


def _evidence(item: FileHeader) -> FileHeader:
    """Return a header with what states contrast, dose and date alone."""
    return _restricted(item, ACQUISITION_TAGS)


def _restricted(item: FileHeader, names: Sequence[str]) -> FileHeader:
    kept = Dataset(
        {
            tag: item.header.get_item(tag)
            for tag in map(tag_of, names)
            if tag in item.header
        }
    )
    return FileHeader(item.file, item.size, kept, item.syntax, item.offset, item.length)


def _without_sequences(header: Dataset) -> Dataset:
    """Return the elements of a header that are no sequences."""
    return Dataset(
        {
            tag: header.get_item(tag)
            for tag in list(header.keys())
            if header.get_item(tag).VR != "SQ"
        }
    )
