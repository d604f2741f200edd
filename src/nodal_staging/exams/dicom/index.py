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
from nodal_staging.exams.dicom.headers import (
    UNREADABLE,
    FileHeader,
    read_header,
    wanted_tags,
)
from nodal_staging.exams.dicom.identity_digests import (
    IDENTITY_TAGS,
    UNSTATED,
    Identity,
    identity_of,
    patient_of,
)
from nodal_staging.exams.dicom.left_out import (
    fewer_remarks,
    intercept_remarks,
    left_out_remarks,
)
from nodal_staging.exams.dicom.pet_header import PET_TAGS, pet_slice
from nodal_staging.exams.dicom.series import Series, Unit, series_of
from nodal_staging.exams.dicom.stacking import Repairs, stack
from nodal_staging.exams.suv import PetSlice, suv_factors
from nodal_staging.exams.suv.input_plausibility import LIMITS, Limits
from nodal_staging.exams.suv.sheet_values import SILENT, SheetValues
from nodal_staging.study.errors import DicomSeriesError, SUVError

STRICT = Repairs()
NO_WORDING = Wording()


@dataclass(frozen=True, slots=True)
class Indexed:
    """An indexed series, and remarks for the check of the cohort.

    ``acquisition`` is None but for a CT.
    """

    series: Series
    acquisition: Acquisition | None
    notes: tuple[str, ...]


def index_ct(
    folder: Path,
    *,
    choice: str | None = None,
    repairs: Repairs = STRICT,
    wording: Wording = NO_WORDING,
) -> Indexed:
    """Index the CT series of a folder.

    Parameters
    ----------
    folder
        Holds the files of one CT series, in any order and under any names; scouts,
        dose reports, copies and other modalities may lie next to them.
    choice
        Which of several CT series in the folder is meant, for example
        ``kernel=B30f``, see ``series_choice.chosen``; None if there is one.
    repairs
        What may be repaired instead of refused.
    wording
        How the site's descriptions call contrast and low dose.

    Raises
    ------
    DicomSeriesError
        If the files are not one series of regular geometry in HU.
    """
    headers = read_headers(folder, [*FRAME_TAGS, *ACQUISITION_TAGS])
    frames = find_series(folder, headers, modality="CT", choice=choice)
    _check_one_patient(_of(frames, headers))
    series, notes = _series(folder, frames, "HU", repairs)
    notes += intercept_remarks(frames)
    if choice is None:  # else other images of the series were meant to be left out
        notes += left_out_remarks(folder, headers, frames)
        notes += fewer_remarks(_of(frames, headers), frames)
    return Indexed(series, acquisition(_of(frames, headers), wording), notes)


def index_pet(
    folder: Path,
    *,
    choice: str | None = None,
    repairs: Repairs = STRICT,
    sheet: SheetValues = SILENT,
    limits: Limits = LIMITS,
) -> Indexed:
    """Index the PET series of a folder, its rescaling turned to body-weight SUV.

    ``sheet`` is what the exam sheet states where the headers are silent, ``limits`` are
    those of plausible values.

    Raises
    ------
    DicomSeriesError
        As ``index_ct``.
    SUVError
        If the headers do not tell how to get from stored values to SUV.
    """
    headers = read_headers(folder, [*FRAME_TAGS, *PET_TAGS])
    frames = find_series(folder, headers, modality="PT", choice=choice)
    _check_one_patient(_of(frames, headers))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # pydicom's, which quote the header
        facts = [_facts(item, sheet.injection) for item in _of(frames, headers)]
    _check_intercepts(frames)
    factors = suv_factors(facts, sheet=sheet, limits=limits)
    series, notes = _series(folder, frames, "SUV", repairs, factors.values)
    if choice is None:
        notes += left_out_remarks(folder, headers, frames)
        notes += fewer_remarks(_of(frames, headers), frames)
    return Indexed(series, None, (*notes, *factors.notes))


def index_images(folder: Path, *, modality: str, repairs: Repairs = STRICT) -> Indexed:
    """Index a series of any modality, in rescaled values without a known unit.

    Raises
    ------
    DicomSeriesError
        As ``index_ct``.
    """
    headers = read_headers(folder, FRAME_TAGS)
    frames = find_series(folder, headers, modality=modality)
    series, notes = _series(folder, frames, "stored", repairs)
    return Indexed(series, None, notes)


def series_identity(folder: Path, series: Series) -> Identity:
    """Return the identity that the first slice of an indexed series states."""
    file = series.slices[0].file
    with naming_file(file):
        try:
            path = series_files(folder)[file]
            item = read_header(path, file, wanted_tags(IDENTITY_TAGS))
        except UNREADABLE:
            return UNSTATED
    return UNSTATED if item is None else identity_of(item.header)


def _check_one_patient(headers: Sequence[FileHeader]) -> None:
    """Refuse a series whose slices state several patients."""
    patients = {patient_of(item.header) for item in headers} - {None}
    if len(patients) > 1:
        raise DicomSeriesError(
            f"slices of one series state {len(patients)} patients (PatientID); remove "
            "the files of other patients, or give all files one PatientID",
            "other_patient",
        )


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


def _facts(item: FileHeader, injection: float | None) -> PetSlice:
    """Take the facts of one PET header; it must hold one slice and be legible."""
    with naming_file(item.file):
        if "PerFrameFunctionalGroupsSequence" in item.header:
            raise SUVError(
                "enhanced multi-frame PET is not supported; export the series as one "
                "file per slice"
            )
        try:
            return pet_slice(item.header, injection)
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
