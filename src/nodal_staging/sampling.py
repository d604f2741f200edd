"""Sampling training images from patches: one affine, one interpolation per pixel.

The chain of rotation, shift, flips, crop and slice is one map from the 48 x 48 pixels
that the network sees to places in the patch. With the shift applied in the frame of
the patch no sample leaves it: 23.5 * sqrt(2) + 5 = 38.2 <= 39.5 voxels (rotating
first and shifting after would reach 40.3). The axial plane stays axial, so a pixel
lies between two slices that are the same for the whole image, and the flip across
the axial plane changes nothing: the plane that is fed is its own mirror image.

Arrays are ``(z, y, x)``.
"""

from collections.abc import Iterator, Sequence

import numpy as np
import numpy.typing as npt

from nodal_staging.augment import Augmentation

FloatArray = npt.NDArray[np.float32]
Slabs = npt.NDArray[np.int16] | npt.NDArray[np.uint8]

IMAGE_SIZE = 48
LARGEST_SHIFT = 5
HALF_DEPTH = LARGEST_SHIFT + 1
"""Slices on each side of the centre that any draw can touch."""

TOGETHER = 32
"""Images sampled at a time: enough to hide Python, few enough for the cache."""


def source_points(drawn: Augmentation) -> FloatArray:
    """Return where each pixel is sampled, relative to the centre of the patch.

    Returns
    -------
    Voxels ``(n, 48, 48, 3)`` in ``(z, y, x)``; a patch of 80 reaches to 39.5.
    """
    y, x = np.empty((2, len(drawn.angle), IMAGE_SIZE, IMAGE_SIZE), np.float32)
    _in_plane(drawn, y, x)
    z = np.broadcast_to(drawn.shift[:, :1, None], y.shape)
    return np.stack([z, y, x], axis=-1).astype(np.float32)


def sample(slabs: Slabs, drawn: Augmentation) -> FloatArray:
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
    for rows, (values,) in sample_in_parts([slabs], drawn):
        images[rows] = values
    return images


def sample_in_parts(
    volumes: Sequence[Slabs], drawn: Augmentation
) -> Iterator[tuple[slice, tuple[FloatArray, ...]]]:
    """Sample volumes of the same patches at the same places, as ``sample``.

    Yields
    ------
    The images of a part, and the values of each volume there. The arrays are used
    again for the next part.
    """
    count, depth, size, _ = volumes[0].shape
    _prove_inside(drawn, depth=depth, size=size)
    room = _Room(min(count, TOGETHER), size, len(volumes))
    for start in range(0, count, TOGETHER):
        rows = slice(start, min(start + TOGETHER, count))
        room.limit(rows.stop - start)
        part = drawn.part(rows)
        room.place(part)
        z = part.shift[:, 0] + (depth - 1) / 2
        for number, volume in enumerate(volumes):
            room.cut(volume[rows], z)
            room.interpolate(number)
        yield rows, tuple(values[: rows.stop - start] for values in room.values)


def _in_plane(drawn: Augmentation, y: FloatArray, x: FloatArray) -> None:
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


class _Room:
    """Memory for one part: asking the system for it anew costs more than the sums."""

    def __init__(self, count: int, size: int, volumes: int) -> None:
        """Make room for ``count`` images from planes of ``size`` voxels squared."""
        image = (count, IMAGE_SIZE, IMAGE_SIZE)
        self.size = size
        self.all_floats = np.empty((5, *image), np.float32)
        self.all_corners = np.empty(image, np.intp)
        self.all_planes = np.empty((2, count, size, size), np.float32)
        self.values = np.empty((volumes, *image), np.float32)
        self.limit(count)

    def limit(self, count: int) -> None:
        """Use room for ``count`` images alone, for the last part."""
        self.count = count
        self.y, self.x, self.row, self.column, self.right = self.all_floats[:, :count]
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

    def _split(self, place: FloatArray, whole: FloatArray) -> None:
        """Count from the first voxel; split into whole voxels and what is beyond."""
        place += np.float32((self.size - 1) / 2)
        # On the outermost voxel the weight of what lies beyond is zero.
        np.floor(place, out=whole)
        place -= whole

    def cut(self, slabs: Slabs, z: npt.NDArray[np.float64]) -> None:
        """Interpolate one axial plane per slab at z in voxels ``(n,)``."""
        below = np.clip(np.floor(z).astype(int), 0, slabs.shape[1] - 2)
        weight = (z - below).astype(np.float32)[:, None, None]
        every = np.arange(self.count)
        self.planes[...] = slabs[every, below]
        self.above[...] = slabs[every, below + 1]
        self.above -= self.planes
        self.above *= weight
        self.planes += self.above

    def interpolate(self, number: int) -> None:
        """Interpolate the planes between the four voxels around each pixel."""
        voxels = self.planes.reshape(-1)
        top, bottom = self.values[number, : self.count], self.column
        self._along_x(voxels, top)
        self._along_x(voxels[self.size :], bottom)
        bottom -= top
        bottom *= self.y
        top += bottom

    def _along_x(self, voxels: FloatArray, left: FloatArray) -> None:
        """Interpolate between a voxel and its neighbour to the right."""
        # Every place was proved to lie inside; clipping spares a second check.
        voxels.take(self.corner, out=left, mode="clip")
        voxels[1:].take(self.corner, out=self.right, mode="clip")
        self.right -= left
        self.right *= self.x
        left += self.right
