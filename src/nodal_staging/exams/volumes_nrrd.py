"""NRRD volumes: the bounded reader of segmentations, for values instead of labels."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt

from nodal_staging.exams.nrrd_header import read_nrrd_header
from nodal_staging.exams.voxel_stream import inflating, slabs
from nodal_staging.geometry import Box, Lattice
from nodal_staging.study.errors import SegmentationError, VolumeError

SUFFIXES = (".nrrd",)


def nrrd_lattice(path: Path, *, role: str) -> Lattice:
    """Return where the voxels of an NRRD volume lie, from its header.

    Raises
    ------
    VolumeError
        If the header is damaged, points to other files, or leaves the place open.
    """
    try:
        with path.open("rb") as stream:
            header = read_nrrd_header(stream, role=role)
    except (SegmentationError, OSError) as error:
        raise _refused(error, role) from None
    if header.layout.layers > 1:
        raise VolumeError(
            f"{role}: {header.layout.layers} values a voxel, expected one; "
            "write the volume alone"
        )
    return header.lattice


def read_nrrd_boxes(
    path: Path, boxes: Sequence[Box], *, role: str
) -> list[npt.NDArray[np.float32]]:
    """Read boxes ``(z, y, x)`` of an NRRD volume in one pass, float32.

    The stream is read to its end, so that a truncated file is noticed.

    Raises
    ------
    VolumeError
        If the voxels cannot be read, or are not finite.
    """
    values = [np.empty(shape, dtype=np.float32) for _, shape in boxes]
    try:
        with path.open("rb") as stream:
            header = read_nrrd_header(stream, role=role)
            voxels = inflating(stream) if header.gzipped else stream
            for first, slab in slabs(voxels, header.layout, role=role):
                for (start, shape), box in zip(boxes, values, strict=True):
                    _copy(slab[..., 0], first, start, shape, box)
    except (SegmentationError, OSError) as error:
        raise _refused(error, role) from None
    if not all(np.isfinite(box).all() for box in values):
        raise VolumeError(
            f"{role}: voxels are not finite numbers (NaN); write the volume again"
        )
    return values


def _copy(
    slab: npt.NDArray[np.generic],
    first: int,
    start: tuple[int, int, int],
    shape: tuple[int, int, int],
    box: npt.NDArray[np.float32],
) -> None:
    """Copy what a slab, which begins at slice ``first``, holds of a box."""
    low, high = max(start[0], first), min(start[0] + shape[0], first + len(slab))
    if low < high:
        (_, y, x), (_, height, width) = start, shape
        part = slab[low - first : high - first, y : y + height, x : x + width]
        with np.errstate(over="ignore", invalid="ignore"):  # refused by the caller
            box[low - start[0] : high - start[0]] = part


def _refused(error: Exception, role: str) -> VolumeError:
    """Say what the reader of segmentations said, of a volume."""
    detail = str(error).removeprefix(f"{role}: ").partition(";")[0]
    if isinstance(error, OSError):
        detail = "the file cannot be opened"
    return VolumeError(f"{role}: not a readable NRRD volume, {detail}; write it again")
