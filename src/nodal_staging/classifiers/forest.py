"""Random forests on location and volume: what the address and the size alone tell.

As published: scikit-learn, depth at most 5, inputs volume in mm3 and one-hot
location. The paper does not state the number of trees.
"""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from sklearn.ensemble import RandomForestClassifier

from nodal_staging import tables
from nodal_staging.classifiers.location_and_volume import (
    probability_of_positive,
    volumes_and_locations,
)
from nodal_staging.classifiers.scores import score_table
from nodal_staging.datasets.split import held_out_folds
from nodal_staging.estimates.auc import placements
from nodal_staging.study.arrays import BoolArray, FloatArray
from nodal_staging.study.seeds import named_seed, stream

PERMUTATIONS = 200


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
        Outputs: ``tables.SCORES``, ``tables.IMPORTANCES`` by impurity, and
        ``tables.PERMUTED``, which the number of values of a feature does not favour.
    """
    measured = tables.read(nodes, tables.NODES).set_index("node_id")
    trained = tables.read(training, tables.DATASET)
    tested = tables.read(test, tables.DATASET)
    parts = []
    for kept, held_out in held_out_folds(trained):
        forest = _fit(kept, measured, options)
        parts.append(_scores(forest, held_out, measured, "out_of_fold"))
    forest = _fit(trained, measured, options)
    parts.insert(0, _scores(forest, tested, measured, "test"))
    tables.write(pd.concat(parts), scores, tables.SCORES)
    frame = pd.DataFrame(
        {"feature": feature_names(), "importance": forest.feature_importances_}
    )
    tables.write(frame, importances, tables.IMPORTANCES)
    tables.write(
        _permuted(forest, tested, measured, options.seed), permuted, tables.PERMUTED
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

    All columns of a location move together: a node gets the address of another.

    References
    ----------
    Breiman, Random forests, Machine Learning 2001;45:5.
    """
    values = features(tested, measured)
    positive = (tested["status"] == "positive").to_numpy()
    whole = _auc(forest, values, positive)
    rng = stream(seed, "forest", "permutation")
    rows = []
    for name, columns in {"volume": [0], "location": range(1, values.shape[1])}.items():
        lost = []
        for _ in range(PERMUTATIONS):
            changed = values.copy()
            changed[:, columns] = values[rng.permutation(len(values))][:, columns]
            lost.append(whole - _auc(forest, changed, positive))
        rows.append({"feature": name, "auc": whole, "auc_lost": np.mean(lost)})
        rows[-1]["auc_lost_sd"] = np.std(lost, ddof=1)
    return pd.DataFrame(rows)


def _auc(
    forest: RandomForestClassifier,
    values: FloatArray,
    positive: BoolArray,
) -> float:
    cases, _ = placements(probability_of_positive(forest, values), positive)
    return float(cases.mean())


def _fit(
    dataset: pd.DataFrame, measured: pd.DataFrame, options: ForestOptions
) -> RandomForestClassifier:
    """Fit one forest; a single thread, since the order of sums changes bits."""
    forest = RandomForestClassifier(
        n_estimators=options.trees,
        max_depth=options.max_depth,
        random_state=named_seed(options.seed, "forest"),
        n_jobs=1,
    )
    return forest.fit(features(dataset, measured), dataset["status"] == "positive")


def _scores(
    forest: RandomForestClassifier,
    dataset: pd.DataFrame,
    measured: pd.DataFrame,
    partition: str,
) -> pd.DataFrame:
    """Score a dataset with the probability of a positive node."""
    probability = probability_of_positive(forest, features(dataset, measured))
    return score_table(dataset, probability, partition, positive=probability > 0.5)
