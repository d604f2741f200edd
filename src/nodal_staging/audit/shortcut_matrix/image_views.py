"""Three views of the same nodes: the full image, the node, and its surroundings.

The surroundings must not show how large a node is. A hole in the form of its mask
would; so for every node the same ball is filled with one value, in the CT and in the
mask. It holds every node of the training sets with a margin. It is filled in the
patch, before augmentation, which moves it like everything else.
"""

import math
from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from nodal_staging.classifiers.cnn.inputs import ImageOptions, ImageSource
from nodal_staging.study.arrays import BoolArray, FloatArray, Int16Array, UInt8Array

FULL, NODE, SURROUNDINGS = "full", "node", "surroundings"
VIEWS = (FULL, NODE, SURROUNDINGS)

MARGIN_MM = 2.0
"""Around the farthest voxel of a mask, whose interpolated border is wider."""

LARGEST_MM = 20.0
"""Of an image of 48 mm, a larger ball would leave the corners alone."""


def ball_radius(masks: UInt8Array, spacing_mm: float) -> float:
    """Return the radius of a ball that holds nodes with a margin, in whole mm.

    Parameters
    ----------
    masks
        Central slices of n nodes ``(n, z, y, x)``.
    spacing_mm
        Distance of the voxels.
    """
    farthest = float(farthest_mm(masks, spacing_mm).max(initial=0))
    return min(float(math.ceil(farthest + MARGIN_MM)), LARGEST_MM)


def farthest_mm(masks: UInt8Array, spacing_mm: float) -> FloatArray:
    """Return how far the mask of each node reaches from the centre ``(n,)``."""
    distance = _distance_mm(masks.shape[1:], spacing_mm)
    reach = [np.max(distance[mask > 0], initial=0.0) for mask in masks]
    return np.array(reach, float)


def ball(shape: Sequence[int], radius_mm: float, spacing_mm: float) -> BoolArray:
    """Return the voxels ``(z, y, x)`` within a radius of the centre of a patch."""
    return np.asarray(_distance_mm(shape, spacing_mm) <= radius_mm)


def hide(slabs: Int16Array, masks: UInt8Array, hole: BoolArray, hu: float) -> None:
    """Fill a hole in the CT, and show it as the mask; both are overwritten.

    Parameters
    ----------
    slabs, masks
        HU and mask of n nodes ``(n, z, y, x)``.
    hole
        The same for all nodes ``(z, y, x)``, or that of each ``(n, z, y, x)``.
    hu
        Value in the hole.
    """
    for place in range(len(slabs)):
        own = hole if hole.ndim == slabs.ndim - 1 else hole[place]
        slabs[place][own] = round(hu)
        masks[place] = own


def source_of(
    view: str,
    slabs: Int16Array,
    masks: UInt8Array,
    node_ids: Sequence[str],
    options: ImageOptions,
    *,
    hole: BoolArray,
) -> ImageSource:
    """Return the images of a view.

    Parameters
    ----------
    view
        One of ``VIEWS``.
    slabs, masks
        HU and mask ``(n, z, y, x)``; overwritten for ``SURROUNDINGS``.
    node_ids
        Names of the nodes.
    options
        How the study makes images, masked or not.
    hole
        The ball ``(z, y, x)``, filled with the lower end of the window.
    """
    if view == SURROUNDINGS:
        hide(slabs, masks, hole, options.window_hu[0])
    seen = replace(options, masked=view == NODE)
    return ImageSource(slabs, masks, node_ids, seen)


def _distance_mm(shape: Sequence[int], spacing_mm: float) -> FloatArray:
    """Return the distance of each voxel from the centre, between the middle ones."""
    axes = [(np.arange(size) - (size - 1) / 2) * spacing_mm for size in shape]
    z, y, x = np.meshgrid(*axes, indexing="ij")
    distance: FloatArray = np.sqrt(z**2 + y**2 + x**2)
    return distance
