"""Contours of structures, filled on the slices of their CT.

A voxel belongs to a structure if its centre lies within an odd number of the contours
of its slice: a contour in another is a hole, and the two edges of a keyhole cancel.
"""

import itertools
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from nodal_staging.exams.segmentation.regions import (
    Region,
    Segmentation,
    as_index,
    check_masks,
)
from nodal_staging.exams.segmentation.structure_set import Structure
from nodal_staging.geometry import Lattice
from nodal_staging.study.arrays import FloatArray, IntArray, Mask
from nodal_staging.study.errors import SegmentationError

MOST_UNEVEN_SLICES = 0.1
"""Extent of a contour across slices, in slice distances, that is rounding."""

ON_SLICE = 0.05
"""Distance from a slice, in slice distances, that is rounding."""

VOXEL_DIGITS = 4
"""Decimals of positions in voxels: edges through centres must not depend on noise."""

EDGES_AT_ONCE = 512
MOST_COMPARED = 20
"""Contours of a slice that are compared with one another."""


@dataclass(frozen=True, slots=True)
class _Planes:
    """Contours of a structure by slice.

    Attributes
    ----------
    contours
        Corners ``(n, 2)`` in ``(y, x)`` of the contours of each slice.
    farthest
        Distance of the farthest contour from its slice, in slice distances.
    overlap
        Whether two contours of a slice overlap in part or coincide.
    """

    contours: dict[int, list[FloatArray]]
    farthest: float
    overlap: bool


def filled(structures: Sequence[Structure], ct: Lattice) -> Segmentation:
    """Fill the contours of structures on the grid of a CT.

    Parameters
    ----------
    structures
        With contours in planes parallel to the slices.
    ct
        Grid of the CT on which they were drawn.

    Returns
    -------
    One layer; a label's value is the number of its structure. A contour between two
    slices is filled on the nearest one, and slices without contours stay empty; both
    are remarked.

    Raises
    ------
    SegmentationError
        If a contour is not parallel to the slices, lies far from the CT, or two
        contours of different planes fall on one slice.
    """
    regions: list[Region] = []
    empty = []
    notes: list[str] = []
    for structure in structures:
        planes = _planes(structure, ct)
        region = None
        if planes.contours:
            region = _region(structure, planes, ct)
            notes += [note for note in _notes(planes) if note not in notes]
        if region is None:
            empty.append(structure.label)
            continue
        regions.append(region)
        check_masks(sum(region.mask.size for region in regions))
    return Segmentation(tuple(regions), tuple(empty), 1, tuple(notes))


def _planes(structure: Structure, ct: Lattice) -> _Planes:
    """Sort the contours of a structure by the nearest slice."""
    found: defaultdict[int, list[FloatArray]] = defaultdict(list)
    heights: defaultdict[int, list[float]] = defaultdict(list)
    shape = np.array(ct.shape)
    for points in structure.contours:
        index = ct.to_index(points).round(VOXEL_DIGITS)
        if (index < -shape).any() or (index > 2 * shape).any():
            raise SegmentationError(
                f"contours of structure {structure.number} lie far from the CT; give "
                "the structure set that was drawn on this CT"
            )
        if np.ptp(index[:, 0]) > MOST_UNEVEN_SLICES:
            raise SegmentationError(
                f"a contour of structure {structure.number} is not parallel to the "
                "slices of the CT; export contours of its slices"
            )
        height = float(index[:, 0].mean())
        place = int(np.floor(height + 0.5))
        found[place].append(index[:, 1:])
        heights[place].append(height)
    for place, of_slice in heights.items():
        if max(of_slice) - min(of_slice) > 2 * ON_SLICE:
            raise SegmentationError(
                f"contours of structure {structure.number} in different planes fall on "
                f"slice {place + 1} of the CT; export contours of its slices"
            )
    off_slice_mm = [abs(h - place) for place, of in heights.items() for h in of]
    overlap = any(_overlap(of_slice, *_box(of_slice)) for of_slice in found.values())
    return _Planes(dict(found), max(off_slice_mm, default=0.0), overlap)


def _box(contours: Sequence[FloatArray]) -> tuple[IntArray, IntArray]:
    """Return first voxel and size ``(y, x)`` of the box around contours."""
    points = np.concatenate(contours)
    low = np.ceil(points.min(axis=0)).astype(int)
    return low, np.maximum(np.floor(points.max(axis=0)).astype(int) - low + 1, 0)


