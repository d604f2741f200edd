"""Index a series from the headers of its folder."""

import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from nodal_staging.exams.dicom.acquisition import (
    ACQUISITION_TAGS,
    Acquisition,
    Wording,
    acquisition,
)
from nodal_staging.exams.dicom.folder import naming_file, read_headers, series_files
from nodal_staging.exams.dicom.frames import FRAME_TAGS, Frame
from nodal_staging.exams.dicom.grouping import find_series
from nodal_staging.exams.dicom.headers import UNREADABLE, FileHeader
from nodal_staging.exams.dicom.pet_header import PET_TAGS, pet_slice
from nodal_staging.exams.dicom.series import Series, Unit, series_of
from nodal_staging.exams.dicom.stacking import Repairs, stack
from nodal_staging.exams.suv import PetSlice, suv_factors
from nodal_staging.study.errors import SUVError, naming

STRICT = Repairs()
NO_WORDING = Wording()


@dataclass(frozen=True, slots=True)
class Indexed:
    """An indexed series, and remarks for whoever looks over the cohort.

    ``acquisition`` is None but for a CT.
    """

    series: Series
    acquisition: Acquisition | None
    notes: tuple[str, ...]


def index_ct(
    folder: Path,
    *,
    role: str,
    number: int | None = None,
    repairs: Repairs = STRICT,
    wording: Wording = NO_WORDING,
) -> Indexed:
    """Index the CT series of a folder.

    Parameters
    ----------
    folder
        Holds the files of one CT series, in any order and under any names; scouts,
        dose reports, copies and other modalities may lie next to them.
    role
        How messages call the folder, for example ``exam E0001, column ct``.
    number
        Which of several CT series in the folder is meant, from 1; None if there is one.
    repairs
        What may be repaired instead of refused.
    wording
        How the site's descriptions call contrast and low dose.

    Raises
    ------
    DicomSeriesError
        If the files are not one series of regular geometry in HU.
    """
    with naming(role):
        headers = read_headers(folder, [*FRAME_TAGS, *ACQUISITION_TAGS])
        frames = find_series(folder, headers, modality="CT", number=number)
        series, notes = _series(folder, frames, "HU", repairs)
    return Indexed(series, acquisition(_of(frames, headers), wording), notes)


def index_pet(
    folder: Path,
    *,
    role: str,
    number: int | None = None,
    repairs: Repairs = STRICT,
) -> Indexed:
    """Index the PET series of a folder, its rescaling turned to body-weight SUV.

    Raises
    ------
    DicomSeriesError
        As ``index_ct``.
    SUVError
        If the headers do not tell how to get from stored values to SUV.
    """
    with naming(role):
        headers = read_headers(folder, [*FRAME_TAGS, *PET_TAGS])
        frames = find_series(folder, headers, modality="PT", number=number)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # pydicom's, which quote the header
            facts = [_facts(item) for item in _of(frames, headers)]
        _check_intercepts(frames)
        factors = suv_factors(facts, role=role)
        series, notes = _series(folder, frames, "SUV", repairs, factors.values)
    return Indexed(series, None, (*notes, *factors.notes))


def index_images(
    folder: Path, *, modality: str, role: str, repairs: Repairs = STRICT
) -> Indexed:
    """Index a series of any modality, in rescaled values without a known unit.

    Raises
    ------
    DicomSeriesError
        As ``index_ct``.
    """
    with naming(role):
        headers = read_headers(folder, FRAME_TAGS)
        frames = find_series(folder, headers, modality=modality)
        series, notes = _series(folder, frames, "stored", repairs)
    return Indexed(series, None, notes)


def _series(
    folder: Path,
    frames: Sequence[Frame],
    unit: Unit,
    repairs: Repairs,
    factors: Sequence[float] | None = None,
) -> tuple[Series, tuple[str, ...]]:
    """Stack the frames of a series."""
    stacked = stack(frames, repairs=repairs)
    files = len(series_files(folder))
    series = series_of(frames, stacked, unit=unit, files=files, factors=factors)
    return series, stacked.notes


def _of(frames: Sequence[Frame], headers: Sequence[FileHeader]) -> list[FileHeader]:
    """Return the header of each frame's file."""
    by_file = {item.file: item for item in headers}
    return [by_file[frame.file] for frame in frames]


def _facts(item: FileHeader) -> PetSlice:
    """Take the facts of one PET header; it must hold one slice and be legible."""
    with naming_file(item.file):
        if "PerFrameFunctionalGroupsSequence" in item.header:
            raise SUVError(
                "enhanced multi-frame PET is not supported; export the series as one "
                "file per slice"
            )
        try:
            return pet_slice(item.header)
        except UNREADABLE:
            raise SUVError(
                "the attributes that an SUV needs are damaged; "
                "restore the file from the archive"
            ) from None


def _check_intercepts(frames: Sequence[Frame]) -> None:
    for frame in frames:
        if frame.intercept != 0:
            raise SUVError(
                "RescaleIntercept must be 0 in a PET series, found "
                f"{frame.intercept:g}; export the series again"
            )
