"""A synthetic node: an ellipsoid of soft tissue with a fatty hilum, in fat.

Size is lognormal in the size latent, core attenuation linear in the attenuation
latent, and the share of the hilum falls linearly with the hilum latent.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

FloatArray = npt.NDArray[np.float64]

MEDIAN_VOLUME_MM3 = 350.0
LOG_VOLUME_SD = 0.7
CORE_HU = 50.0
CORE_HU_PER_SD = 28.0
HILUM_HU = -80.0
HILUM_SHARE = 0.22
HILUM_SHARE_PER_SD = 0.085
LARGEST_HILUM_SHARE = 0.6
CUFF_MM = 2.5
"""Thickness of the fat around every node, so that its border can be seen."""


@dataclass(frozen=True, slots=True)
class Node:
    """One node in the body.

    ``centre_mm`` is ``(x, y, z)`` in the frame of ``body.paint_body``; ``axes`` maps
    millimetres to the unit ball, rows in ``(x, y, z)``; ``hilum`` is a unit vector of
    the ball that points into the axial plane, where a reader looks for it.
    """

    centre_mm: FloatArray
    axes: FloatArray
    radius_mm: float
    reach_mm: float
    core_hu: float
    hilum_share: float
    hilum: FloatArray


def volume_mm3(size: float) -> float:
    """Return the volume of a node from its size latent."""
    return float(MEDIAN_VOLUME_MM3 * np.exp(LOG_VOLUME_SD * size))


def core_hu(attenuation: float) -> float:
    """Return the attenuation of the core from its latent."""
    return CORE_HU + CORE_HU_PER_SD * attenuation


def hilum_share(hilum: float) -> float:
    """Return the share of the node that is hilum from its latent."""
    share = HILUM_SHARE - HILUM_SHARE_PER_SD * hilum
    return float(np.clip(share, 0, LARGEST_HILUM_SHARE))


def make_node(
    centre_mm: FloatArray,
    *,
    size: float,
    attenuation: float,
    hilum: float,
    rng: np.random.Generator,
) -> Node:
    """Shape a node: random proportions and orientation, latents as given."""
    proportions = np.array([1.0, rng.uniform(1.0, 1.3), rng.uniform(1.1, 1.6)])
    proportions /= np.cbrt(proportions.prod())
    radius = float(np.cbrt(volume_mm3(size) * 3 / (4 * np.pi)))
    semi_axes = radius * proportions
    turn, _ = np.linalg.qr(rng.standard_normal((3, 3)))
    axes = turn / semi_axes[:, None]
    angle = rng.uniform(0, 2 * np.pi)
    direction = axes @ np.array([np.cos(angle), np.sin(angle), 0.0])
    return Node(
        centre_mm=centre_mm,
        axes=axes,
        radius_mm=radius,
        reach_mm=float(semi_axes.max()),
        core_hu=core_hu(attenuation),
        hilum_share=hilum_share(hilum),
        hilum=direction / np.linalg.norm(direction),
    )


def paint_node(
    hu: npt.NDArray[np.float32], points_mm: FloatArray, node: Node, fat_hu: float
) -> npt.NDArray[np.float32]:
    """Paint a node and its fat on a box.

    Parameters
    ----------
    hu
        The box ``(z, y, x)``; changed in place.
    points_mm
        Its sample points ``(k, z, y, x, 3)`` in ``(x, y, z)``, k of them per voxel
        through the slice thickness.
    node, fat_hu
        What to paint.

    Returns
    -------
    Share of each voxel that is node ``(z, y, x)``.
    """
    ball = (points_mm - node.centre_mm) @ node.axes.T
    distance = np.linalg.norm(ball, axis=-1)
    inside_mm = (1 - distance) * node.radius_mm
    share = np.clip(inside_mm + 0.5, 0, 1)
    cuff = np.clip(inside_mm + CUFF_MM + 0.5, 0, 1).mean(axis=0)
    hilum = ball @ node.hilum > cap_height(node.hilum_share)
    tissue = np.where(hilum, HILUM_HU, node.core_hu)
    occupied = share.mean(axis=0)
    around = hu * (1 - cuff) + fat_hu * cuff
    painted = around * (1 - occupied) + (share * tissue).mean(axis=0)
    hu[...] = painted
    result: npt.NDArray[np.float32] = occupied.astype(np.float32)
    return result


def cap_height(share: float) -> float:
    """Return the height above which a unit ball holds that share of its volume."""
    heights = np.linspace(-1, 1, 2001)
    shares = (2 - 3 * heights + heights**3) / 4
    return float(np.interp(-share, -shares, heights))
