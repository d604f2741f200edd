"""Voxels of labels, gathered slab by slab, so that no whole volume is ever held."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from nodal_staging.exams.segmentation.regions import (
    Index,
    Region,
    as_index,
    check_masks,
)
from nodal_staging.exams.voxel_stream import VoxelStream
from nodal_staging.geometry import Lattice
from nodal_staging.study.arrays import GenericArray, IntArray, Mask
from nodal_staging.study.errors import SegmentationError

BLOCK_VOXELS = 2**20
MOST_LABELS = 4096
LARGEST_FLOAT_LABEL = 2**53  # beyond it floats no longer tell neighbours apart


@dataclass(frozen=True, slots=True)
class Fragment:
    """The part of a label that one slab holds; ``start`` is ``(z, y, x)``."""

    start: Index
    mask: Mask


class Gathering:
    """Labels of one grid, growing as slabs come in.

    Parameters
    ----------
    lattice
        The grid of the whole segmentation.
    """

    def __init__(self, lattice: Lattice) -> None:
        self._lattice = lattice
        self._fragments: dict[tuple[int, int], list[Fragment]] = {}
        self._bytes = 0

    def add(self, slab: GenericArray, *, layer: int, first: int) -> None:
        """Take the labels of a slab.

        Parameters
        ----------
        slab
            Label values ``(z, y, x)``, 0 outside every label.
        layer
            The layer it belongs to.
        first
            Index of its first slice.

        Raises
        ------
        SegmentationError
            For a value that no label can have, or more labels or larger boxes than
            are accepted.
        """
        for index, stored in _labelled(slab):
            values = _as_labels(stored)
            index[0] += first
            for value, part in _by_value(index, values):
                self._keep((layer, value), part)

    def regions(self) -> list[Region]:
        """Return the labels, ordered by layer and value, and forget the fragments."""
        boxes = {key: _box(parts) for key, parts in self._fragments.items()}
        total = sum(int(np.prod(stop - start)) for start, stop in boxes.values())
        check_masks(total)
        return [self._region(key, *boxes[key]) for key in sorted(boxes)]

    def _keep(self, key: tuple[int, int], index: IntArray) -> None:
        """Store the voxels of one label in one slab as a box."""
        start, stop = index.min(axis=1), index.max(axis=1) + 1
        self._bytes += int(np.prod(stop - start))
        check_masks(self._bytes)
        mask = np.zeros(stop - start, np.bool_)
        mask[tuple(index - start[:, None])] = True
        self._fragments.setdefault(key, []).append(Fragment(as_index(start), mask))
        if len(self._fragments) > MOST_LABELS:
            raise _too_many_labels()

    def _region(self, key: tuple[int, int], start: IntArray, stop: IntArray) -> Region:
        mask = np.zeros(stop - start, np.bool_)
        for part in self._fragments.pop(key):
            corner = np.subtract(part.start, start)
            z, y, x = (
                slice(int(low), int(low) + size)
                for low, size in zip(corner, part.mask.shape, strict=True)
            )
            mask[z, y, x] |= part.mask
        layer, value = key
        return Region(self._lattice, layer, value, None, as_index(start), mask)


def gathered(voxels: VoxelStream) -> list[Region]:
    """Read the labels of a file, ordered by layer and value.

    Raises
    ------
    VolumeError, SegmentationError
        If the voxels cannot be read, or are no labels.
    """
    gathering = Gathering(voxels.lattice)
    for first, slab in voxels.slabs():
        for layer in range(voxels.layout.layers):
            values = voxels.layout.scaled(slab[..., layer])
            gathering.add(values, layer=layer, first=first)
    return gathering.regions()


def _labelled(
    slab: GenericArray,
) -> Iterator[tuple[IntArray, GenericArray]]:
    """Yield index ``(3, n)`` and value of the voxels that are not 0, block by block.

    Most slices of a CT hold no node, and most rows of the others. The largest bit
    pattern tells so much faster than a search for voxels does, and it sees NaN and
    negative values too.
    """
    _, height, width = slab.shape
    rows = np.ascontiguousarray(slab).reshape(-1, width)
    bits = rows.view(f"u{rows.dtype.itemsize}")
    if not bits.max():
        return
    busy = np.flatnonzero(bits.max(axis=1))
    count = max(1, BLOCK_VOXELS // width)
    for low in range(0, len(busy), count):
        block = busy[low : low + count]
        chosen = rows[block]
        row, x = np.nonzero(chosen)
        if len(row):  # a negative zero is busy, and no label
            z, y = np.divmod(block[row], height)
            yield np.stack([z, y, x]), chosen[row, x]


def _as_labels(values: GenericArray) -> IntArray:
    """Return values as positive integers, or refuse them."""
    if values.dtype.kind == "f":
        with np.errstate(invalid="ignore"):  # some bit patterns of NaN warn
            whole = np.isfinite(values) & (np.abs(values) <= LARGEST_FLOAT_LABEL)
        if not whole.all() or (values != np.rint(values)).any():
            raise SegmentationError(
                "voxels hold fractions or no numbers where label values are "
                "expected; give the segmentation, not an image or a probability map"
            )
    if values.min() < 0 or values.max() > np.iinfo(np.int64).max:
        raise SegmentationError(
            "voxels hold negative or overlong numbers where label values are "
            "expected; give the segmentation, not an image"
        )
    return values.astype(np.int64)


def _by_value(index: IntArray, values: IntArray) -> Iterator[tuple[int, IntArray]]:
    """Part the voxels of a slab by label value."""
    if values.min() == values.max():
        yield int(values[0]), index
        return
    # NumPy sorts 16 bits much faster than 64.
    short = values.astype(np.uint16) if values.max() < 2**16 else values
    order = np.argsort(short, kind="stable")
    index, values = index[:, order], values[order]
    bounds = np.flatnonzero(np.diff(values)) + 1
    if len(bounds) >= MOST_LABELS:
        raise _too_many_labels()
    edges = [0, *bounds.tolist(), len(values)]
    for low, high in pairwise(edges):
        yield int(values[low]), index[:, low:high]


def _box(parts: list[Fragment]) -> tuple[IntArray, IntArray]:
    """Return start and stop ``(z, y, x)`` of the box around fragments."""
    starts = np.array([part.start for part in parts], dtype=np.int64)
    stops = starts + np.array([part.mask.shape for part in parts], dtype=np.int64)
    return starts.min(axis=0), stops.max(axis=0)


def _too_many_labels() -> SegmentationError:
    return SegmentationError(
        f"more than {MOST_LABELS} labels; give the segmentation, not an image"
    )
