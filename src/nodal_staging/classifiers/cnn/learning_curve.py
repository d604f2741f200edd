"""The learning curve: what more nodes would bring.

A point of the curve is a study of fewer patients: a share of those that may train is
drawn, the training sets are drawn from their nodes as the study draws its own, and
the network sees them in as many batches as the study's (epochs are scaled), so that
points differ in what there is to learn and not in how long it is learned. All points
are scored on the study's test set.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from nodal_staging import tables
from nodal_staging.datasets.split import (
    DatasetError,
    draw_training_sets,
    measured_with_patch,
    training_pool,
    write_dataset,
)
from nodal_staging.estimates.auc_intervals import logit_interval
from nodal_staging.estimates.delong import clustered_auc
from nodal_staging.study.files import read_json
from nodal_staging.study.seeds import stream

VIEWS = {
    "status_balanced": "all",
    "location_balanced": "node_only",
    "xmask": "node_only",
}
"""What each CNN sees of a synthetic node, for its ceiling."""

WHOLE = 100
"""Per cent of the patients, the study itself."""


@dataclass(frozen=True, slots=True)
class Point:
    """A training on ``percent`` of the patients, drawn for the ``repeat``-th time."""

    percent: int
    repeat: int
    cnn: str


@dataclass(frozen=True, slots=True)
class Share:
    """Part of the patients that may train.

    Attributes
    ----------
    percent, repeat
        Share of the patients, and which draw of it; draws of different size with the
        same number are nested.
    seed
        The study's seed.
    """

    percent: int
    repeat: int
    seed: int


def draw_share(
    *,
    nodes: str | Path,
    patches: Iterable[str | Path],
    test: str | Path,
    dropped: str | Path,
    share: Share,
    training: Mapping[str, str | Path],
) -> None:
    """Draw the training sets of a study with a share of the patients that may train.

    Parameters
    ----------
    nodes, patches
        As for ``split.make_datasets``.
    test, dropped
        ``tables.DATASET`` of the test set, and ``tables.DROPPED``: who may not train.
    share
        How many patients are drawn.
    training
        Outputs: each training set by name (``tables.DATASET``), without folds.

    Raises
    ------
    DatasetError
        If the share is too small for a training set.
    """
    pool = training_pool(measured_with_patch(nodes, patches), test, dropped)
    patients = np.sort(pool["patient_id"].unique())
    order = stream(share.seed, "learning_curve", share.repeat).permutation(patients)
    chosen = order[: max(round(len(order) * share.percent / WHOLE), 1)]
    part = pool[pool["patient_id"].isin(set(chosen))]
    sets = draw_training_sets(part, seed=share.seed)
    for name, path in training.items():
        if sets[name].empty:
            raise DatasetError(
                f"{share.percent} % of the patients leave no node for "
                f"{Path(path).name}; raise learning_curve.percents or enlarge the "
                "cohort"
            )
        write_dataset(sets[name].assign(fold=0), path)


def gather_learning_curve(
    *,
    scores: Mapping[Point, str | Path],
    cards: Mapping[Point, str | Path],
    truth: str | Path | None,
    level: float,
    output: str | Path,
) -> None:
    """Gather the AUC on the test set of every point.

    Parameters
    ----------
    scores, cards
        ``tables.SCORES`` and the description of the training of each point.
    truth
        ``truth.json`` of a synthetic cohort, for the ceilings.
    level
        Of the intervals, for nodes nested in patients; they speak of the test set
        alone, the repeats of the training.
    output
        ``tables.LEARNING_CURVE``.
    """
    ceilings = _ceilings(truth)
    rows = [
        _quality(point, path, cards[point], level) | ceilings.get(point.cnn, {})
        for point, path in scores.items()
    ]
    frame = pd.DataFrame(rows).reindex(columns=list(tables.LEARNING_CURVE.columns))
    frame = frame.sort_values(["cnn", "percent", "repeat"], ignore_index=True)
    tables.write(frame, output, tables.LEARNING_CURVE)


def _quality(
    point: Point, scores: str | Path, card: str | Path, level: float
) -> dict[str, Any]:
    frame = tables.read(scores, tables.SCORES)
    tested = frame[frame["partition"] == "test"]
    positive = (tested["status"] == "positive").to_numpy()
    patients = tested["patient_id"].to_numpy(str)
    area = clustered_auc(tested["score"].to_numpy(), positive, patients)
    lower, upper = logit_interval(area, level=level)
    return {
        "cnn": point.cnn,
        "percent": point.percent,
        "repeat": point.repeat,
        "nodes": read_json(card)["training_nodes"],
        "auc": area.estimate,
        "lower": lower,
        "upper": upper,
    }


def _ceilings(truth: str | Path | None) -> dict[str, dict[str, float]]:
    """Return ideal and realistic ceiling of each CNN, of a synthetic cohort."""
    if truth is None:
        return {}
    known = read_json(truth)
    ideal = known["ceilings"]["status_balanced"]
    realistic = known["realistic_ceilings"]["status_balanced"]
    return {
        cnn: {
            "ceiling": ideal[view]["auc"],
            "realistic_ceiling": realistic[view]["auc"],
        }
        for cnn, view in VIEWS.items()
    }
