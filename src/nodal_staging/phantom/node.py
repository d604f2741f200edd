"""A synthetic node: a rounded body of soft tissue with a fatty hilum, in fat.

Size is lognormal in the size latent, core attenuation linear in the attenuation
latent, and the share of the hilum falls linearly with the hilum latent.
"""

from dataclasses import dataclass, replace
from functools import cache

import numpy as np
import numpy.typing as npt
from scipy import ndimage

from nodal_staging.study.arrays import BoolArray, FloatArray, Volume

MEDIAN_VOLUME_MM3 = 350.0
LOG_VOLUME_SD = 0.7
CORE_HU = 50.0
CORE_HU_PER_SD = 28.0
HILUM_HU = -80.0
HILUM_SHARE = 0.22
HILUM_SHARE_PER_SD = 0.085
LARGEST_HILUM_SHARE = 0.6
HILUM_RADIUS = 0.85
"""Radius of the ball that the hilum is cut with, in radii of the node."""

CUFF_MM = 2.5
"""Thickness of the fat around every node, so that its border can be seen."""

WAVES = 5
SURFACE_SD = 0.05
"""Roughness of the surface, in radii."""

SUB_SLICES = 3
"""Sample points of a voxel through the slice thickness."""

TEXTURE_HU = 5.0
TEXTURE_MM = 2.2


@dataclass(frozen=True, slots=True)
class Node:
    """One node in the body.

    Attributes
    ----------
    centre_mm
        ``(x, y, z)`` in the frame of the body.
    axes
        Maps millimetres to the unit ball, rows in ``(x, y, z)``.
    surface, texture
        Waves ``(waves, 4)``: direction times frequency, and phase; of the surface
        over the unit sphere, of the core over millimetres.
    radius_mm, reach_mm
        Of the ball of the same volume, and the longest half axis.
    core_hu, hilum_share
        From the latents.
    hilum
        Unit vector of the ball towards the hilum; it points into the axial plane,
        where a reader looks for it.
    """

    centre_mm: FloatArray
    axes: FloatArray
    surface: FloatArray
    texture: FloatArray
    radius_mm: float
    reach_mm: float
    core_hu: float
    hilum_share: float
    hilum: FloatArray

    def moved(self, centre_mm: FloatArray) -> "Node":
        """Return the node at another place."""
        return replace(self, centre_mm=centre_mm)


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
    """Shape a node: random proportions, orientation and surface, latents as given."""
    proportions = np.array([1.0, rng.uniform(1.0, 1.3), rng.uniform(1.1, 1.6)])
    proportions /= np.cbrt(proportions.prod())
    radius = float(np.cbrt(volume_mm3(size) * 3 / (4 * np.pi)))
    surface = _waves(rng, 1.5, 3.5)
    rough = _surface(_sphere(), surface)
    semi_axes = radius * proportions / np.cbrt((rough**3).mean())
    turn, _ = np.linalg.qr(rng.standard_normal((3, 3)))
    axes = turn / semi_axes[:, None]
    angle = rng.uniform(0, 2 * np.pi)
    direction = axes @ np.array([np.cos(angle), np.sin(angle), 0.0])
    return Node(
        centre_mm=centre_mm,
        axes=axes,
        surface=surface,
        texture=_waves(rng, 1 / TEXTURE_MM, 2 / TEXTURE_MM),
        radius_mm=radius,
        reach_mm=float(semi_axes.max() * rough.max()),
        core_hu=core_hu(attenuation),
        hilum_share=hilum_share(hilum),
        hilum=direction / np.linalg.norm(direction),
    )


def _waves(rng: np.random.Generator, slowest: float, fastest: float) -> FloatArray:
    """Draw plane waves: three components of the wave vector, and a phase."""
    directions = rng.standard_normal((WAVES, 3))
    directions /= np.linalg.norm(directions, axis=1, keepdims=True)
    frequencies = rng.uniform(slowest, fastest, (WAVES, 1))
    return np.hstack([directions * frequencies, rng.uniform(0, 2 * np.pi, (WAVES, 1))])


def _sum_of_waves(points: FloatArray, waves: FloatArray) -> FloatArray:
    """Return a smooth random function with standard deviation 1, at points (3, n)."""
    total: FloatArray = np.sin(waves[:, :3] @ points + waves[:, 3:]).sum(axis=0)
    scaled: FloatArray = total * np.sqrt(2 / len(waves))
    return scaled


def _surface(directions: FloatArray, waves: FloatArray) -> FloatArray:
    """Return the radius of the rough ball along unit vectors (3, n)."""
    return 1 + SURFACE_SD * _sum_of_waves(directions, waves)


