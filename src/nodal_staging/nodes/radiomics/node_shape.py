"""Size and shape of a node in three dimensions."""

import numpy as np
from scipy.spatial import ConvexHull
from scipy.spatial.distance import pdist

from nodal_staging.nodes.radiomics.first_order import quotient
from nodal_staging.nodes.radiomics.surface import (
    mesh_area_and_volume,
    surface_points_mm,
)
from nodal_staging.study.arrays import FloatArray, Mask


def shape_features(
    mask: Mask, spacing_mm: tuple[float, float, float]
) -> dict[str, float]:
    """Describe the shape of a node.

    Parameters
    ----------
    mask
        Voxels of the node ``(z, y, x)``, at least one.
    spacing_mm
        Distance of the voxels ``(z, y, x)``.

    Returns
    -------
    Feature to value, in powers of mm. ``convexity``, the share of the convex hull that
    the node fills, is not a feature of the IBSI. Elongation and flatness of a single
    voxel are NaN.

    References
    ----------
    IBSI reference manual, section 3.1 (morphological features).
    """
    area, volume = mesh_area_and_volume(mask, spacing_mm)
    hull = ConvexHull(surface_points_mm(mask, spacing_mm))
    major, minor, least = _axes_mm(mask, spacing_mm)
    equal_ball = (36 * np.pi * volume**2) ** (1 / 3)
    found = {
        "mesh_volume_mm3": volume,
        "voxel_volume_mm3": np.count_nonzero(mask) * np.prod(spacing_mm),
        "surface_mm2": area,
        "surface_to_volume": area / volume,
        "compactness_1": volume / (np.sqrt(np.pi) * area**1.5),
        "compactness_2": 36 * np.pi * volume**2 / area**3,
        "spherical_disproportion": area / equal_ball,
        "sphericity": equal_ball / area,
        "asphericity": area / equal_ball - 1,
        "maximum_diameter_mm": pdist(hull.points[hull.vertices]).max(),
        "major_axis_mm": major,
        "minor_axis_mm": minor,
        "least_axis_mm": least,
        "elongation": quotient(minor, major),
        "flatness": quotient(least, major),
        "convexity": volume / hull.volume,
    }
    return {name: float(value) for name, value in found.items()}


def _axes_mm(mask: Mask, spacing_mm: tuple[float, float, float]) -> FloatArray:
    """Return four standard deviations of the voxels along their principal axes."""
    points = np.argwhere(mask) * np.array(spacing_mm)
    centred = points - points.mean(axis=0)
    # The reference values are those of the unbiased covariance.
    covariance = centred.T @ centred / max(len(points) - 1, 1)
    variances = np.linalg.eigvalsh(covariance)[::-1]
    axes: FloatArray = 4 * np.sqrt(np.maximum(variances, 0))
    return axes
