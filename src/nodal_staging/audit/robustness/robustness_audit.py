"""The robustness of all classifiers, from files to files."""

import logging
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import groupby
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pandas as pd

from nodal_staging import tables
from nodal_staging.audit.node_patients import draws_of
from nodal_staging.audit.robustness.largest_changes import (
    choose_examples,
    write_examples,
)
from nodal_staging.audit.robustness.perturbations import Step, steps_of
from nodal_staging.audit.robustness.perturbed_nodes import (
    How,
    OriginalNodes,
    PerturbedNodes,
)
from nodal_staging.audit.robustness.perturbed_scores import (
    Models,
    Scored,
    Scorer,
    scorers,
)
from nodal_staging.audit.robustness.robustness_tables import (
    IDENTITY,
    RETRAINED,
    ROBUSTNESS,
    STABILITY,
    STABLE_NODES,
)
from nodal_staging.audit.robustness.score_changes import (
    Outcome,
    ScoreChanges,
    frame_of,
    not_used,
)
from nodal_staging.audit.robustness.stability import (
    is_plausible,
    stability,
    stable_nodes,
)
from nodal_staging.classifiers.called_nodes import read_called
from nodal_staging.classifiers.cnn.recipes import read_recipe
from nodal_staging.estimates.patient_bootstrap import BootstrapOptions, PatientBootstrap
from nodal_staging.nodes.patch_files import encoded
from nodal_staging.study.arrays import FloatArray
from nodal_staging.study.files import replacing
from nodal_staging.study.seeds import named_seed

logger = logging.getLogger(__name__)

LARGEST_ERROR = 1e-3
"""By how much scores may differ that another device or another release computes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RobustnessOptions:
    """What is perturbed and how it is compared.

    Attributes
    ----------
    strengths
        By perturbation.
    plausible
        Largest plausible strength by perturbation.
    centre
        Where patches are centred (``patches.Cube``).
    bootstrap
        Replicates, confidence level and the seed of the study.
    """

    strengths: Mapping[str, Sequence[float]]
    plausible: Mapping[str, float]
    centre: str
    bootstrap: BootstrapOptions


@dataclass(frozen=True, slots=True, kw_only=True)
class RobustnessFiles:
    """Outputs: ``ROBUSTNESS``, ``STABLE_NODES``, ``STABILITY``, scores, examples."""

    changes: str | Path
    nodes: str | Path
    stability: str | Path
    scores: str | Path
    examples: str | Path


def measure_robustness(
    *,
    models: Models,
    scores: Mapping[str, str | Path],
    statistics: Mapping[str, str | Path],
    refits: Mapping[str, Sequence[str | Path]],
    test: str | Path,
    patches: Sequence[str | Path],
    options: RobustnessOptions,
    outputs: RobustnessFiles,
) -> None:
    """Perturb the test nodes and score them by all classifiers of the study.

    Parameters
    ----------
    models
        What the classifiers are made of.
    scores, statistics
        By classifier; all thresholds are taken from there.
    refits
        ``tables.SCORES`` of the other trainings of classifiers that have any.
    test
        ``tables.DATASET`` of the test set.
    patches
        The patch files of all shards.
    options
        What is done.
    outputs
        Files to write.

    Raises
    ------
    ValueError
        If a classifier does not give the scores or calls of the study for nodes as
        they are.
    """
    tested = tables.read(test, tables.DATASET)
    node_ids = list(tested["node_id"])
    measured = tables.read(models.tables.nodes, tables.NODES).set_index("node_id")
    seed = options.bootstrap.seed
    how = How(seed, options.centre, options.strengths.get("jitter", ()))
    original = OriginalNodes.read(patches, node_ids, measured, how)
    classifiers = scorers(models, statistics, tested)
    found = _outcomes(original, classifiers, options.strengths)
    for name, outcomes in found.items():
        statistic = statistics[name]
        _require_same(name, outcomes[0], node_ids, scores[name], statistic)
        outcomes += [
            _retrained(number, _called(name, path, statistic, node_ids))
            for number, path in enumerate(refits.get(name, ()), 2)
        ]
    drawing = replace(options.bootstrap, seed=named_seed(seed, "robustness"))
    drawn = draws_of(measured.loc[node_ids], drawing)
    stable = _write_tables(found, node_ids, drawn, options, outputs)
    _write_scores(found, node_ids, outputs.scores)
    cnns = {name: rows for name, rows in stable.items() if name.startswith("cnn_")}
    window_hu = read_recipe(next(iter(models.recipes.values()))).image.window_hu
    examples = choose_examples(original, cnns, found, window_hu=window_hu)
    write_examples(outputs.examples, examples)


def _outcomes(
    original: OriginalNodes,
    classifiers: Sequence[Scorer],
    strengths: Mapping[str, Sequence[float]],
) -> dict[str, list[Outcome]]:
    """Score the nodes after every step by the classifiers that depend on it."""
    found: dict[str, list[Outcome]] = {one.name: [] for one in classifiers}
    for (name, strength), steps in groupby(steps_of(strengths), _name_and_strength):
        after = [(step, original.after(step)) for step in steps]
        for classifier in classifiers:
            if name == IDENTITY or after[0][0].acts_on in classifier.uses:
                scored = [classifier.score(nodes) for _, nodes in after]
                outcome = _outcome(name, strength, scored, after[0][1])
                found[classifier.name].append(outcome)
        logger.info("%s %g", name, strength)
    return found


def _name_and_strength(step: Step) -> tuple[str, float]:
    return step.name, step.strength


def _outcome(
    name: str, strength: float, scored: Sequence[Scored], nodes: PerturbedNodes
) -> Outcome:
    return Outcome(
        name,
        strength,
        np.stack([one.score for one in scored]),
        np.stack([one.called for one in scored]),
        nodes.vanished,
        nodes.too_far,
        nodes.dice,
    )


def _called(
    name: str, scores: str | Path, statistics: str | Path, node_ids: Sequence[str]
) -> Scored:
    """Read scores and calls of the test nodes, at the threshold of the study."""
    known = read_called(name, scores, statistics)
    place = pd.Series(range(len(known.called)), index=known.scores.node_id)[node_ids]
    return Scored(known.scores.score[place], known.called[place])


def _retrained(number: int, scored: Scored) -> Outcome:
    """Return the outcome of another training; the study's own is number 1."""
    return Outcome(RETRAINED, float(number), scored.score[None], scored.called[None])


