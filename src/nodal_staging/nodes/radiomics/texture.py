"""Texture of a node: co-occurrence, runs and zones of grey levels.

All three-dimensional, of the whole node at once: what is counted along the 13
directions is added up before it is described (IBSI: "3D, merged").
"""

from dataclasses import dataclass
from typing import Self

import numpy as np
from scipy import ndimage

from nodal_staging.nodes.radiomics.first_order import quotient
from nodal_staging.study.arrays import FloatArray, IntArray, Mask

DIRECTIONS = (
    (0, 0, 1),
    (0, 1, -1),
    (0, 1, 0),
    (0, 1, 1),
    (1, -1, -1),
    (1, -1, 0),
    (1, -1, 1),
    (1, 0, -1),
    (1, 0, 0),
    (1, 0, 1),
    (1, 1, -1),
    (1, 1, 0),
    (1, 1, 1),
)
"""One of each pair of opposite directions to the 26 neighbours, ``(z, y, x)``."""


def grey_levels(
    image_hu: FloatArray,
    mask: Mask,
    *,
    bounds_hu: tuple[float, float],
    bin_hu: float,
) -> IntArray:
    """Return the grey level of each voxel, from 1; 0 where it does not count.

    Parameters
    ----------
    image_hu, mask
        Attenuation and voxels of the node ``(z, y, x)``.
    bounds_hu
        Voxels beyond them do not count; the first bin starts at the lower one.
    bin_hu
        Width of a bin.

    References
    ----------
    IBSI reference manual, sections 2.6 (re-segmentation) and 2.7 (fixed bin size).
    """
    low, high = bounds_hu
    counted = mask & (image_hu >= low) & (image_hu <= high)
    levels = np.floor((image_hu - low) / bin_hu).astype(np.int64) + 1
    return np.where(counted, levels, 0)


def texture_features(levels: IntArray) -> dict[str, float]:
    """Describe the texture of a node.

    Parameters
    ----------
    levels
        Grey level of each voxel ``(z, y, x)``, from 1; 0 outside of the node.

    Returns
    -------
    Feature to value; NaN where it is not defined, as for a single voxel.

    References
    ----------
    IBSI reference manual, sections 3.6 (co-occurrence), 3.7 (run length) and 3.8 (size
    zone).
    """
    padded = np.pad(levels, 1)
    frame = _Frame.of(padded)
    voxels = len(frame.inside)
    return (
        _named("pair", _pair_features(_co_occurrence(frame)))
        | _named("run", _length_features(_runs(frame), len(DIRECTIONS) * voxels))
        | _named("zone", _length_features(_zones(padded), voxels))
    )


def _named(prefix: str, features: dict[str, float]) -> dict[str, float]:
    return {f"{prefix}_{name}": float(value) for name, value in features.items()}


@dataclass(frozen=True, slots=True, eq=False)
class _Frame:
    """A padded node as a row of voxels, shared by pairs and runs.

    Attributes
    ----------
    flat
        Levels ``(voxels,)``, with a voxel of 0 around the node.
    inside
        Places of the node in it.
    steps
        How far the place moves along each direction.
    """

    flat: IntArray
    inside: IntArray
    steps: tuple[int, ...]

    @classmethod
    def of(cls, padded: IntArray) -> Self:
        """Take the levels of a node with a voxel of 0 around it ``(z, y, x)``."""
        _, height, width = padded.shape
        steps = tuple((z * height + y) * width + x for z, y, x in DIRECTIONS)
        flat = padded.ravel()
        return cls(flat, np.flatnonzero(flat), steps)


def _co_occurrence(frame: _Frame) -> FloatArray:
    """Count pairs of neighbours in both orders, ``(levels + 1, levels + 1)``."""
    flat, inside = frame.flat, frame.inside
    size = int(flat.max()) + 1
    counts = np.zeros(size * size)
    for step in frame.steps:
        first, second = flat[inside], flat[inside + step]
        pair = (first * size + second)[second > 0]
        counts += np.bincount(pair, minlength=size * size)
    square = counts.reshape(size, size)
    return np.asarray(square + square.T, float)