def _region(structure: Structure, planes: _Planes, ct: Lattice) -> Region | None:
    """Fill the contours of a structure; None where they hold no centre of a voxel."""
    start, size = _box([p for of in planes.contours.values() for p in of])
    first, last = min(planes.contours), max(planes.contours)
    low, shape = np.r_[first, start], np.r_[last - first + 1, size]
    check_masks(int(np.prod(shape, dtype=float)))
    mask = np.zeros(shape, np.bool_)
    for place, contours in planes.contours.items():
        mask[place - low[0]] = _inside(contours, low[1:], shape[1:])
    if not mask.any():
        return None
    return Region(ct, 0, structure.number, structure.name, as_index(low), mask)


def _inside(contours: Sequence[FloatArray], start: IntArray, shape: IntArray) -> Mask:
    """Return the voxels whose centres lie within an odd number of contours.

    Parameters
    ----------
    contours
        Corners ``(n, 2)`` in ``(y, x)`` of each polygon.
    start, shape
        First voxel and size ``(y, x)`` of the result.
    """
    inside: Mask = np.zeros(shape, np.bool_)
    for polygon in contours:
        inside ^= _within(polygon, start, shape)
    return inside


def _within(polygon: FloatArray, start: IntArray, shape: IntArray) -> Mask:
    """Return the voxels whose centres lie within a polygon, by the even-odd rule."""
    height, width = shape
    crossings = np.zeros((height, width + 1), np.uint8)  # their parity survives 255
    edges = np.stack([polygon, np.roll(polygon, -1, axis=0)], axis=1)
    # An edge that runs back must cross rows at the very same places.
    order = np.lexsort((edges[..., 1], edges[..., 0]), axis=1)
    edges = np.take_along_axis(edges, order[..., None], axis=1)
    for first in range(0, len(edges), EDGES_AT_ONCE):
        row, column = _crossed(edges[first : first + EDGES_AT_ONCE])
        place = np.clip(column - start[1], 0, width)
        np.add.at(crossings, (row - start[0], place), 1)
    odd = np.bitwise_xor.accumulate(crossings & 1, axis=1)
    return np.asarray(odd[:, :width], np.bool_)


def _overlap(contours: Sequence[FloatArray], start: IntArray, shape: IntArray) -> bool:
    """Tell whether two contours of a slice are neither apart nor in one another."""
    if not 1 < len(contours) <= MOST_COMPARED:
        return False
    masks = [_within(polygon, start, shape) for polygon in contours]
    for one, other in itertools.combinations(masks, 2):
        common = int((one & other).sum())
        sizes = sorted((int(one.sum()), int(other.sum())))
        if common and (common < sizes[0] or sizes[0] == sizes[1]):
            return True
    return False


def _crossed(edges: FloatArray) -> tuple[IntArray, IntArray]:
    """Return the rows that edges cross, and the first column behind each crossing.

    Edges ``(n, 2, 2)`` run down; they hold their upper end and not their lower one.
    """
    (top, left), (bottom, right) = edges[:, 0].T, edges[:, 1].T
    first = np.ceil(top).astype(int)
    count = np.ceil(bottom).astype(int) - first
    edge = np.repeat(np.arange(len(edges)), count)
    row = np.arange(count.sum()) - np.repeat(np.cumsum(count) - count, count)
    row += first[edge]
    share = (row - top[edge]) / (bottom - top)[edge]
    crossing = left[edge] + share * (right - left)[edge]
    return row, np.ceil(crossing.round(VOXEL_DIGITS)).astype(int)


def _notes(planes: _Planes) -> list[str]:
    notes = []
    if planes.farthest > ON_SLICE:
        notes.append(
            f"contours lie up to {planes.farthest:.2f} slice distances from the slices "
            "of the CT and were filled on the nearest slice"
        )
    if planes.overlap:
        notes.append(
            "contours of a label overlap in part or coincide on a slice, and voxels "
            "within two of them do not count"
        )
    places = sorted(planes.contours)
    gaps = places[-1] - places[0] + 1 - len(places)
    if gaps:
        notes.append(
            f"{gaps} slices between the contours of a label have no contour and stay "
            "empty"
        )
    return notes
