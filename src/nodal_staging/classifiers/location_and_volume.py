"""Models of a node's location and volume alone: their features, fits and scores."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd

from nodal_staging import tables
from nodal_staging.classifiers.all_test_nodes import AllTestNodes
from nodal_staging.classifiers.scores import score_table
from nodal_staging.datasets.split import held_out_folds
from nodal_staging.study.arrays import BoolArray, FloatArray


def volumes_and_locations(
    dataset: pd.DataFrame, measured: pd.DataFrame
) -> tuple[FloatArray, BoolArray]:
    """Return the volumes in mm3 ``(n,)`` and one-hot locations ``(n, locations)``.

    Parameters
    ----------
    dataset
        ``tables.DATASET``, whose order is kept.
    measured
        ``tables.NODES`` by ``node_id``.
    """
    rows = measured.loc[dataset["node_id"]]
    one_hot = rows["location"].to_numpy()[:, None] == np.array(tables.LOCATIONS)
    return rows["volume_mm3"].to_numpy(float), one_hot


def probability_of_positive(model: Any, features: FloatArray) -> FloatArray:
    """Return what a fitted classifier of scikit-learn gives positive nodes ``(n,)``."""
    column = list(model.classes_).index(True)
    probability: FloatArray = model.predict_proba(features)[:, column]
    return probability


def fit(
    model: Any, features: FloatArray, dataset: pd.DataFrame, *, grouped: bool = False
) -> Any:
    """Fit a classifier of scikit-learn to the status of the nodes of a dataset.

    Parameters
    ----------
    model, features
        The classifier, and the features of the nodes ``(n, features)``.
    dataset
        ``tables.DATASET``.
    grouped
        Whether ``fit`` takes the patient of each node as ``groups``.
    """
    positive = (dataset["status"] == "positive").to_numpy(bool)
    groups = [dataset["patient_id"].to_numpy(str)] if grouped else []
    return model.fit(features, positive, *groups)


def fit_and_score(
    new_model: Callable[[], Any],
    features: Callable[[pd.DataFrame], FloatArray],
    *,
    training: pd.DataFrame,
    test: pd.DataFrame,
    threshold: float | None = None,
    grouped: bool = False,
    all_test_nodes: AllTestNodes | None = None,
) -> tuple[Any, pd.DataFrame]:
    """Fit a model, and score the test set and the folds of the training set with it.

    The nodes of a fold are scored by a model that was fitted to the other folds.

    Parameters
    ----------
    new_model
        Returns a classifier of scikit-learn that is not fitted yet.
    features
        Returns the features of a dataset ``(n, features)``.
    training, test
        ``tables.DATASET``.
    threshold
        A node whose probability is larger is called positive; without a threshold,
        the statistics choose one. A tie is negative, unlike in ``called_positive``:
        scikit-learn predicts the first class of equal probabilities.
    grouped
        Whether ``fit`` takes the patient of each node as ``groups``.
    all_test_nodes
        Where all nodes of the test patients are scored as well; None for nowhere.

    Returns
    -------
    model
        The model that was fitted to the whole training set.
    scores
        ``tables.SCORES``, the test set first.
    """

    def fitted(dataset: pd.DataFrame) -> Any:
        return fit(new_model(), features(dataset), dataset, grouped=grouped)

    def scored(model: Any, dataset: pd.DataFrame, partition: str) -> pd.DataFrame:
        probability = probability_of_positive(model, features(dataset))
        positive = None if threshold is None else probability > threshold
        return score_table(dataset, probability, partition, positive=positive)

    model = fitted(training)
    parts = [scored(model, test, "test")]
    if all_test_nodes is not None:
        all_test_nodes.write(
            parts[0], lambda nodes: probability_of_positive(model, features(nodes))
        )
    for kept, held_out in held_out_folds(training):
        parts.append(scored(fitted(kept), held_out, "out_of_fold"))
    return model, pd.concat(parts)