def _runs(frame: _Frame) -> FloatArray:
    """Count runs by level and length, ``(levels + 1, length + 1)``."""
    flat, inside = frame.flat, frame.inside
    level, length = [], []
    for step in frame.steps:
        ends = inside[flat[inside] != flat[inside - step]]
        steps = 1
        while len(ends):
            goes_on = flat[ends] == flat[ends + step]
            level.append(flat[ends[~goes_on]])
            length.append(np.full(len(level[-1]), steps))
            ends, steps = ends[goes_on] + step, steps + 1
    return _counted(level, length)


def _zones(padded: IntArray) -> FloatArray:
    """Count connected zones (26 neighbours) by level and number of voxels."""
    level, length = [np.zeros(0, int)], [np.zeros(0, int)]
    around = np.ones((3, 3, 3))
    for grey in np.unique(padded[padded > 0]):
        labelled, _ = ndimage.label(padded == grey, around)
        length.append(np.bincount(labelled.ravel())[1:])
        level.append(np.full(len(length[-1]), grey))
    return _counted(level, length)


def _counted(level: list[IntArray], length: list[IntArray]) -> FloatArray:
    """Count pairs of level and length."""
    rows, columns = np.concatenate(level), np.concatenate(length)
    counts = np.zeros((rows.max(initial=0) + 1, columns.max(initial=0) + 1))
    np.add.at(counts, (rows, columns), 1)
    return counts


def _pair_features(counts: FloatArray) -> dict[str, float]:
    """Describe a symmetric co-occurrence matrix."""
    if not counts.any():
        return dict.fromkeys(PAIR_FEATURES, float("nan"))
    p = counts / counts.sum()
    level = np.arange(len(p))
    i, j = np.meshgrid(level, level, indexing="ij")
    edge = p.sum(axis=1)
    mean = edge @ level
    variance = edge @ (level - mean) ** 2
    joint, single = _entropy(p), _entropy(edge)
    values = (
        p.max(),
        joint,
        np.sum((i - j) ** 2 * p),
        np.sum(np.abs(i - j) * p),
        np.sum(p / (1 + np.abs(i - j))),
        quotient(np.sum((i - mean) * (j - mean) * p), variance),
        np.sum(i * j * p),
        np.sum((i + j - 2 * mean) ** 3 * p),
        np.sum((i + j - 2 * mean) ** 4 * p),
        # A symmetric matrix has equal margins, and entropies of products add up.
        quotient(joint - 2 * single, single),
        np.sqrt(max(0.0, 1 - np.exp(-2 * (2 * single - joint)))),
    )
    return dict(zip(PAIR_FEATURES, map(float, values), strict=True))


PAIR_FEATURES = (
    "joint_maximum",
    "joint_entropy",
    "contrast",
    "dissimilarity",
    "inverse_difference",
    "correlation",
    "autocorrelation",
    "cluster_shade",
    "cluster_prominence",
    "information_correlation_1",
    "information_correlation_2",
)


def _length_features(counts: FloatArray, voxels: int) -> dict[str, float]:
    """Describe runs by length, or zones by size.

    Parameters
    ----------
    counts
        By level and length.
    voxels
        How many there would be if all had length 1.
    """
    total = counts.sum()
    if not total:
        return dict.fromkeys(LENGTH_FEATURES, float("nan"))
    p = counts / total
    length = np.arange(counts.shape[1], dtype=float)
    by_length, by_level = p.sum(axis=0), p.sum(axis=1)
    mean = by_length @ length
    values = (
        by_length[1:] @ length[1:] ** -2.0,
        by_length @ length**2,
        total * np.sum(by_level**2),
        np.sum(by_level**2),
        total * np.sum(by_length**2),
        np.sum(by_length**2),
        total / voxels,
        by_length @ (length - mean) ** 2,
        _entropy(p),
    )
    return dict(zip(LENGTH_FEATURES, map(float, values), strict=True))


LENGTH_FEATURES = (
    "short_emphasis",
    "long_emphasis",
    "level_non_uniformity",
    "level_non_uniformity_normalised",
    "length_non_uniformity",
    "length_non_uniformity_normalised",
    "percentage",
    "length_variance",
    "entropy",
)


def _entropy(p: FloatArray) -> float:
    """Return the entropy of probabilities in bits."""
    positive = p[p > 0]
    return float(-np.sum(positive * np.log2(positive)))
