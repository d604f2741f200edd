"""Sampling training images from patches: one affine, one interpolation per pixel.

The chain of rotation, shift, flips, crop and slice is one map from the 48 x 48 pixels
that the network sees to places in the patch. With the shift applied in the frame of
the patch no sample leaves it: 23.5 * sqrt(2) + 5 = 38.2 <= 39.5 voxels (rotating
first and shifting after would reach 40.3). The axial plane stays axial, so a pixel
lies between two slices that are the same for the whole image, and the flip across
the axial plane changes nothing: the plane that is fed is its own mirror image.

Arrays are ``(z, y, x)``.
"""

from collections.abc import Iterator

import numpy as np

from nodal_staging.classifiers.cnn.augmentation import Augmentation
from nodal_staging.study.arrays import (
    BoolArray,
    Float32Array,
    FloatArray,
    IntArray,
    Slabs,
    UInt8Array,
)

IMAGE_SIZE = 48
LARGEST_SHIFT = 5
HALF_DEPTH = LARGEST_SHIFT + 1
"""Slices on each side of the centre that any draw can touch."""

TOGETHER = 32
"""Images sampled at a time: enough to hide Python, few enough for the cache."""


def sample(slabs: Slabs, drawn: Augmentation) -> Float32Array:
    """Sample images from slabs of patches by linear interpolation.

    Parameters
    ----------
    slabs
        Central slices of n patches ``(n, depth, y, x)``; the centre lies between the
        middle voxels of each axis.
    drawn
        How to place each image.

    Returns
    -------
    Interpolated values ``(n, 48, 48)``, brightness not applied.

    Raises
    ------
    ValueError
        If a sample would lie outside its patch.
    """
    images = np.empty((len(slabs), IMAGE_SIZE, IMAGE_SIZE), np.float32)
    for rows, values, _ in sample_in_parts(slabs, None, drawn):
        images[rows] = values
    return images


def sample_in_parts(
    slabs: Slabs,
    masks: UInt8Array | None,
    drawn: Augmentation,
    *,
    inside_only: bool = False,
) -> Iterator[tuple[slice, Float32Array, BoolArray | None]]:
    """Sample images, and masks at the same places, as ``sample``.

    Parameters
    ----------
    slabs, masks, drawn
        As for ``sample``; masks may be left out.
    inside_only
        Leave pixels outside the mask undefined, which spares most of the work.

    Yields
    ------
    Which images these are, their values, and whether at least half of a pixel lies
    in the mask. The arrays of values are used again for the next part.
    """
    count, depth, size, _ = slabs.shape
    _prove_inside(drawn, depth=depth, size=size)
    room = _Room(min(count, TOGETHER), size)
    for start in range(0, count, TOGETHER):
        rows = slice(start, min(start + TOGETHER, count))
        room.limit(rows.stop - start)
        part = drawn.part(rows)
        room.place(part)
        slices = _Slices(part.shift[:, 0] + (depth - 1) / 2, depth)
        inside = None if masks is None else room.inside(masks[rows], slices)
        if inside is not None and inside_only:
            room.fill(slabs[rows], slices, inside)
        else:
            room.cut(slabs[rows], slices)
            room.interpolate()
        yield rows, room.values, inside


def _in_plane(drawn: Augmentation, y: Float32Array, x: Float32Array) -> None:
    """Write y and x of each pixel relative to the centre, each ``(n, 48, 48)``."""
    pixel = (np.arange(IMAGE_SIZE) - (IMAGE_SIZE - 1) / 2).astype(np.float32)
    cos, sin = (f(drawn.angle).astype(np.float32)[:, None] for f in (np.cos, np.sin))
    shift = drawn.shift.astype(np.float32)
    along_x = np.where(drawn.flip[:, :1], -pixel, pixel)
    rows, columns = cos * pixel + shift[:, 1:2], cos * along_x + shift[:, 2:]
    np.add(rows[:, :, None], (sin * along_x)[:, None, :], out=y)
    np.add((-sin * pixel)[:, :, None], columns[:, None, :], out=x)


def _prove_inside(drawn: Augmentation, *, depth: int, size: int) -> None:
    """Refuse draws that reach beyond the outermost voxels of the patch."""
    half = (IMAGE_SIZE - 1) / 2 * (abs(np.cos(drawn.angle)) + abs(np.sin(drawn.angle)))
    reach = np.abs(drawn.shift) + np.stack([0 * half, half, half], axis=-1)
    limit = (np.array([depth, size, size]) - 1) / 2
    if np.any(reach > limit + 1e-4):
        farthest = reach.max(axis=0).round(1).tolist()
        raise ValueError(
            f"expected samples within {limit.tolist()} voxels of the centre (z, y, x), "
            f"received draws that reach {farthest}"
        )


def _touched(marked: BoolArray) -> BoolArray:
    """Mark each voxel next to a marked one, to the right or below, in planes.

    All planes are one row of voxels: the last of a line touches the first of the
    next, which marks some in vain and spares a loop over lines.
    """
    near, size = marked.reshape(-1), marked.shape[-1]
    near[:-1] |= near[1:]
    near[:-size] |= near[size:]
    return near


