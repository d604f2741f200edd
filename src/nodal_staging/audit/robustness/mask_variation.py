"""Smooth random variation of masks: by how much the outlines of two readers differ."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from scipy import ndimage

from nodal_staging.audit.robustness.perturbations import (
    NodePatch,
    box_around_mask,
    kernel_sd,
)
from nodal_staging.study.arrays import Float32Array, Mask
from nodal_staging.study.seeds import stream

FIELD_MM = 4.0
"""Standard deviation of the Gaussian that smooths the random field."""

LARGEST_MM = 10.0
"""Most that the outline may move on average (standard deviation)."""

HALVINGS = 24


@dataclass(frozen=True, slots=True, eq=False)
class Outline:
    """Where the outline of a node is, and in which direction it is moved.

    Attributes
    ----------
    box
        Part of the patch that is looked at.
    distance
        Signed distance from the outline in mm ``(z, y, x)``, positive inside.
    field
        Random field of unit standard deviation ``(z, y, x)``.
    """

    box: tuple[slice, slice, slice]
    distance: Float32Array
    field: Float32Array

    def moved(self, amount_mm: float) -> Mask:
        """Return the mask of the box when the outline is moved by field times mm."""
        return np.asarray(self.distance + np.float32(amount_mm) * self.field > 0)


def outline_of(node: NodePatch, *, seed: int) -> Outline:
    """Draw how the outline of a node varies, with a stream for each node.

    Parameters
    ----------
    node
        Its mask has at least one voxel.
    seed
        Of the study.
    """
    spacing = node.spacing_mm
    box = box_around_mask(node.mask, int(np.ceil(LARGEST_MM / spacing)))
    inside = node.mask[box]
    padded = np.pad(inside, 1)
    within = ndimage.distance_transform_edt(padded, sampling=(spacing,) * 3)
    beyond = ndimage.distance_transform_edt(~padded, sampling=(spacing,) * 3)
    signed = (within - beyond)[1:-1, 1:-1, 1:-1]
    sigma = FIELD_MM / spacing
    # Noise beyond the box, so that the field has the same spread at its border.
    margin = int(4 * sigma + 0.5)
    rng = stream(seed, "robustness", "jitter", node.node_id)
    shape = [side + 2 * margin for side in inside.shape]
    white = rng.standard_normal(shape, np.float32)
    smooth = ndimage.gaussian_filter(white, sigma, mode="constant")
    core = (slice(margin, -margin),) * 3
    field = smooth[core] / np.float32(kernel_sd(sigma) ** 3)
    return Outline(box, signed.astype(np.float32), field)


def amounts_mm(
    outlines: Sequence[Outline], changes_percent: Sequence[float]
) -> Mapping[float, float]:
    """Return how far outlines are moved so that volumes change by given amounts.

    Parameters
    ----------
    outlines
        Of all nodes.
    changes_percent
        Means over the nodes of the absolute change of the volume, in per cent of it.

    Returns
    -------
    Change to the standard deviation in mm, found by bisection.
    """
    return {change: _bisected(outlines, change / 100) for change in changes_percent}


def dice(a: Mask, b: Mask) -> float:
    """Return the Dice coefficient of two masks; NaN where both are empty."""
    total = np.count_nonzero(a) + np.count_nonzero(b)
    return 2 * np.count_nonzero(a & b) / total if total else float("nan")


def _bisected(outlines: Sequence[Outline], change: float) -> float:
    low, high = 0.0, LARGEST_MM
    for _ in range(HALVINGS):
        middle = (low + high) / 2
        if _mean_change(outlines, middle) < change:
            low = middle
        else:
            high = middle
    return (low + high) / 2


def _mean_change(outlines: Sequence[Outline], amount_mm: float) -> float:
    changes = []
    for outline in outlines:
        before = np.count_nonzero(outline.distance > 0)
        changes.append(abs(np.count_nonzero(outline.moved(amount_mm)) / before - 1))
    return float(np.mean(changes)) if changes else 0.0
