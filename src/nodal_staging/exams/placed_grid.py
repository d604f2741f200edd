"""Validation of the grid that the header of a volume describes.

Native readers turn a damaged geometry into the identity or shear it; both move a node
within the body without a warning.
"""

import numpy as np
import numpy.typing as npt

from nodal_staging.geometry import Lattice, triple
from nodal_staging.study.arrays import FloatArray
from nodal_staging.study.errors import VolumeError

LONGEST_AXIS = 4096
FARTHEST_MM = 1e6
SPACINGS_MM = (1e-3, 1e3)
MOST_SKEW = 1e-3  # cosine between two axes that are still at right angles
MOST_TILT_DEG = 45.0  # beyond the tilt of any gantry
SHEAR_TOLERANCE_DEG = 0.5


class TiltedVolumeError(VolumeError):
    """The slices of a volume are not stacked along their normal."""

    reason = "gantry_tilt"


def placed_grid(
    sizes: tuple[int, ...],
    steps_mm: npt.ArrayLike,
    origin_mm: npt.ArrayLike,
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

    Raises
    ------
    VolumeError
        If sizes, steps or origin are out of bounds, or the axes are not at right
        angles. The third may be tilted, see ``check_tilt``.
    """
    _check_sizes(sizes)
    steps, origin = np.asarray(steps_mm, float), np.asarray(origin_mm, float)
    if steps.shape != (3, 3) or origin.shape != (3,):
        raise VolumeError(
            "the geometry is not three-dimensional; write the file again with its "
            "orientation"
        )
    _check_numbers(steps, origin)
    lengths = np.linalg.norm(steps, axis=1)
    _check_axes(steps, lengths)
    directions = (steps / lengths[:, None]).T
    x, y, z = sizes
    return Lattice(
        shape=(z, y, x),
        spacing_mm=triple(lengths),
        origin_mm=triple(origin),
        direction=tuple(float(value) for value in directions.reshape(-1)),
    )


def _check_sizes(sizes: tuple[int, ...]) -> None:
    if len(sizes) != 3 or not all(1 <= size <= LONGEST_AXIS for size in sizes):
        raise VolumeError(
            f"expected three sizes from 1 to {LONGEST_AXIS} voxels, found "
            f"{' x '.join(str(size) for size in sizes)}; write it again"
        )


def _check_numbers(steps: FloatArray, origin: FloatArray) -> None:
    if not np.isfinite(steps).all() or not np.isfinite(origin).all():
        raise VolumeError(
            "the geometry holds numbers that are not finite; write it again"
        )
    if np.abs(origin).max() > FARTHEST_MM or np.abs(steps).max() > SPACINGS_MM[1]:
        raise VolumeError(
            f"the origin or the spacing lies beyond {FARTHEST_MM:g} or "
            f"{SPACINGS_MM[1]:g} mm; write it in millimetres"
        )


def _check_axes(steps: FloatArray, lengths: FloatArray) -> None:
    """Refuse axes that are not at right angles, but for slices of a tilted gantry."""
    if lengths.min() < SPACINGS_MM[0]:
        raise VolumeError(
            f"expected a spacing of at least {SPACINGS_MM[0]:g} mm on every "
            f"axis, found {lengths.min():g} mm; write it again"
        )
    units = steps / lengths[:, None]
    cosines = np.abs(units @ units.T - np.eye(3))
    skew = cosines[0, 1] if _tilt_deg(units) <= MOST_TILT_DEG else cosines.max()
    if not skew <= MOST_SKEW:
        raise VolumeError(
            "the axes of the grid are not at right angles (cosine "
            f"{skew:.3g}); resample the file to a grid with upright axes"
        )


def _tilt_deg(units: FloatArray) -> float:
    """Return the angle of the third axis with the normal of the other two.

    Of parallel axes, which have no normal, it is 90.
    """
    normal = np.cross(units[0], units[1])
    length = np.linalg.norm(normal)
    if not length > MOST_SKEW:
        return 90.0
    sine = float(np.linalg.norm(np.cross(units[2], normal / length)))
    return float(np.degrees(np.arcsin(min(1.0, sine))))


def tilt_deg(lattice: Lattice) -> float:
    """Return the angle of the stack with the normal of its slices."""
    return _tilt_deg(np.reshape(lattice.direction, (3, 3)).T)


def check_tilt(lattice: Lattice, *, corrected: bool) -> None:
    """Refuse the volume of a tilted gantry, unless its sheared grid is to be read.

    Raises
    ------
    TiltedVolumeError
        If the tilt is more than ``SHEAR_TOLERANCE_DEG``.
    """
    angle = tilt_deg(lattice)
    if angle > SHEAR_TOLERANCE_DEG and not corrected:
        raise TiltedVolumeError(tilt_sentence(angle))


def tilt_sentence(angle_deg: float) -> str:
    """Say why a tilted stack is refused, and the way out."""
    return (
        f"the stack is tilted by {angle_deg:.1f} degrees against the slice "
        "normal (gantry tilt); reconstruct the series without tilt, or set "
        "cohort.repairs.correct_tilt to read it on its sheared grid"
    )


def tilt_note(angle_deg: float) -> str:
    """Remark that a tilted stack was read on its sheared grid."""
    return f"gantry tilt of {angle_deg:.1f} degrees corrected"
