"""The test nodes after a perturbation, as every classifier sees them.

What depends on the mask or on the attenuation follows it: the centre of the images,
and the measurements. These were made on the CT as it was scanned, the perturbation on
the patch, so the change on the patch is added to the measurement; the volume is
multiplied by it. Without a change the measurements stay what they are, to the last bit.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

import numpy as np
import pandas as pd

from nodal_staging.audit.robustness.mask_variation import (
    Outline,
    amounts_mm,
    dice,
    outline_of,
)
from nodal_staging.audit.robustness.perturbations import (
    NodePatch,
    Step,
    box_around_mask,
    centre_of,
    perturbed_image,
    perturbed_mask,
    shifted,
    turned,
    with_mask,
)
from nodal_staging.classifiers.cnn.augmentation import Augmentation, no_augmentation
from nodal_staging.classifiers.cnn.sampling import HALF_DEPTH, LARGEST_SHIFT
from nodal_staging.geometry import Lattice
from nodal_staging.nodes.masks import NodeMask
from nodal_staging.nodes.measurements import axial_axes_mm
from nodal_staging.nodes.patch_files import Patch, read_patches
from nodal_staging.nodes.radiomics.node_features import FEATURES, node_features
from nodal_staging.study.arrays import Float32Array, FloatArray, Mask, UInt8Array

MARGIN = 8
"""Slices around a node that its ring, its dilated mask and thick slices may touch."""


@dataclass(frozen=True, slots=True)
class How:
    """Seed of the study, where patches are centred, strengths of ``jitter`` in %."""

    seed: int
    centre: str
    jitter: Sequence[float]


@dataclass(frozen=True, eq=False)
class PerturbedNodes:
    """Test nodes after a step, in the order of the test set.

    Attributes
    ----------
    patches
        What is left of each patch.
    measured
        ``tables.NODES`` by ``node_id``, with the measurements that follow the step.
    too_far
        Nodes whose centre lies too far from the middle of the patch; the images are
        centred as near to it as possible.
    dice
        Mean overlap of the masks with the original ones; NaN where no mask changes.
    """

    patches: Sequence[NodePatch]
    measured: pd.DataFrame
    too_far: int
    dice: float

    @cached_property
    def slabs(self) -> Float32Array:
        """HU of the central slices ``(n, 12, y, x)``."""
        return np.stack([_central(node.image) for node in self.patches])

    @cached_property
    def masks(self) -> UInt8Array:
        """Masks of the central slices ``(n, 12, y, x)``."""
        return np.stack([_central(node.mask) for node in self.patches]).astype(np.uint8)

    @cached_property
    def placed(self) -> Augmentation:
        """Where the images are cut."""
        plain = no_augmentation(len(self.patches))
        return replace(plain, shift=np.array([node.shift for node in self.patches]))

    @cached_property
    def radiomics(self) -> pd.DataFrame:
        """Radiomics features by ``node_id``."""
        rows = {
            node.node_id: node_features((node.image, node.mask), node.spacing_mm)
            for node in self.patches
        }
        found = pd.DataFrame.from_dict(rows, orient="index").reindex(columns=FEATURES)
        return found.assign(**self.measured[["long_axis_mm", "short_axis_mm"]])

    @property
    def vanished(self) -> int:
        """How many masks were left without a voxel, and keep one."""
        return sum(node.vanished for node in self.patches)


class OriginalNodes:
    """The test nodes as they are, from which those after a step are made."""

    def __init__(
        self, patches: Sequence[NodePatch], measured: pd.DataFrame, how: How
    ) -> None:
        """Take patches in the order of the test set, and their rows.

        Parameters
        ----------
        patches, measured
            Of the same nodes; ``measured`` has the columns of ``tables.NODES`` and
            ``node_id`` as index.
        how
            How steps are made.
        """
        self.patches, self.measured, self.how = patches, measured, how

    @classmethod
    def read(
        cls,
        patches: Iterable[str | Path],
        node_ids: Sequence[str],
        measured: pd.DataFrame,
        how: How,
    ) -> "OriginalNodes":
        """Read the patches of some nodes from the files of all shards."""
        wanted = set(node_ids)
        found = {
            node_id: node_patch(node_id, patch, spacing_mm)
            for path in patches
            for node_id, patch, spacing_mm in read_patches(path, wanted)
        }
        nodes = [found[node_id] for node_id in node_ids]
        return cls(nodes, measured.loc[list(node_ids)], how)

    def after(self, step: Step) -> PerturbedNodes:
        """Return the nodes after a step.

        A node whose mask has no voxel on the patch keeps mask and measurements.
        """
        new = [self._perturbed(node, step) for node in self.patches]
        pairs = list(zip(self.patches, new, strict=True))
        if step.acts_on == "mask":
            far = [_is_far(node) for node in new]
            overlap = [dice(old.mask, node.mask) for old, node in pairs]
            new = [_within_reach(node) for node in new]
        else:
            far, overlap = [], []
        measured = self.measured
        if step.acts_on in ("image", "mask"):
            measured = _measured_again(measured, pairs, step)
        known = [value for value in overlap if not np.isnan(value)]
        mean_dice = float(np.mean(known)) if known else float("nan")
        return PerturbedNodes(new, measured, sum(far), mean_dice)

    @cached_property
    def _outlines(self) -> dict[str, Outline]:
        return {
            node.node_id: outline_of(node, seed=self.how.seed)
            for node in self.patches
            if node.mask.any()
        }

    @cached_property
    def _amounts_mm(self) -> Mapping[float, float]:
        return amounts_mm(list(self._outlines.values()), self.how.jitter)

    def _perturbed(self, node: NodePatch, step: Step) -> NodePatch:
        """Return a node after a step, its measurements aside."""
        if step.acts_on == "image":
            image = perturbed_image(node, step, seed=self.how.seed)
            return replace(node, image=image)
        if step.acts_on == "position":
            return shifted(node, step)
        if step.acts_on == "orientation":
            return turned(node, step)
        if step.acts_on == "mask" and node.mask.any():
            return self._recentred(node, with_mask(node, self._new_mask(node, step)))
        return node

    def _new_mask(self, node: NodePatch, step: Step) -> Mask:
        if step.name != "jitter":
            return perturbed_mask(node, step)
        outline = self._outlines[node.node_id]
        mask = np.zeros_like(node.mask)
        mask[outline.box] = outline.moved(self._amounts_mm[step.strength])
        return mask

    def _recentred(self, before: NodePatch, after: NodePatch) -> NodePatch:
        """Move the centre of the images as far as the mask's centre has moved."""
        centre = self.how.centre
        moved = centre_of(after.mask, centre) - centre_of(before.mask, centre)
        z, y, x = (float(value) for value in moved)
        return replace(after, shift=(z, y, x))


