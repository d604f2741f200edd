"""What the mask of a node looks like: its components, slices and neighbours."""

import itertools
from collections.abc import Mapping
from dataclasses import asdict, dataclass

import numpy as np
from scipy import ndimage

from nodal_staging.geometry import Lattice
from nodal_staging.nodes.masks import NodeMask
from nodal_staging.study.arrays import IntArray, Mask

TOUCHING = np.ones((3, 3, 3), np.bool_)
"""Neighbourhood of 26 voxels."""


@dataclass(frozen=True, slots=True)
class MaskQuality:
    """Columns of ``tables.NODES`` by which a mask is judged.

    Attributes
    ----------
    components
        Number of components, by the neighbourhood of 26 voxels.
    second_voxels
        Voxels of the second largest component, 0 where there is one.
    apart_mm
        Largest distance of a component from the largest one, 0 where there is one.
    slices, outlines
        Slices of the CT with a voxel of the node, and how many of them differ from
        the one before.
    overlap_share
        Largest share of its voxels that another node of the exam has too.
    ct_share
        Share of the voxels of the CT.
    edge_voxels
        Voxels in the outermost layer of the CT, where the node may be cut off.
    hole_voxels
        Voxels that the node encloses without having them.
    height_share
        Height of the centroid between the lowest (0) and the highest (1) point of the
        CT.
    """

    components: int
    second_voxels: int
    apart_mm: float
    slices: int
    outlines: int
    overlap_share: float
    ct_share: float
    edge_voxels: int
    hole_voxels: int
    height_share: float

    def columns(self) -> dict[str, float]:
        """Return the values by column."""
        return asdict(self)


def describe_masks(
    masks: Mapping[str, NodeMask], ct: Lattice
) -> dict[str, MaskQuality]:
    """Describe the masks of an exam.

    Parameters
    ----------
    masks
        The mask of each node_id, on the grid of the CT.
    ct
        The grid of the CT.
    """
    described = {}
    for node_id, node in masks.items():
        others = [other for name, other in masks.items() if name != node_id]
        voxels = int(node.mask.sum())
        shared = max((_shared_voxels(node, other) for other in others), default=0)
        components, second, apart = _components(node)
        planes = node.mask[node.mask.any(axis=(1, 2))]
        described[node_id] = MaskQuality(
            components=components,
            second_voxels=second,
            apart_mm=apart,
            slices=len(planes),
            outlines=_outlines(planes),
            overlap_share=shared / voxels,
            ct_share=voxels / float(np.prod(ct.shape, dtype=float)),
            edge_voxels=_edge_voxels(node, ct),
            hole_voxels=int(ndimage.binary_fill_holes(node.mask).sum()) - voxels,
            height_share=_height_share(node, ct),
        )
    return described


def _edge_voxels(node: NodeMask, ct: Lattice) -> int:
    """Count the voxels of a node in the outermost layer of its CT."""
    index = np.argwhere(node.mask) + np.array(node.start)
    last = np.array(ct.shape) - 1
    return int(((index == 0) | (index == last)).any(axis=1).sum())


def _height_share(node: NodeMask, ct: Lattice) -> float:
    """Return where between the lowest and the highest point of the CT a node lies."""
    far = np.array(ct.shape) - 1
    corners = ct.to_points(list(itertools.product(*([0, end] for end in far))))
    low, high = corners[:, 2].min(), corners[:, 2].max()
    share = (node.centroid_mm()[2] - low) / (high - low) if high > low else 0.5
    return float(np.clip(share, 0, 1))


def _components(node: NodeMask) -> tuple[int, int, float]:
    """Return the number of components, voxels of the second and the distance in mm."""
    labels, count = ndimage.label(node.mask, TOUCHING)
    if count < 2:
        return int(count), 0, 0.0
    # Few masks have several components, and importing scipy.spatial takes a while.
    from scipy.spatial import cKDTree  # noqa: PLC0415

    sizes = np.bincount(labels.ravel())[1:]
    main = int(np.argmax(sizes)) + 1
    index = np.argwhere(node.mask)
    own: IntArray = labels[node.mask]
    points = node.lattice.to_points(index)
    distance, _ = cKDTree(points[own == main]).query(points[own != main])
    nearest = np.full(count + 1, np.inf)
    np.minimum.at(nearest, own[own != main], distance)
    apart = float(nearest[np.isfinite(nearest)].max())
    return int(count), int(np.sort(sizes)[-2]), apart


def _outlines(planes: Mask) -> int:
    """Count the slices ``(z, y, x)`` that differ from the one before."""
    return 1 + int((planes[1:] != planes[:-1]).any(axis=(1, 2)).sum())


def _shared_voxels(one: NodeMask, other: NodeMask) -> int:
    """Count the voxels that two nodes of an exam have in common."""
    low = np.maximum(one.start, other.start)
    high = np.minimum(
        np.add(one.start, one.mask.shape), np.add(other.start, other.mask.shape)
    )
    if (high <= low).any():
        return 0
    parts = [
        node.mask[tuple(map(slice, low - node.start, high - node.start))]
        for node in (one, other)
    ]
    return int(np.logical_and(*parts).sum())
