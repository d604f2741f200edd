"""The grid of a segmentation file, proved to be one before it is believed.

Native readers turn a damaged geometry into the identity or shear it; both put a node
elsewhere in the body without a word.
"""

import math

import numpy as np
import numpy.typing as npt

from nodal_staging.geometry import Lattice, triple
from nodal_staging.study.errors import SegmentationError

LONGEST_AXIS = 4096
FARTHEST_MM = 1e6
SPACINGS_MM = (1e-3, 1e3)
MOST_SKEW = 1e-3  # cosine between two axes that are still at right angles


def placed_grid(
    sizes: tuple[int, ...],
    steps_mm: npt.ArrayLike,
    origin_mm: npt.ArrayLike,
    *,
    role: str,
) -> Lattice:
    """Return the grid that a header describes.

    Parameters
    ----------
    sizes
        Number of voxels along the three index axes ``(x, y, z)``.
    steps_mm
        One LPS vector ``(x, y, z)`` a row, from a voxel to its neighbour along each
        index axis ``(x, y, z)``.
    origin_mm
        LPS point of the centre of the first voxel.
    role
        How messages call the segmentation.

    Raises
    ------
    SegmentationError
        If sizes, steps or origin are out of bounds, or the axes are not at right
        angles.
    """
    _check_sizes(sizes, role)
    steps, origin = np.asarray(steps_mm, float), np.asarray(origin_mm, float)
    if steps.shape != (3, 3) or origin.shape != (3,):
        raise SegmentationError(
            f"{role}: the geometry is not three-dimensional; save the segmentation "
            "with the geometry of its CT"
        )
    _check_numbers(steps, origin, role)
    lengths = np.linalg.norm(steps, axis=1)
    _check_axes(steps, lengths, role)
    directions = (steps / lengths[:, None]).T
    x, y, z = sizes
    return Lattice(
        shape=(z, y, x),
        spacing_mm=triple(lengths),
        origin_mm=triple(origin),
        direction=tuple(float(value) for value in directions.reshape(-1)),
    )


def _check_sizes(sizes: tuple[int, ...], role: str) -> None:
    if len(sizes) != 3 or not all(1 <= size <= LONGEST_AXIS for size in sizes):
        raise SegmentationError(
            f"{role}: expected three sizes from 1 to {LONGEST_AXIS} voxels, found "
            f"{' x '.join(str(size) for size in sizes)}; save the segmentation again"
        )


def _check_numbers(
    steps: npt.NDArray[np.float64], origin: npt.NDArray[np.float64], role: str
) -> None:
    if not np.isfinite(steps).all() or not np.isfinite(origin).all():
        raise SegmentationError(
            f"{role}: the geometry holds numbers that are not finite; save the "
            "segmentation again"
        )
    if np.abs(origin).max() > FARTHEST_MM or np.abs(steps).max() > SPACINGS_MM[1]:
        raise SegmentationError(
            f"{role}: the origin or the spacing lies beyond {FARTHEST_MM:g} or "
            f"{SPACINGS_MM[1]:g} mm; save the segmentation in millimetres"
        )


def _check_axes(
    steps: npt.NDArray[np.float64], lengths: npt.NDArray[np.float64], role: str
) -> None:
    if lengths.min() < SPACINGS_MM[0]:
        raise SegmentationError(
            f"{role}: expected a spacing of at least {SPACINGS_MM[0]:g} mm on every "
            f"axis, found {lengths.min():g} mm; save the segmentation again"
        )
    units = steps / lengths[:, None]
    skew = np.abs(units @ units.T - np.eye(3)).max()
    if skew > MOST_SKEW or not math.isfinite(skew):
        raise SegmentationError(
            f"{role}: the axes of the grid are not at right angles (cosine "
            f"{skew:.3g}); resample the segmentation to the grid of its CT"
        )
