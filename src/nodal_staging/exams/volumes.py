"""CT and PET as one volume file: NIfTI or NRRD, in HU or SUV."""

import os
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Self

import numpy as np
import numpy.typing as npt

from nodal_staging.exams import volumes_nifti, volumes_nrrd
from nodal_staging.exams.dicom.series import OUTSIDE, Unit
from nodal_staging.exams.raw_files import checked_file
from nodal_staging.geometry import Box, Lattice
from nodal_staging.study.errors import VolumeError

__all__ = ["VolumeError", "VolumeFile", "index_volume", "is_volume", "read_boxes"]


@dataclass(frozen=True, slots=True)
class VolumeFile:
    """Index of a volume file: where its voxels lie, their unit, bytes of the file."""

    lattice: Lattice
    unit: Unit
    size: int

    def to_json(self) -> dict[str, Any]:
        """Return plain lists and numbers."""
        return asdict(self)

    @classmethod
    def from_json(cls, content: dict[str, Any]) -> Self:
        """Rebuild what ``to_json`` gave."""
        lattice = {key: tuple(value) for key, value in content["lattice"].items()}
        return cls(Lattice(**lattice), content["unit"], content["size"])


def is_volume(path: Path) -> bool:
    """Tell by its suffix whether a path is meant as a volume file."""
    return (
        path.name.lower().endswith((*volumes_nifti.SUFFIXES, *volumes_nrrd.SUFFIXES))
        and not os.path.isdir(path)  # which bears a name that is too long
    )


def index_volume(path: Path, *, unit: Unit, role: str) -> VolumeFile:
    """Check a volume file and note where its voxels lie.

    Raises
    ------
    VolumeError, RawFileError
        If it is damaged, or has no place in space.
    """
    file = checked_file(path, role=role)
    if _is_nrrd(path):
        lattice = volumes_nrrd.nrrd_lattice(file, role=role)
    else:
        _, lattice = volumes_nifti.open_nifti(file, role=role)
    return VolumeFile(lattice, unit, file.stat().st_size)


def read_boxes(
    path: Path, volume: VolumeFile, boxes: Sequence[Box], *, role: str
) -> list[npt.NDArray[np.float32]]:
    """Read boxes of a volume file, float32 ``(z, y, x)`` in its unit.

    Raises
    ------
    VolumeError
        If the file has changed since it was indexed, or cannot be read.
    """
    file = checked_file(path, role=role)
    if file.stat().st_size != volume.size:
        raise VolumeError(
            f"{role} has changed since it was inspected; run the cohort's inspection "
            "again"
        )
    read = (
        volumes_nrrd.read_nrrd_boxes
        if _is_nrrd(path)
        else volumes_nifti.read_nifti_boxes
    )
    values = read(file, boxes, role=role)
    if volume.unit == "HU":
        for box in values:
            np.maximum(box, OUTSIDE["HU"], out=box)
    return values


def _is_nrrd(path: Path) -> bool:
    return path.name.lower().endswith(volumes_nrrd.SUFFIXES)