class _Slices:
    """The two slices between which each image lies, and the weight of the upper."""

    def __init__(self, z: FloatArray, depth: int) -> None:
        """Take the height of each image in slices ``(n,)``."""
        self.image = np.arange(len(z))
        self.below = np.clip(np.floor(z).astype(int), 0, depth - 2)
        self.weight = (z - self.below).astype(np.float32)


class _Room:
    """Memory for one part: asking the system for it anew costs more than the sums."""

    def __init__(self, count: int, size: int) -> None:
        """Make room for ``count`` images from planes of ``size`` voxels squared."""
        image = (count, IMAGE_SIZE, IMAGE_SIZE)
        self.size = size
        self.all_floats = np.zeros((6, *image), np.float32)
        self.all_corners = np.empty(image, np.intp)
        self.all_planes = np.empty((2, count, size, size), np.float32)
        self.limit(count)

    def limit(self, count: int) -> None:
        """Use room for ``count`` images alone, for the last part."""
        self.count = count
        self.y, self.x, self.row, self.column = self.all_floats[:4, :count]
        self.right, self.values = self.all_floats[4:, :count]
        self.corner = self.all_corners[:count]
        self.planes, self.above = self.all_planes[:, :count]

    def place(self, drawn: Augmentation) -> None:
        """Find the voxel above and left of each pixel, and the weights beyond it.

        The voxels of all planes are counted in one row.
        """
        _in_plane(drawn, self.y, self.x)
        self._split(self.y, self.row)
        self._split(self.x, self.column)
        # Whole numbers below 2**24 are exact in single precision.
        self.row *= np.float32(self.size)
        self.row += self.column
        first = np.arange(self.count, dtype=np.float32) * np.float32(self.size**2)
        self.row += first[:, None, None]
        np.copyto(self.corner, self.row, casting="unsafe")

    def _split(self, place: Float32Array, whole: Float32Array) -> None:
        """Count from the first voxel; split into whole voxels and what is beyond."""
        place += np.float32((self.size - 1) / 2)
        # On the outermost voxel the weight of what lies beyond is zero.
        np.floor(place, out=whole)
        place -= whole

    def cut(self, slabs: Slabs, slices: _Slices) -> None:
        """Interpolate one axial plane per slab."""
        self.planes[...] = slabs[slices.image, slices.below]
        self.above[...] = slabs[slices.image, slices.below + 1]
        self.above -= self.planes
        self.above *= slices.weight[:, None, None]
        self.planes += self.above

    def interpolate(self) -> None:
        """Interpolate the planes between the four voxels around each pixel."""
        voxels = self.planes.reshape(-1)
        top, bottom = self.values, self.column
        self._along_x(voxels, top)
        self._along_x(voxels[self.size :], bottom)
        bottom -= top
        bottom *= self.y
        top += bottom

    def inside(self, masks: UInt8Array, slices: _Slices) -> BoolArray:
        """Return where the mask, interpolated too, is at least one half.

        Nodes are small, so only pixels with a voxel of the mask around them are
        interpolated.
        """
        near = masks[slices.image, slices.below]
        near |= masks[slices.image, slices.below + 1]
        touched = _touched(near != 0).take(self.corner, mode="clip")
        pixels = np.flatnonzero(touched)
        found = touched.reshape(-1)
        found[pixels] = self._at(pixels, masks, slices) >= 0.5
        return touched

    def fill(self, slabs: Slabs, slices: _Slices, inside: BoolArray) -> None:
        """Interpolate chosen pixels alone; the others keep what they had."""
        pixels = np.flatnonzero(inside)
        self.values.reshape(-1)[pixels] = self._at(pixels, slabs, slices)

    def _at(self, pixels: IntArray, volumes: Slabs, slices: _Slices) -> Float32Array:
        """Interpolate volumes ``(n, depth, y, x)`` at some of all pixels."""
        image = pixels // IMAGE_SIZE**2
        skipped = image * (volumes.shape[1] - 1) + slices.below[image]
        corner = self.corner.reshape(-1)[pixels] + skipped * self.size**2
        voxels, weight = volumes.reshape(-1), slices.weight[image]
        x, y = self.x.reshape(-1)[pixels], self.y.reshape(-1)[pixels]

        def along_z(offset: int) -> Float32Array:
            low = voxels.take(corner + offset, mode="clip").astype(np.float32)
            beyond = corner + (offset + self.size**2)
            value: Float32Array = voxels.take(beyond, mode="clip") - low
            value *= weight
            value += low
            return value

        def along_x(offset: int) -> Float32Array:
            left = along_z(offset)
            right = along_z(offset + 1)
            right -= left
            right *= x
            left += right
            return left

        top, bottom = along_x(0), along_x(self.size)
        bottom -= top
        bottom *= y
        top += bottom
        return top

    def _along_x(self, voxels: Float32Array, left: Float32Array) -> None:
        """Interpolate between a voxel and its neighbour to the right."""
        # Every place was proved to lie inside; clipping spares a second check.
        voxels.take(self.corner, out=left, mode="clip")
        voxels[1:].take(self.corner, out=self.right, mode="clip")
        self.right -= left
        self.right *= self.x
        left += self.right
