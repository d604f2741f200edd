"""Where voxels lie.

Arrays and indices are ``(z, y, x)``; points, spacings, origins and the columns of a
direction matrix are ``(x, y, z)`` in millimetres, LPS (x to the left, y to the back,
z to the head). The two orders meet in this module and nowhere else.
"""

import itertools
from dataclasses import dataclass
from typing import Self

import numpy as np
import numpy.typing as npt
import SimpleITK as sitk

from nodal_staging.study.arrays import AnyArray, Float32Array, FloatArray

Box = tuple[tuple[int, int, int], tuple[int, int, int]]
"""Start index and shape of a box of voxels, both ``(z, y, x)``."""


@dataclass(frozen=True, slots=True)
class Lattice:
    """A regular grid of voxels in space.

    Attributes
    ----------
    shape
        Number of voxels ``(z, y, x)``.
    spacing_mm
        Distance of voxel centres along the index axes ``(x, y, z)``.
    origin_mm
        LPS point ``(x, y, z)`` of the centre of voxel 0.
    direction
        Nine numbers, row by row: column c is the LPS unit vector of index axis c in
        the order ``(x, y, z)``, as in SimpleITK.
    """

    shape: tuple[int, int, int]
    spacing_mm: tuple[float, float, float]
    origin_mm: tuple[float, float, float]
    direction: tuple[float, ...] = (1.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 1.0)

    @property
    def voxel_volume_mm3(self) -> float:
        """Volume of one voxel; of a parallelepiped where the grid is sheared."""
        return abs(float(np.linalg.det(self.axes_mm())))

    def axes_mm(self) -> FloatArray:
        """Return the steps of the index axes, columns in the order ``(x, y, z)``."""
        steps: FloatArray = np.reshape(self.direction, (3, 3)) * np.asarray(
            self.spacing_mm
        )
        return steps

    def to_points(self, index: npt.ArrayLike) -> FloatArray:
        """Turn indices ``(..., 3)`` in ``(z, y, x)`` into LPS points ``(..., 3)``.

        Examples
        --------
        >>> lattice = Lattice((3, 4, 5), spacing_mm=(1, 2, 3), origin_mm=(10, 20, 30))
        >>> lattice.to_points((1, 0, 2)).tolist()
        [12.0, 20.0, 33.0]
        """
        steps = np.asarray(index, dtype=np.float64)[..., ::-1]
        points: FloatArray = steps @ self.axes_mm().T + np.asarray(self.origin_mm)
        return points

    def to_index(self, points_mm: npt.ArrayLike) -> FloatArray:
        """Turn LPS points ``(..., 3)`` into continuous indices ``(z, y, x)``.

        Examples
        --------
        >>> lattice = Lattice((3, 4, 5), spacing_mm=(1, 2, 3), origin_mm=(10, 20, 30))
        >>> lattice.to_index((12, 20, 33)).tolist()
        [1.0, 0.0, 2.0]
        """
        offsets = np.asarray(points_mm, dtype=np.float64) - np.asarray(self.origin_mm)
        index: FloatArray = (offsets @ np.linalg.inv(self.axes_mm()).T)[..., ::-1]
        return index

    def crop(self, start: tuple[int, int, int], shape: tuple[int, int, int]) -> Self:
        """Return the lattice of the box that begins at index ``start``."""
        return type(self)(
            shape=shape,
            spacing_mm=self.spacing_mm,
            origin_mm=triple(self.to_points(start)),
            direction=self.direction,
        )

    def difference(self, other: "Lattice") -> str | None:
        """Say in words how another lattice differs, or None where it is the same.

        The same means: equal shapes, spacing within 1e-3 mm, directions within 1e-3
        and the origin within a hundredth of a voxel.
        """
        if self.shape != other.shape:
            return (
                f"expected {_of(self.shape)} voxels (z, y, x), found {_of(other.shape)}"
            )
        if not np.allclose(self.spacing_mm, other.spacing_mm, rtol=0, atol=1e-3):
            return (
                f"expected spacing {_of(self.spacing_mm)} mm (x, y, z), "
                f"found {_of(other.spacing_mm)} mm"
            )
        if not np.allclose(self.direction, other.direction, rtol=0, atol=1e-3):
            return "the axes point in other directions"
        shift = np.abs(self.to_index(other.origin_mm))
        if shift.max() > 1e-2:
            return f"the origin is {shift.max():.2f} voxels away"
        return None