def node_patch(node_id: str, patch: Patch, spacing_mm: float) -> NodePatch:
    """Cut a patch to the slices around its node; all of them count for its image.

    Parameters
    ----------
    node_id
        Of the node.
    patch
        HU and mask ``(z, y, x)``.
    spacing_mm
        Distance of the voxels.
    """
    image, mask = patch
    middle = len(image) // 2
    box = box_around_mask(mask.astype(bool), 0)[0]
    half = max(HALF_DEPTH, box.stop - middle, middle - box.start) + MARGIN
    half = min(half, middle)
    rows = slice(middle - half, middle + half)
    return NodePatch(
        node_id, image[rows].astype(np.float32), mask[rows].astype(bool), spacing_mm
    )


def _central(volume: Float32Array | Mask) -> Float32Array | Mask:
    """Return the slices that images are sampled from."""
    middle = len(volume) // 2
    return volume[middle - HALF_DEPTH : middle + HALF_DEPTH]


def _is_far(node: NodePatch) -> bool:
    return max(map(abs, node.shift)) > LARGEST_SHIFT


def _within_reach(node: NodePatch) -> NodePatch:
    z, y, x = np.clip(node.shift, -LARGEST_SHIFT, LARGEST_SHIFT).tolist()
    return replace(node, shift=(z, y, x))


def _measured_again(
    measured: pd.DataFrame, pairs: Iterable[tuple[NodePatch, NodePatch]], step: Step
) -> pd.DataFrame:
    """Return the measurements after a change of attenuation or mask."""
    changed = measured.copy()
    factor, medians, axes = [], [], []
    for old, new in pairs:
        known = bool(old.mask.any())
        ratio = np.count_nonzero(new.mask) / np.count_nonzero(old.mask) if known else 1
        factor.append(ratio)
        medians.append(_median(new) - _median(old) if known else 0.0)
        same = step.acts_on != "mask" or not known
        axes.append((0.0, 0.0) if same else _axes_mm(new) - _axes_mm(old))
    changed["volume_mm3"] *= np.array(factor)
    changed["median_hu"] += np.array(medians)
    least = [pair.spacing_mm for _, pair in pairs]
    columns = ["long_axis_mm", "short_axis_mm"]
    grown = changed[columns].to_numpy(float) + np.array(axes).reshape(-1, 2)
    changed[columns] = np.maximum(grown, np.array(least).reshape(-1, 1))
    return changed


def _median(node: NodePatch) -> float:
    return float(np.median(node.image[node.mask].astype(np.float64)))


def _axes_mm(node: NodePatch) -> FloatArray:
    """Return long and short axis on the patch."""
    box = box_around_mask(node.mask, 0)
    inside = node.mask[box]
    lattice = Lattice(inside.shape, (node.spacing_mm,) * 3, (0.0, 0.0, 0.0))
    return np.array(axial_axes_mm(NodeMask(inside, (0, 0, 0), lattice)))
