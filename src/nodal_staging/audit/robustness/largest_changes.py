"""The nodes whose scores change most, as images before and after the change."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import h5py
import numpy as np

from nodal_staging.audit.robustness.perturbations import Step
from nodal_staging.audit.robustness.perturbed_nodes import OriginalNodes
from nodal_staging.audit.robustness.robustness_tables import IDENTITY
from nodal_staging.audit.robustness.score_changes import Outcome, logits
from nodal_staging.classifiers.cnn.inputs import ImageOptions, ImageSource
from nodal_staging.nodes.patch_files import encoded
from nodal_staging.study.arrays import BoolArray, Float32Array
from nodal_staging.study.files import replacing

SHOWN = 5
"""Nodes of each classifier."""


@dataclass(frozen=True, slots=True, eq=False)
class Example:
    """A node before and after the plausible change that moves its score most.

    Attributes
    ----------
    node_id, perturbation, strength
        Which node, and what was changed.
    scores
        Before and after.
    images, masks
        Axial CT on the scale of the window, 0 to 1, and the node there, before and
        after ``(2, y, x)``.
    """

    node_id: str
    perturbation: str
    strength: float
    scores: tuple[float, float]
    images: Float32Array
    masks: BoolArray


@dataclass(frozen=True, slots=True)
class _Choice:
    """A node, by its place among the nodes, with a step and the scores around it."""

    place: int
    step: Step
    scores: tuple[float, float]


def choose_examples(
    original: OriginalNodes,
    nodes: Mapping[str, Sequence[Mapping[str, Any]]],
    outcomes: Mapping[str, Sequence[Outcome]],
    *,
    window_hu: tuple[float, float],
) -> dict[str, list[Example]]:
    """Return the nodes whose scores change most, by classifier.

    Parameters
    ----------
    original
        The nodes as they are.
    nodes
        Rows of ``STABLE_NODES``.
    outcomes
        Of every step, the identity first.
    window_hu
        Of the images.
    """
    chosen = {name: _chosen(rows, outcomes[name]) for name, rows in nodes.items()}
    everything = [one for several in chosen.values() for one in several]
    images = _images(original, everything, window_hu)
    return {
        name: [_example(original, one, images) for one in several]
        for name, several in chosen.items()
    }


def _chosen(
    nodes: Sequence[Mapping[str, Any]], outcomes: Sequence[Outcome]
) -> list[_Choice]:
    """Choose nodes of a classifier, the largest change first."""
    known = {(one.perturbation, one.strength): one for one in outcomes}
    places = sorted(
        (k for k, row in enumerate(nodes) if row["perturbation"] != IDENTITY),
        key=lambda k: -nodes[k]["largest_change"],
    )
    found = []
    for place in places[:SHOWN]:
        after = known[nodes[place]["perturbation"], nodes[place]["strength"]]
        was, now = outcomes[0].score[0, place], after.score[:, place]
        way = int(np.abs(logits(now) - logits(was)).argmax())
        step = Step(after.perturbation, after.strength, way)
        found.append(_Choice(place, step, (float(was), float(now[way]))))
    return found


def _images(
    original: OriginalNodes, chosen: Sequence[_Choice], window_hu: tuple[float, float]
) -> dict[tuple[Step, int], Float32Array]:
    """Return CT and mask ``(y, x, 2)`` of each step and place, one step at a time."""
    options = ImageOptions(window_hu, 0.0, "ct_and_mask", masked=False)
    wanted: dict[Step, set[int]] = {Step(IDENTITY, 0.0): {one.place for one in chosen}}
    for one in chosen:
        wanted.setdefault(one.step, set()).add(one.place)
    found = {}
    for step, places in wanted.items():
        nodes = original.after(step)
        for place in sorted(places):
            rows = slice(place, place + 1)
            names = [nodes.patches[place].node_id]
            source = ImageSource(nodes.slabs[rows], nodes.masks[rows], names, options)
            found[step, place] = source.images(nodes.placed.part(rows))[0]
    return found


def _example(
    original: OriginalNodes,
    chosen: _Choice,
    images: Mapping[tuple[Step, int], Float32Array],
) -> Example:
    steps = (Step(IDENTITY, 0.0), chosen.step)
    pair = np.stack([images[step, chosen.place] for step in steps])
    return Example(
        original.patches[chosen.place].node_id,
        chosen.step.name,
        chosen.step.strength,
        chosen.scores,
        pair[..., 0],
        pair[..., 1] > 0.5,
    )


def write_examples(path: str | Path, found: Mapping[str, Sequence[Example]]) -> None:
    """Write the examples of every classifier; the same examples give the same bytes."""
    with replacing(path) as part, h5py.File(part, "w") as file:
        for name, examples in found.items():
            group = file.create_group(name)
            group["node_id"] = encoded(one.node_id for one in examples)
            group["perturbation"] = encoded(one.perturbation for one in examples)
            group["strength"] = np.array([one.strength for one in examples])
            group["score"] = np.array([one.scores for one in examples])
            for column in ("images", "masks"):
                stored = [getattr(one, column) for one in examples]
                group[column] = np.array(stored)


def read_examples(path: str | Path) -> dict[str, list[Example]]:
    """Read what ``write_examples`` wrote."""
    with h5py.File(path) as file:
        return {name: _stored(group) for name, group in file.items()}


def _stored(group: Any) -> list[Example]:
    names = [
        [one.decode() for one in group[key][()]] for key in ("node_id", "perturbation")
    ]
    rest = [group[key][()] for key in ("strength", "score", "images", "masks")]
    return [
        Example(node, step, float(strength), (float(was), float(now)), images, masks)
        for node, step, strength, (was, now), images, masks in zip(
            *names, *rest, strict=True
        )
    ]
