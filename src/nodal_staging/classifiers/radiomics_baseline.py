"""Radiomics: a regression or a forest on features of the node, without its location.

The best that simple means make of the same patches as the CNNs'. Neither location nor
age nor uptake is a feature; features that depend on the zero of the HU scale, and
counts that only repeat the size, are measured but not used.
"""

from collections.abc import Mapping
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd

from nodal_staging import tables
from nodal_staging.classifiers.all_test_nodes import AllTestNodes
from nodal_staging.classifiers.forest import IMPORTANCES, ForestOptions, new_forest
from nodal_staging.classifiers.location_and_volume import fit_and_score
from nodal_staging.classifiers.radiomics_model import (
    RadiomicsForest,
    RadiomicsModel,
    rank_correlation,
)
from nodal_staging.estimates.auc import placements
from nodal_staging.nodes.radiomics.node_features import FEATURES, RADIOMICS
from nodal_staging.study.arrays import BoolArray, FloatArray
from nodal_staging.tables.columns import number, one_of, optional_number, table, text

LEFT_OUT = (
    "coefficient_of_variation",
    "quartile_dispersion",
    "energy",
    "root_mean_square",
    "pair_information_correlation_2",
    "run_level_non_uniformity",
    "run_length_non_uniformity",
    "run_length_variance",
    "zone_level_non_uniformity",
    "zone_level_non_uniformity_normalised",
    "zone_length_non_uniformity",
    "zone_length_non_uniformity_normalised",
    "zone_length_variance",
)
USED = tuple(name for name in FEATURES if name not in LEFT_OUT)

COEFFICIENTS = table(
    {
        "feature": text(unique=True),
        "used": one_of(["yes", "no"]),
        "mean": optional_number(),
        "scale": optional_number(0),
        "coefficient": number(),
        "correlation_with_volume": optional_number(-1, 1),
        "auc_alone": optional_number(0, 1),
        "penalty": number(0),
    },
)
"""Log odds = intercept + sum of coefficient x (feature - mean) / scale over the used
features; the others are constant or repeat an earlier one. Of every feature on the
training set: Spearman's correlation with the volume, and its AUC without the others."""


def score_radiomics(
    *,
    features: str | Path,
    training: str | Path,
    test: str | Path,
    scores: str | Path,
    coefficients: str | Path,
    all_test_nodes: AllTestNodes | None = None,
) -> None:
    """Fit the model, score the test set, and every fold out of fold.

    Parameters
    ----------
    features
        ``RADIOMICS`` of all nodes.
    training, test
        Two ``tables.DATASET``.
    scores, coefficients
        Outputs: ``tables.SCORES`` with probabilities, the threshold left to the
        statistics, and ``COEFFICIENTS``.
    all_test_nodes
        Where all nodes of the test patients are scored as well; None for nowhere.
    """
    measured = tables.read(features, RADIOMICS).set_index("node_id")
    trained = tables.read(training, tables.DATASET)
    values = partial(used_features, measured=measured)
    model, scored = fit_and_score(
        RadiomicsModel,
        values,
        training=trained,
        test=tables.read(test, tables.DATASET),
        grouped=True,
        all_test_nodes=all_test_nodes,
    )
    tables.write(scored, scores, tables.SCORES)
    positive = (trained["status"] == "positive").to_numpy()
    filled = model.preparation.filled(values(trained))
    rows = [
        *_feature_rows(model),
        {"feature": "intercept", "used": "yes", "mean": 0.0, "scale": 1.0}
        | {"coefficient": float(model.regression.intercept_[0])},
    ]
    frame = pd.DataFrame(rows).assign(penalty=model.penalty)
    alone = pd.DataFrame(_alone(filled, positive), index=list(USED))
    frame = frame.join(alone, on="feature")
    tables.write(frame[list(COEFFICIENTS.columns)], coefficients, COEFFICIENTS)


def score_radiomics_forest(
    *,
    features: str | Path,
    training: str | Path,
    test: str | Path,
    options: ForestOptions,
    scores: str | Path,
    importances: str | Path,
    all_test_nodes: AllTestNodes | None = None,
) -> None:
    """Fit a forest to the same features, and score as ``score_radiomics`` does.

    Parameters
    ----------
    features, training, test, scores, all_test_nodes
        As for ``score_radiomics``.
    options
        Of the forest.
    importances
        Output: ``IMPORTANCES`` by impurity; 0 for features that are not used.
    """
    measured = tables.read(features, RADIOMICS).set_index("node_id")
    model, scored = fit_and_score(
        lambda: RadiomicsForest(partial(new_forest, options)),
        partial(used_features, measured=measured),
        training=tables.read(training, tables.DATASET),
        test=tables.read(test, tables.DATASET),
        all_test_nodes=all_test_nodes,
    )
    tables.write(scored, scores, tables.SCORES)
    importance = np.zeros(len(USED))
    importance[model.preparation.kept] = model.forest.feature_importances_
    frame = pd.DataFrame({"feature": list(USED), "importance": importance})
    tables.write(frame, importances, IMPORTANCES)


def used_features(dataset: pd.DataFrame, measured: pd.DataFrame) -> FloatArray:
    """Return the features of a dataset ``(n, features)``, NaN where undefined."""
    values: FloatArray = measured.loc[dataset["node_id"], list(USED)].to_numpy(float)
    return values


def _feature_rows(model: RadiomicsModel) -> list[Mapping[str, object]]:
    """Return what the model makes of each feature."""
    prepared = model.preparation
    places = {int(kept): place for place, kept in enumerate(prepared.kept)}
    rows: list[Mapping[str, object]] = []
    for number_of, name in enumerate(USED):
        place = places.get(number_of)
        if place is None:
            rows.append({"feature": name, "used": "no", "coefficient": 0.0})
            continue
        weight = float(model.regression.coef_[0, place])
        rows.append(
            {"feature": name, "used": "yes", "coefficient": weight}
            | {"mean": prepared.mean[place], "scale": prepared.scale[place]}
        )
    return rows


def _alone(filled: FloatArray, positive: BoolArray) -> dict[str, list[float]]:
    """Return correlation with the volume, and AUC, of each feature that varies."""
    varies = filled.std(axis=0) > 0
    volume = filled[:, USED.index("voxel_volume_mm3")]
    correlation, areas = [], []
    for column, known in zip(filled.T, varies, strict=True):
        pair = np.column_stack([volume, column])
        both = known and volume.std() > 0
        correlation.append(rank_correlation(pair)[0, 1] if both else float("nan"))
        areas.append(placements(column, positive)[0].mean() if known else float("nan"))
    return {"correlation_with_volume": correlation, "auc_alone": areas}
