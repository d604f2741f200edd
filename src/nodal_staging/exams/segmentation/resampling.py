"""Labels on the grid of their CT: pasted where the grids agree, else resampled.

Two grids are never matched by index. MITK orders slices along the normal, leaves
some out and corrects tilt, so its grid is a part, a mirror image or a neighbour of
the CT's (spec of the formats, section 1.6).
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from nodal_staging.exams.segmentation.regions import Index, Region, as_index
from nodal_staging.geometry import Lattice
from nodal_staging.study.arrays import FloatArray, Mask
from nodal_staging.study.errors import SegmentationError

SAME_DIRECTION = 1e-3
SAME_SPACING_MM = 1e-3
WHOLE_SHIFT_VOXELS = 1e-2
MOST_DRIFT_VOXELS = 0.5
LEAST_INSIDE = 0.99
MOST_MASK_VOXELS = 2 * 1024**3


class MisplacedError(SegmentationError):
    """A label does not fit the grid of its CT."""


@dataclass(frozen=True, slots=True)
class PlacedRegion:
    """A label on the grid of the CT.

    Attributes
    ----------
    layer, value
        The label.
    start
        First index ``(z, y, x)`` of the bounding box on the CT's grid.
    mask
        Voxels within the bounding box, bool ``(z, y, x)``.
    note
        For the report, where the label was resampled or cut; else None.
    """

    layer: int
    value: int
    start: Index
    mask: Mask
    note: str | None


@dataclass(frozen=True, slots=True)
class _Map:
    """Affine map between continuous indices ``(z, y, x)``."""

    matrix: FloatArray
    offset: FloatArray

    def __call__(self, index: npt.ArrayLike) -> FloatArray:
        mapped: FloatArray = np.asarray(index, float) @ self.matrix.T + self.offset
        return mapped


def place(region: Region, ct: Lattice) -> PlacedRegion:
    """Put a label on the grid of a CT.

    Parameters
    ----------
    region
        The label on its own grid.
    ct
        The CT's grid.

    Returns
    -------
    The label's voxels on the CT's grid: the very voxels where the grids agree, up to
    a whole shift, swapped and mirrored axes; else the nearest voxels.

    Raises
    ------
    MisplacedError
        If less than 99 % of the label lie within the CT, or none of its voxels is
        left at the CT's spacing.
    """
    to_ct = _map(region.lattice, ct)
    _check_inside(region, to_ct, ct)
    axes = _matching_axes(region, to_ct, ct)
    if axes is None:
        start, mask = _resampled(region, ct)
        note: str | None = _note(region.lattice, ct)
    else:
        start, whole = _pasted(region, to_ct, axes)
        start, mask = _cut(start, whole, ct)
        lost = np.count_nonzero(whole) - np.count_nonzero(mask)
        note = f"{lost} voxels of a label lie beyond the CT" if lost else None
    if not mask.any():
        raise MisplacedError(
            f"label {region.value} (layer {region.layer}) has no voxel left on "
            "the CT's grid; give the CT on which the node was drawn"
        )
    return PlacedRegion(region.layer, region.value, *_tight(start, mask), note)


def _map(source: Lattice, target: Lattice) -> _Map:
    """Return the map from indices of one grid to those of another."""
    offset = target.to_index(source.to_points((0, 0, 0)))
    steps = np.stack([target.to_index(source.to_points(axis)) for axis in np.eye(3)])
    return _Map((steps - offset).T, offset)


def _check_inside(region: Region, to_ct: _Map, ct: Lattice) -> None:
    """Refuse a label of which more than a hundredth lies beyond the CT."""
    inside = total = 0
    last = np.array(ct.shape) - 0.5
    for z, plane in enumerate(region.mask):
        index = np.argwhere(plane)
        if len(index) == 0:
            continue
        mapped = to_ct(np.insert(index, 0, z, axis=1) + region.start)
        inside += int(((mapped >= -0.5) & (mapped < last)).all(axis=1).sum())
        total += len(index)
    if inside < LEAST_INSIDE * total:
        raise MisplacedError(
            f"only {100 * inside / total:.1f} % of label {region.value} (layer "
            f"{region.layer}) lie within the CT, expected at least 99 %; give the "
            "segmentation that was drawn on this CT"
        )


def _matching_axes(region: Region, to_ct: _Map, ct: Lattice) -> list[int] | None:
    """Return the CT axis of each axis of a label's grid, if voxels fall on voxels."""
    source = region.lattice
    axes = [int(axis) for axis in np.abs(to_ct.matrix).argmax(axis=0)]
    if sorted(axes) != [0, 1, 2]:
        return None
    turned = np.reshape(source.direction, (3, 3))[:, ::-1]
    straight = np.reshape(ct.direction, (3, 3))[:, ::-1][:, axes]
    turned = turned * np.sign((turned * straight).sum(axis=0))
    spacing = np.array(ct.spacing_mm[::-1])[axes] - source.spacing_mm[::-1]
    shift = to_ct.offset - np.rint(to_ct.offset)
    if (
        np.abs(turned - straight).max() > SAME_DIRECTION
        or np.abs(spacing).max() > SAME_SPACING_MM
        or np.abs(shift).max() > WHOLE_SHIFT_VOXELS
    ):
        return None
    # Far from the origin a small difference of axes adds up.
    corners = _corners(region.start, region.mask.shape)
    drift = to_ct(corners) - _whole(to_ct)(corners)
    return axes if np.abs(drift).max() < MOST_DRIFT_VOXELS else None