def axial_cube(centre_mm: npt.ArrayLike, *, size: int, spacing_mm: float) -> Lattice:
    """Return an axis-aligned cube of ``size`` voxels an edge around an LPS point.

    The point has the continuous index ``(size - 1) / 2`` on every axis, which for an
    even size lies between two voxels.

    Examples
    --------
    >>> axial_cube((0, 0, 0), size=80, spacing_mm=1).origin_mm
    (-39.5, -39.5, -39.5)
    """
    corner = np.asarray(centre_mm, dtype=np.float64) - spacing_mm * (size - 1) / 2
    return Lattice(
        shape=(size, size, size),
        spacing_mm=(spacing_mm, spacing_mm, spacing_mm),
        origin_mm=triple(corner),
    )


def box_around(target: Lattice, lattice: Lattice) -> Box:
    """Return the voxels of a lattice between which another lies, at least one."""
    far = np.array(target.shape) - 1
    corners = target.to_points(list(itertools.product(*([0, end] for end in far))))
    return box_of(lattice.to_index(corners), lattice)


def box_of(index: FloatArray, lattice: Lattice) -> Box:
    """Return the voxels of a lattice between which ``(n, 3)`` indices lie."""
    last = np.array(lattice.shape) - 1
    low = np.clip(np.floor(index.min(axis=0)).astype(int), 0, last)
    high = np.clip(np.ceil(index.max(axis=0)).astype(int), low, last)
    z, y, x = (int(value) for value in low)
    depth, height, width = (int(value) for value in high - low + 1)
    return (z, y, x), (depth, height, width)


def slices_of(box: Box) -> tuple[slice, slice, slice]:
    """Return the slices ``(z, y, x)`` of a box."""
    z, y, x = (slice(start, start + count) for start, count in zip(*box, strict=True))
    return z, y, x


def as_image(array: AnyArray, lattice: Lattice) -> sitk.Image:
    """Wrap an array ``(z, y, x)`` as an image with its position."""
    if array.shape != lattice.shape:
        raise ValueError(f"expected shape {lattice.shape}, received {array.shape}")
    image = sitk.GetImageFromArray(array)
    image.SetSpacing(lattice.spacing_mm)
    image.SetOrigin(lattice.origin_mm)
    image.SetDirection(lattice.direction)
    return image


def resample(
    array: AnyArray,
    lattice: Lattice,
    target: Lattice,
    *,
    outside: float,
) -> Float32Array:
    """Interpolate an array ``(z, y, x)`` linearly on another lattice.

    Parameters
    ----------
    array, lattice
        Values and the grid on which they stand.
    target
        The grid on which values are wanted.
    outside
        Value of points beyond the centres of the outermost voxels.

    Returns
    -------
    Values on ``target``, in float32.
    """
    image = as_image(array.astype(np.float32, copy=False), lattice)
    x, y, z = target.shape[::-1]
    placed = sitk.Resample(
        image,
        (x, y, z),
        sitk.Transform(),
        sitk.sitkLinear,
        target.origin_mm,
        target.spacing_mm,
        target.direction,
        outside,
        sitk.sitkFloat32,
    )
    values: Float32Array = sitk.GetArrayFromImage(placed)
    return values


def triple(values: npt.ArrayLike) -> tuple[float, float, float]:
    """Return three plain floats."""
    x, y, z = (float(value) for value in np.asarray(values))
    return x, y, z


def _of(values: tuple[float, ...]) -> str:
    return " x ".join(f"{value:g}" for value in values)
