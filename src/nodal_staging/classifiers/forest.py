"""Random forests on location and volume: what location and size alone predict.

As published: scikit-learn, depth at most 5, inputs volume in mm3 and one-hot
location. The paper does not state the number of trees.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd
from sklearn.ensemble import RandomForestClassifier

from nodal_staging import tables
from nodal_staging.classifiers.all_test_nodes import AllTestNodes
from nodal_staging.classifiers.location_and_volume import (
    fit_and_score,
    probability_of_positive,
    volumes_and_locations,
)
from nodal_staging.estimates.auc import placements
from nodal_staging.study.arrays import BoolArray, FloatArray, IntArray
from nodal_staging.study.seeds import named_seed, stream
from nodal_staging.tables.columns import number, one_of, table, text

THRESHOLD = 0.5
"""A node of a larger probability is called positive."""

PERMUTATIONS = 200
MOST_ROWS = 100_000
"""Rows of features that are scored together."""


IMPORTANCES = table(
    {
        "feature": text(unique=True),
        "importance": number(0, 1),
    },
)

PERMUTED = table(
    {
        "feature": one_of(["volume", "location"]),
        "auc": number(0, 1),
        "auc_lost": number(-1, 1),
        "auc_lost_sd": number(0, 1),
    },
)
"""AUC of a forest on the test set, and what permuting a feature takes from it: mean
and standard deviation over permutations."""


@dataclass(frozen=True, slots=True)
class ForestOptions:
    """Number of trees, their greatest depth, and the study's seed."""

    trees: int
    max_depth: int
    seed: int


def score_forest(
    *,
    nodes: str | Path,
    training: str | Path,
    test: str | Path,
    options: ForestOptions,
    scores: str | Path,
    importances: str | Path,
    permuted: str | Path,
    all_test_nodes: AllTestNodes | None = None,
) -> None:
    """Fit the forest, score the test set, and every fold out of fold.

    The class that a forest predicts is that of the larger mean probability, so its
    threshold is 0.5, as in the paper.

    Parameters
    ----------
    nodes, training, test
        ``tables.NODES`` and two ``tables.DATASET``.
    options
        Of the forest.
    scores, importances, permuted
        Outputs: ``tables.SCORES``, ``IMPORTANCES`` by impurity, and
        ``PERMUTED``, which the number of values of a feature does not favour.
    all_test_nodes
        Where all nodes of the test patients are scored as well; None for nowhere.
    """
    measured = tables.read(nodes, tables.NODES).set_index("node_id")
    trained = tables.read(training, tables.DATASET)
    tested = tables.read(test, tables.DATASET)

    forest, scored = fit_and_score(
        partial(new_forest, options),
        partial(features, measured=measured),
        training=trained,
        test=tested,
        threshold=THRESHOLD,
        all_test_nodes=all_test_nodes,
    )
    tables.write(scored, scores, tables.SCORES)
    frame = pd.DataFrame(
        {"feature": feature_names(), "importance": forest.feature_importances_}
    )
    tables.write(frame, importances, IMPORTANCES)
    tables.write(_permuted(forest, tested, measured, options.seed), permuted, PERMUTED)


def new_forest(options: ForestOptions) -> RandomForestClassifier:
    """Return a forest that is not fitted yet.

    It uses a single thread, since the order of sums changes bits.
    """
    return RandomForestClassifier(
        n_estimators=options.trees,
        max_depth=options.max_depth,
        random_state=named_seed(options.seed, "forest"),
        n_jobs=1,
    )


def feature_names() -> list[str]:
    """Name the columns of ``features``."""
    return ["volume_mm3", *tables.LOCATIONS]


def features(dataset: pd.DataFrame, measured: pd.DataFrame) -> FloatArray:
    """Return volume in mm3 and one-hot location, ``(n, 1 + locations)``."""
    return np.column_stack(volumes_and_locations(dataset, measured))


def _permuted(
    forest: RandomForestClassifier,
    tested: pd.DataFrame,
    measured: pd.DataFrame,
    seed: int,
) -> pd.DataFrame:
    """Return how much AUC on the test set is lost without volume, or location.

    The one-hot columns of the location are permuted together.

    References
    ----------
    Breiman, Random forests, Machine Learning 2001;45:5.
    """
    values = features(tested, measured)
    positive = (tested["status"] == "positive").to_numpy()
    (whole,) = _aucs(forest, [values], positive)
    rng = stream(seed, "forest", "permutation")
    rows = []
    for name, columns in {"volume": [0], "location": range(1, values.shape[1])}.items():
        orders = [rng.permutation(len(values)) for _ in range(PERMUTATIONS)]
        changed = [_with_columns(values, columns, order) for order in orders]
        lost = whole - _aucs(forest, changed, positive)
        rows.append({"feature": name, "auc": whole, "auc_lost": np.mean(lost)})
        rows[-1]["auc_lost_sd"] = np.std(lost, ddof=1)
    return pd.DataFrame(rows)


def _with_columns(
    values: FloatArray, columns: Sequence[int], order: IntArray
) -> FloatArray:
    """Return the values with some columns in another order of the rows."""
    changed = values.copy()
    changed[:, columns] = values[order][:, columns]
    return changed


def _aucs(
    forest: RandomForestClassifier,
    variants: Sequence[FloatArray],
    positive: BoolArray,
) -> FloatArray:
    """Return the AUC of each variant of the features of the same nodes.

    A call of the forest costs as much as some thousand nodes, so variants are scored
    together.
    """
    at_once = max(MOST_ROWS // len(positive), 1)
    areas = []
    for first in range(0, len(variants), at_once):
        part = variants[first : first + at_once]
        scores = probability_of_positive(forest, np.concatenate(part))
        for score in scores.reshape(len(part), -1):
            cases, _ = placements(score, positive)
            areas.append(cases.mean())
    return np.array(areas)
