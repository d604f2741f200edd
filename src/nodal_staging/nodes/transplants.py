"""Nodes cut out of one patch and put into another, on the central slices.

An approximation of the same node at another location for cohorts in which no node can
be rendered again. Both patches are centred on their own node, so the new node takes the
place of the old one, which is replaced by fat.
"""

from dataclasses import dataclass

import numpy as np
from scipy import ndimage

from nodal_staging.nodes.patch_files import Patch
from nodal_staging.study.arrays import FloatArray, Int16Array, UInt8Array

MARGIN_MM = 2.0
"""What is cut out is the mask, dilated by this much."""

FEATHER_MM = 2.0
"""Width beyond it over which the two patches are faded into one another."""

FAT_HU = (-150, -50)
"""Attenuation that is taken as fat."""

RING_MM = (MARGIN_MM, 10.0)
"""Distances from a mask at which its fat is looked for."""

USUAL_FAT_HU = -100.0
"""Attenuation of fat where a patch shows none."""

FEWEST_VOXELS = 30


@dataclass(frozen=True, slots=True, eq=False)
class Fat:
    """The voxels of fat around a node in HU ``(k,)``."""

    values: FloatArray

    @property
    def hu(self) -> float:
        """Their median."""
        return float(np.median(self.values))


def fat_around(image: Int16Array, distance_mm: FloatArray) -> Fat:
    """Return the fat around a node.

    Parameters
    ----------
    image
        HU ``(z, y, x)``.
    distance_mm
        Of each voxel from the mask of the node.
    """
    low, high = RING_MM
    near = (distance_mm > low) & (distance_mm <= high)
    found = image[near & (image >= FAT_HU[0]) & (image <= FAT_HU[1])]
    if len(found) < FEWEST_VOXELS:
        return Fat(np.array([USUAL_FAT_HU]))
    return Fat(found.astype(float))


def transplant(
    donor: Patch, recipient: Patch, *, spacing_mm: float, rng: np.random.Generator
) -> Patch:
    """Put the node of one patch in the place of the node of another.

    The donor's mask is dilated, its fat is shifted to the attenuation of the
    recipient's, and its border is feathered. Where the recipient's node is not covered,
    voxels of the fat around it are drawn.

    Parameters
    ----------
    donor, recipient
        Image in HU and mask ``(z, y, x)`` on the same grid, the node in the middle.
    spacing_mm
        Distance of the voxels.
    rng
        Draws the voxels of fat.

    Returns
    -------
    Image in HU, and the mask of the donor.
    """
    image, mask = donor
    ground, covered = recipient
    outside, around = (_distance(one, spacing_mm) for one in (mask, covered))
    fat, own_fat = fat_around(ground, around), fat_around(image, outside)
    filled = _without_node(ground, around, fat, rng)
    # The node itself keeps its attenuation; only what surrounds it is shifted.
    shift = (fat.hu - own_fat.hu) * np.clip(outside / spacing_mm, 0, 1)
    weight = _feather(outside)
    mixed = weight * (image + shift) + (1 - weight) * filled
    return np.rint(mixed).astype(np.int16), mask


def _without_node(
    ground: Int16Array, around: FloatArray, fat: Fat, rng: np.random.Generator
) -> FloatArray:
    """Replace a node and its margin by voxels of fat."""
    weight = _feather(around)
    drawn = rng.choice(fat.values, ground.shape)
    filled: FloatArray = weight * drawn + (1 - weight) * ground
    return filled


def _feather(distance_mm: FloatArray) -> FloatArray:
    """Return 1 up to the margin, and 0 beyond the feather."""
    weight: FloatArray = np.clip(1 - (distance_mm - MARGIN_MM) / FEATHER_MM, 0, 1)
    return weight


def _distance(mask: UInt8Array, spacing_mm: float) -> FloatArray:
    """Return the distance of each voxel from a mask in mm, 0 inside."""
    if not mask.any():
        return np.full(mask.shape, np.inf)
    away: FloatArray = ndimage.distance_transform_edt(mask == 0) * spacing_mm
    return away
