"""CT and PET as one volume file: NIfTI, NRRD or MetaImage, in HU or SUV."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Self

import numpy as np

from nodal_staging.exams.dicom.series import OUTSIDE, Unit
from nodal_staging.exams.placed_grid import check_tilt
from nodal_staging.exams.raw_files import checked_file
from nodal_staging.exams.volume_files import opened_volume
from nodal_staging.exams.voxel_stream import VoxelStream
from nodal_staging.geometry import Box, Lattice
from nodal_staging.study.arrays import Volume
from nodal_staging.study.errors import VolumeError, changed_file


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


def index_volume(path: Path, *, unit: Unit, correct_tilt: bool = False) -> VolumeFile:
    """Check every voxel of a volume file and note where they lie.

    Parameters
    ----------
    path, unit
        The file, and the unit of its values.
    correct_tilt
        Read the volume of a tilted gantry on its sheared grid instead of refusing it.

    Raises
    ------
    VolumeError, RawFileError
        If it is damaged or truncated, has no place in space, or holds values that
        are not finite.
    """
    file = checked_file(path)
    with _opened(file) as voxels:
        check_tilt(voxels.lattice, corrected=correct_tilt)
        voxels.check_values()
    return VolumeFile(voxels.lattice, unit, file.stat().st_size)


def read_boxes(path: Path, volume: VolumeFile, boxes: Sequence[Box]) -> list[Volume]:
    """Read boxes of a volume file in one pass, float32 ``(z, y, x)`` in its unit.

    Raises
    ------
    ChangedFileError
        If the file has changed since it was indexed.
    VolumeError
        If it cannot be read.
    """
    file = checked_file(path)
    if file.stat().st_size != volume.size:
        raise changed_file("file")
    with _opened(file) as voxels:
        if voxels.lattice.difference(volume.lattice) is not None:
            raise changed_file("file")
        values = voxels.read_boxes(boxes)
    if volume.unit == "HU":
        for box in values:
            np.maximum(box, OUTSIDE["HU"], out=box)
    return values


@contextmanager
def _opened(file: Path) -> Iterator[VoxelStream]:
    """Open a volume file at its first voxel; it holds one value a voxel."""
    try:
        with opened_volume(file) as found:
            if found is None:
                raise VolumeError(
                    "not a NIfTI, NRRD or MetaImage file; correct the path"
                )
            voxels, _ = found
            if voxels.layout.layers > 1:
                raise VolumeError(
                    f"{voxels.layout.layers} values a voxel, expected one; write the "
                    "volume alone"
                )
            yield voxels
    except OSError:
        raise VolumeError(
            "the file cannot be opened; allow reading it or restore it"
        ) from None