def _whole(to_ct: _Map) -> _Map:
    """Return the map of a grid whose voxels fall on those of the CT."""
    return _Map(np.rint(to_ct.matrix), np.rint(to_ct.offset))


def _pasted(region: Region, to_ct: _Map, axes: list[int]) -> tuple[Index, Mask]:
    """Return the same voxels in the order of the CT's axes."""
    corners = _whole(to_ct)(_corners(region.start, region.mask.shape))
    mask = region.mask.transpose(np.argsort(axes))
    for axis, row in enumerate(to_ct.matrix):
        if np.rint(row).sum() < 0:
            mask = np.flip(mask, axis)
    return as_index(corners.min(axis=0)), mask


def _resampled(region: Region, ct: Lattice) -> tuple[Index, Mask]:
    """Return the CT's voxels whose centres lie in a voxel of the label."""
    corners = _map(region.lattice, ct)(
        _corners(region.start, region.mask.shape, margin=0.5)
    )
    start = np.clip(np.floor(corners.min(axis=0)), 0, np.array(ct.shape) - 1)
    stop = np.clip(np.ceil(corners.max(axis=0)) + 1, start + 1, ct.shape)
    shape = (stop - start).astype(int)
    if np.prod(shape, dtype=float) > MOST_MASK_VOXELS:
        raise MisplacedError(
            f"label {region.value} (layer {region.layer}) takes too many "
            "voxels on the CT's grid; give a segmentation of lymph nodes alone"
        )
    mask = np.zeros(shape, np.bool_)
    to_label = _map(ct, region.lattice)
    plane = np.stack(np.meshgrid(*map(np.arange, shape[1:]), indexing="ij"), axis=-1)
    for z in range(shape[0]):
        index = np.insert(plane, 0, z, axis=-1) + start
        # Half a voxel belongs to the next one, at every place alike.
        nearest = np.floor(to_label(index) + 0.5).astype(np.int64) - region.start
        within = ((nearest >= 0) & (nearest < region.mask.shape)).all(axis=-1)
        mask[z][within] = region.mask[tuple(nearest[within].T)]
    return as_index(start), mask


def _cut(start: Index, mask: Mask, ct: Lattice) -> tuple[Index, Mask]:
    """Leave out what lies beyond the CT."""
    low = np.maximum(0, np.negative(start))
    high = np.maximum(low, np.minimum(mask.shape, np.subtract(ct.shape, start)))
    z, y, x = map(slice, low.tolist(), high.tolist())
    return as_index(np.add(start, low)), mask[z, y, x]


def _tight(start: Index, mask: Mask) -> tuple[Index, Mask]:
    """Leave out empty planes around a label, which has a voxel."""
    found = [
        np.flatnonzero(mask.any(axis=others)) for others in ((1, 2), (0, 2), (0, 1))
    ]
    low = np.array([places[0] for places in found])
    high = np.array([places[-1] + 1 for places in found])
    z, y, x = map(slice, low.tolist(), high.tolist())
    return as_index(np.add(start, low)), np.ascontiguousarray(mask[z, y, x])


def _note(source: Lattice, ct: Lattice) -> str:
    """Say in a sentence why a label was resampled."""
    if np.allclose(source.spacing_mm, ct.spacing_mm, rtol=0, atol=SAME_SPACING_MM):
        return "segmentation resampled to the CT's grid (origin or directions differ)"
    return (
        f"segmentation resampled to the CT's grid (spacing {_of(source.spacing_mm)} mm "
        f"against {_of(ct.spacing_mm)} mm)"
    )


def _corners(start: Index, shape: tuple[int, ...], *, margin: float = 0) -> FloatArray:
    """Return the eight corners of a box, ``(8, 3)`` in ``(z, y, x)``.

    They are voxel centres, or lie beyond them by a margin in voxels.
    """
    ends = np.stack([np.subtract(start, margin), np.add(start, shape) - 1 + margin])
    return np.stack(np.meshgrid(*ends.T), axis=-1).reshape(-1, 3)


def _of(values: tuple[float, ...]) -> str:
    return " x ".join(f"{value:.4g}" for value in values)