def _require_same(
    name: str,
    identity: Outcome,
    node_ids: Sequence[str],
    scores: str | Path,
    statistics: str | Path,
) -> None:
    """Refuse a classifier that is not that of the study."""
    known = _called(name, scores, statistics, node_ids)
    error = np.abs(known.score - identity.score[0]).max()
    calls = int((known.called != identity.called[0]).sum())
    if error > LARGEST_ERROR or calls:
        raise ValueError(
            f"{name}: scores of unchanged nodes differ from those of the study by up "
            f"to {error:g}, and {calls} calls differ; expected the same"
        )


def _write_tables(
    found: Mapping[str, Sequence[Outcome]],
    node_ids: Sequence[str],
    drawn: PatientBootstrap,
    options: RobustnessOptions,
    outputs: RobustnessFiles,
) -> dict[str, list[dict[str, Any]]]:
    """Write the changes and which nodes are stable; return the latter."""
    changes: list[dict[str, Any]] = []
    nodes: dict[str, list[dict[str, Any]]] = {}
    summaries: list[dict[str, Any]] = []
    for name, own in found.items():
        named = {"classifier": name}
        compared = ScoreChanges(own[0], node_ids, drawn)
        changes += [named | row for row in _rows(compared, own, options.strengths)]
        plausible = [
            one
            for one in own
            if is_plausible(one.perturbation, one.strength, options.plausible)
        ]
        rows = stable_nodes(own[0], plausible, node_ids, drawn.positive)
        nodes[name] = [named | row for row in rows]
        summaries.append(named | stability(rows, drawn))
    tables.write(frame_of(changes), outputs.changes, ROBUSTNESS)
    listed = pd.DataFrame([row for rows in nodes.values() for row in rows])
    tables.write(listed, outputs.nodes, STABLE_NODES)
    tables.write(pd.DataFrame(summaries), outputs.stability, STABILITY)
    return nodes


def _rows(
    compared: ScoreChanges,
    outcomes: Sequence[Outcome],
    strengths: Mapping[str, Sequence[float]],
) -> Iterator[dict[str, Any]]:
    """Yield a row for each perturbation, used or not, and for each other training."""
    known = {(one.perturbation, one.strength): one for one in outcomes}
    for key in dict.fromkeys([*map(_name_and_strength, steps_of(strengths)), *known]):
        if key in known:
            yield compared.row(known[key])
        else:
            yield not_used(*key, len(compared.node_ids))


def _write_scores(
    found: Mapping[str, Sequence[Outcome]], node_ids: Sequence[str], path: str | Path
) -> None:
    """Write the scores of every classifier ``(perturbations, nodes)``, float64."""
    with replacing(path) as part, h5py.File(part, "w") as file:
        file.create_dataset("node_id", data=encoded(node_ids))
        for name, outcomes in found.items():
            group = file.create_group(name)
            group.create_dataset("score", data=_stacked(outcomes))
            for column, data in _labels(outcomes).items():
                group.create_dataset(column, data=data)


def _stacked(outcomes: Sequence[Outcome]) -> FloatArray:
    return np.concatenate([one.score for one in outcomes]).astype(np.float64)


def _labels(outcomes: Sequence[Outcome]) -> dict[str, Any]:
    """Name the rows of ``_stacked``."""
    rows = [(one, way) for one in outcomes for way in range(len(one.score))]
    return {
        "perturbation": encoded(one.perturbation for one, _ in rows),
        "strength": np.array([one.strength for one, _ in rows]),
        "direction": np.array([way for _, way in rows]),
    }
