"""The CT or PET of an exam: a series of DICOM files, or one volume file.

What follows does not know which: it has a lattice, and boxes of values.
"""

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any, TypeAlias

from nodal_staging.exams import dicom, volumes
from nodal_staging.exams.dicom import Acquisition, Indexed, Repairs, Series, Wording
from nodal_staging.exams.dicom.identity_digests import UNSTATED as NO_IDENTITY
from nodal_staging.exams.dicom.identity_digests import Origin
from nodal_staging.exams.dicom.series import Unit
from nodal_staging.exams.file_kinds import refusal, volume_format
from nodal_staging.exams.file_signatures import Column
from nodal_staging.exams.placed_grid import SHEAR_TOLERANCE_DEG, tilt_deg, tilt_note
from nodal_staging.exams.raw_files import RawFileError, checked_file
from nodal_staging.exams.suv.input_plausibility import LIMITS, Limits
from nodal_staging.exams.suv.sheet_values import SILENT, SheetValues
from nodal_staging.exams.volumes import VolumeFile
from nodal_staging.geometry import Box
from nodal_staging.study.arrays import Volume

Scan: TypeAlias = Series | VolumeFile

UNSTATED = Acquisition(
    contrast_agent=False,
    contrast_described=None,
    low_dose_described=False,
    exposure_mas=None,
    ctdi_mgy=None,
)
"""A volume file says nothing of contrast and dose."""


def index_ct(
    path: Path,
    *,
    repairs: Repairs,
    wording: Wording,
    choice: str | None = None,
) -> tuple[Scan, Acquisition, tuple[str, ...]]:
    """Index a CT: a folder of DICOM files, or a volume in HU.

    ``choice`` names one of several series in the folder, for example ``kernel=B30f``.

    Returns
    -------
    Where and how its voxels are read, what is known of the acquisition, and remarks.

    Raises
    ------
    InputError
        If it is neither, which the message names, or cannot be used.
    """
    if not os.path.isdir(path):
        _check_volume(path, "ct", choice)
        volume, notes = _volume(path, "HU", repairs)
        return volume, UNSTATED, notes
    found = dicom.index_ct(path, choice=choice, repairs=repairs, wording=wording)
    return found.series, found.acquisition or UNSTATED, found.notes


def index_pet(
    path: Path,
    *,
    repairs: Repairs,
    choice: str | None = None,
    sheet: SheetValues = SILENT,
    limits: Limits = LIMITS,
) -> tuple[Scan, tuple[str, ...]]:
    """Index a PET: a folder of DICOM files, or a volume in SUV.

    ``sheet`` is what the exam sheet states where headers are silent, ``limits`` are
    those of plausible values.

    Raises
    ------
    InputError
        If it is neither, or does not lead to SUV.
    """
    if not os.path.isdir(path):
        _check_volume(path, "pet", choice)
        return _volume(path, "SUV", repairs)
    found: Indexed = dicom.index_pet(
        path, choice=choice, repairs=repairs, sheet=sheet, limits=limits
    )
    return found.series, found.notes


def _volume(
    path: Path, unit: Unit, repairs: Repairs
) -> tuple[VolumeFile, tuple[str, ...]]:
    """Index a volume file, and remark on what was repaired."""
    volume = volumes.index_volume(path, unit=unit, correct_tilt=repairs.correct_tilt)
    angle = tilt_deg(volume.lattice)
    notes = (tilt_note(angle),) if angle > SHEAR_TOLERANCE_DEG else ()
    return volume, notes


def _check_volume(path: Path, column: Column, choice: str | None) -> None:
    """Refuse a file of another kind, by its kind."""
    file = checked_file(path)
    try:
        if volume_format(file) is None:
            raise RawFileError(refusal(file, column))
    except OSError:
        raise RawFileError(
            "the file cannot be opened; allow reading it or restore it"
        ) from None
    if choice is not None:
        raise RawFileError(
            f"a file holds one volume, found #{choice} behind its name; remove it"
        )


def read_origin(path: Path, scan: Scan) -> Origin:
    """Read whose an indexed scan is; a volume file does not say it."""
    if isinstance(scan, Series):
        return Origin(dicom.series_identity(path, scan), scan.lattice)
    return Origin(NO_IDENTITY, scan.lattice)


def read_boxes(path: Path, scan: Scan, boxes: Sequence[Box]) -> list[Volume]:
    """Read boxes of an indexed scan, float32 ``(z, y, x)``, in HU or SUV."""
    if isinstance(scan, Series):
        return dicom.read_boxes(path, scan, boxes)
    return volumes.read_boxes(path, scan, boxes)


def to_json(scan: Scan) -> dict[str, Any]:
    """Return plain lists and numbers, without path or identifier."""
    kind = "series" if isinstance(scan, Series) else "volume"
    return {"kind": kind, **scan.to_json()}


def from_json(content: dict[str, Any]) -> Scan:
    """Rebuild what ``to_json`` gave."""
    kinds: dict[str, type[Series] | type[VolumeFile]] = {
        "series": Series,
        "volume": VolumeFile,
    }
    values = {name: value for name, value in content.items() if name != "kind"}
    return kinds[content["kind"]].from_json(values)
