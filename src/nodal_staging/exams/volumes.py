"""CT and PET as one volume file: NIfTI or NRRD, in HU or SUV."""

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, BinaryIO, Self

import numpy as np

from nodal_staging.exams.dicom.series import OUTSIDE, Unit
from nodal_staging.exams.nifti_header import open_nifti
from nodal_staging.exams.nrrd_header import open_nrrd
from nodal_staging.exams.raw_files import checked_file
from nodal_staging.exams.voxel_stream import VoxelStream
from nodal_staging.geometry import Box, Lattice
from nodal_staging.study.arrays import Volume
from nodal_staging.study.errors import VolumeError, naming

SUFFIXES = (".nii", ".nii.gz", ".nrrd")


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
    # os.path: False, too, for a name that is too long
    return path.name.lower().endswith(SUFFIXES) and not os.path.isdir(path)


def index_volume(path: Path, *, unit: Unit, role: str) -> VolumeFile:
    """Check every voxel of a volume file and note where they lie.

    Raises
    ------
    VolumeError, RawFileError
        If it is damaged or truncated, has no place in space, or holds values that
        are not finite.
    """
    file = checked_file(path, role=role)
    with naming(role), _opened(file) as voxels:
        voxels.check_values()
    return VolumeFile(voxels.lattice, unit, file.stat().st_size)


def read_boxes(
    path: Path, volume: VolumeFile, boxes: Sequence[Box], *, role: str
) -> list[Volume]:
    """Read boxes of a volume file in one pass, float32 ``(z, y, x)`` in its unit.

    Raises
    ------
    VolumeError
        If the file has changed since it was indexed, or cannot be read.
    """
    file = checked_file(path, role=role)
    with naming(role):
        if file.stat().st_size != volume.size:
            raise _changed()
        with _opened(file) as voxels:
            if voxels.lattice.difference(volume.lattice) is not None:
                raise _changed()
            values = voxels.read_boxes(boxes)
    if volume.unit == "HU":
        for box in values:
            np.maximum(box, OUTSIDE["HU"], out=box)
    return values


@contextmanager
def _opened(file: Path) -> Iterator[VoxelStream]:
    """Open a volume file, whose content tells its format, at its first voxel."""
    try:
        with file.open("rb") as stream:
            yield _header_read(stream)
    except OSError:
        raise VolumeError(
            "the file cannot be opened; allow reading it or restore it"
        ) from None


def _header_read(stream: BinaryIO) -> VoxelStream:
    start = stream.read(4)
    stream.seek(0)
    if start != b"NRRD":
        return open_nifti(stream)
    voxels, _ = open_nrrd(stream)
    if voxels.layout.layers > 1:
        raise VolumeError(
            f"{voxels.layout.layers} values a voxel, expected one; write the volume "
            "alone"
        )
    return voxels


def _changed() -> VolumeError:
    return VolumeError(
        "the file has changed since it was inspected; run the cohort's inspection again"
    )