@cache
def _sphere() -> FloatArray:
    """Return points that cover the unit sphere evenly (Fibonacci)."""
    number = np.arange(400) + 0.5
    height = 1 - 2 * number / 400
    angle = np.pi * (1 + np.sqrt(5)) * number
    width = np.sqrt(1 - height**2)
    return np.stack([width * np.cos(angle), width * np.sin(angle), height])


def sample_points(
    x_mm: FloatArray, y_mm: FloatArray, z_mm: FloatArray, slice_mm: float
) -> FloatArray:
    """Return the sample points of a box of voxels, through the slice thickness.

    Returns
    -------
    Points ``(k, z, y, x, 3)`` in ``(x, y, z)``, as ``paint_node`` takes them.
    """
    steps = (np.arange(SUB_SLICES) - (SUB_SLICES - 1) / 2) * slice_mm / SUB_SLICES
    points = np.empty((SUB_SLICES, len(z_mm), len(y_mm), len(x_mm), 3))
    points[..., 0] = x_mm
    points[..., 1] = y_mm[:, None]
    points[..., 2] = (z_mm + steps[:, None])[:, :, None, None]
    return points


def paint_node(
    hu: Volume,
    points_mm: FloatArray,
    node: Node,
    fat_hu: float,
    *,
    blur_px: float = 0.0,
) -> Volume:
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
    blur_px
        Standard deviation of the in-plane point spread, in pixels.

    Returns
    -------
    Share of each voxel that is node ``(z, y, x)``, before the blur.
    """
    parts = _parts(points_mm.reshape(-1, 3) - node.centre_mm, node)
    occupied, cuff, filled = parts.reshape(3, *points_mm.shape[:-1]).mean(axis=1)
    sigma = (0, blur_px, blur_px)
    cuff, seen, filled = (
        ndimage.gaussian_filter(part, sigma, truncate=3, mode="nearest")
        for part in (cuff, occupied, filled)
    )
    around = hu * (1 - cuff) + fat_hu * cuff
    hu[...] = around * (1 - seen) + filled
    result: Volume = occupied.astype(np.float32)
    return result


def _parts(away: FloatArray, node: Node) -> FloatArray:
    """Return what points (n, 3) around a node hold of it.

    Returns
    -------
    Share of node, share of node or cuff, and share times attenuation ``(3, n)``;
    zero far from the node, where nothing is computed.
    """
    parts = np.zeros((3, len(away)))
    ball = node.axes @ away.T
    distance = _length(ball)
    farthest = 1 + SURFACE_SD * np.sqrt(2 * WAVES)
    reached = farthest * (1 + (CUFF_MM + 0.5) / node.radius_mm)
    near = np.flatnonzero(distance <= reached)
    ball, distance = ball[:, near], distance[near]
    unit = ball / np.maximum(distance, 1e-9)
    inside_mm = (1 - distance / _surface(unit, node.surface)) * node.radius_mm
    share = np.clip(inside_mm + 0.5, 0, 1)
    parts[0, near] = share
    parts[1, near] = np.clip(inside_mm + CUFF_MM + 0.5, 0, 1)
    own = share > 0
    near, ball, share = near[own], ball[:, own], share[own]
    core = node.core_hu + TEXTURE_HU * _sum_of_waves(away[near].T, node.texture)
    parts[2, near] = share * np.where(_in_hilum(ball, node), HILUM_HU, core)
    return parts


def _length(vectors: FloatArray) -> FloatArray:
    """Return the lengths of vectors (3, n)."""
    x, y, z = vectors
    length: FloatArray = np.sqrt(x * x + y * y + z * z)
    return length


def _in_hilum(ball: FloatArray, node: Node) -> BoolArray:
    """Tell which points (3, n) lie in the hilum, a lens open to one side."""
    middle = lens_distance(node.hilum_share) * node.hilum
    near: BoolArray = _length(ball - middle[:, None]) < HILUM_RADIUS
    return near


def lens_share(distance: npt.ArrayLike) -> FloatArray:
    """Return the share of the unit ball that lies in a ball at that distance.

    Volume of the intersection of two balls of radii 1 and r at distance d:
    pi (1 + r - d)^2 (d^2 + 2 d (1 + r) - 3 (1 - r)^2) / (12 d).
    """
    r = HILUM_RADIUS
    d: FloatArray = np.asarray(distance, dtype=float)
    lens = (1 + r - d) ** 2 * (d**2 + 2 * d * (1 + r) - 3 * (1 - r) ** 2) / (16 * d)
    return np.where(d >= 1 + r, 0.0, np.where(d <= 1 - r, r**3, lens))


def lens_distance(share: float) -> float:
    """Return the distance at which the hilum holds that share of the node."""
    distances = np.linspace(1 - HILUM_RADIUS, 1 + HILUM_RADIUS, 1701)
    return float(np.interp(-share, -lens_share(distances), distances))
