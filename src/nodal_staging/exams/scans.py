"""The CT or PET of an exam: a series of DICOM files, or one volume file.

What follows does not know which: it has a lattice, and boxes of values.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, TypeAlias

from nodal_staging.exams import dicom, volumes
from nodal_staging.exams.dicom import Acquisition, Indexed, Repairs, Series, Wording
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
    role: str,
    repairs: Repairs,
    wording: Wording,
    number: int | None = None,
) -> tuple[Scan, Acquisition, tuple[str, ...]]:
    """Index a CT: a folder of DICOM files, or a volume in HU.

    ``number`` says which of several series in the folder is meant.

    Returns
    -------
    Where and how its voxels are read, what is known of the acquisition, and remarks.

    Raises
    ------
    InputError
        If it is neither, or cannot be used.
    """
    if volumes.is_volume(path):
        return volumes.index_volume(path, unit="HU", role=role), UNSTATED, ()
    found = dicom.index_ct(
        path, role=role, number=number, repairs=repairs, wording=wording
    )
    return found.series, found.acquisition or UNSTATED, found.notes


def index_pet(
    path: Path, *, role: str, repairs: Repairs, number: int | None = None
) -> tuple[Scan, tuple[str, ...]]:
    """Index a PET: a folder of DICOM files, or a volume in SUV.

    Raises
    ------
    InputError
        If it is neither, or does not lead to SUV.
    """
    if volumes.is_volume(path):
        return volumes.index_volume(path, unit="SUV", role=role), ()
    found: Indexed = dicom.index_pet(path, role=role, number=number, repairs=repairs)
    return found.series, found.notes


def read_boxes(
    path: Path, scan: Scan, boxes: Sequence[Box], *, role: str
) -> list[Volume]:
    """Read boxes of an indexed scan, float32 ``(z, y, x)``, in HU or SUV."""
    if isinstance(scan, Series):
        return dicom.read_boxes(path, scan, boxes, role=role)
    return volumes.read_boxes(path, scan, boxes, role=role)


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
