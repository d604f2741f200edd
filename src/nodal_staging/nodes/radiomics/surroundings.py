"""Border and surroundings of a node; features of this project, not of the IBSI."""

import numpy as np
from scipy import ndimage

from nodal_staging.study.arrays import BoolArray, FloatArray, Mask

RING_MM = (1.0, 4.0)
"""Distances of the ring from the node; nearer voxels contain parts of both."""

FAT_HU = (-150.0, -30.0)


def surroundings_features(
    image_hu: FloatArray, mask: Mask, spacing_mm: tuple[float, float, float]
) -> dict[str, float]:
    """Describe the border of a node and the ring around it.

    Parameters
    ----------
    image_hu, mask
        Attenuation and voxels of the node ``(z, y, x)``, with surroundings.
    spacing_mm
        Distance of the voxels ``(z, y, x)``.

    Returns
    -------
    ``ring_contrast_hu``, mean of the ring less that of the node; ``ring_fat_share``,
    share of the ring with the attenuation of fat; ``edge_gradient_hu_per_mm``, mean
    gradient at the voxels of the node that have a neighbour outside. NaN without a
    ring in the image.
    """
    near, far = RING_MM
    distance = ndimage.distance_transform_edt(~mask, sampling=spacing_mm)
    ring = image_hu[(distance > near) & (distance <= far)]
    border = mask & ~ndimage.binary_erosion(mask)
    slopes = np.gradient(image_hu, *spacing_mm)
    steepness = np.sqrt(sum(slope**2 for slope in slopes))
    low, high = FAT_HU
    return {
        "ring_contrast_hu": _mean(ring) - float(image_hu[mask].mean()),
        "ring_fat_share": _mean((ring >= low) & (ring <= high)),
        "edge_gradient_hu_per_mm": float(steepness[border].mean()),
    }


def _mean(values: FloatArray | BoolArray) -> float:
    return float(values.mean()) if len(values) else float("nan")
