"""Logistic regression on location and volume: the address and the size, linearly.

What the forests know, in the form that a clinical prediction model would have. The
volume enters as its logarithm, since volumes of nodes span three orders of magnitude
and are nearly log-normal in either class, which makes the log odds linear in the
logarithm. A ridge keeps the coefficient of a location finite whose training nodes all
have one status: without it there is none that is best.
"""

from pathlib import Path

import numpy as np
import pandas as pd
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import StandardScaler

from nodal_staging import tables
from nodal_staging.classifiers.location_and_volume import (
    probability_of_positive,
    volumes_and_locations,
)
from nodal_staging.classifiers.scores import score_table
from nodal_staging.datasets.split import held_out_folds
from nodal_staging.study.arrays import FloatArray
from nodal_staging.tables.columns import number, table, text

TOLERANCE = 1e-10
ITERATIONS = 10_000

COEFFICIENTS = table(
    {
        "feature": text(unique=True),
        "mean": number(),
        "scale": number(0),
        "coefficient": number(),
    },
)
"""Log odds = intercept + sum of coefficient x (feature - mean) / scale."""


def score_logistic(
    *,
    nodes: str | Path,
    training: str | Path,
    test: str | Path,
    ridge: float,
    scores: str | Path,
    coefficients: str | Path,
) -> None:
    """Fit the regression, score the test set, and every fold out of fold.

    Parameters
    ----------
    nodes, training, test
        ``tables.NODES`` and two ``tables.DATASET``.
    ridge
        Half of it weighs the sum of squared coefficients of the standardised
        features, beside the sum of the nodes' log losses; the intercept is free.
    scores, coefficients
        Outputs: ``tables.SCORES`` with probabilities, the threshold left to the
        statistics, and ``COEFFICIENTS``.
    """
    measured = tables.read(nodes, tables.NODES).set_index("node_id")
    trained = tables.read(training, tables.DATASET)
    tested = tables.read(test, tables.DATASET)
    model = _fit(trained, measured, ridge)
    parts = [_scores(model, tested, measured, "test")]
    for kept, held_out in held_out_folds(trained):
        without = _fit(kept, measured, ridge)
        parts.append(_scores(without, held_out, measured, "out_of_fold"))
    tables.write(pd.concat(parts), scores, tables.SCORES)
    tables.write(_coefficients(model), coefficients, COEFFICIENTS)


def feature_names() -> list[str]:
    """Name the columns of ``features``."""
    return ["log_volume_mm3", *tables.LOCATIONS]


def features(dataset: pd.DataFrame, measured: pd.DataFrame) -> FloatArray:
    """Return log volume in mm3 and one-hot location, ``(n, 1 + locations)``."""
    volume_mm3, one_hot = volumes_and_locations(dataset, measured)
    return np.column_stack([np.log(volume_mm3), one_hot])


def _fit(dataset: pd.DataFrame, measured: pd.DataFrame, ridge: float) -> Pipeline:
    """Standardise by the training nodes, and fit."""
    regression = LogisticRegression(C=1 / ridge, tol=TOLERANCE, max_iter=ITERATIONS)
    model = make_pipeline(StandardScaler(), regression)
    return model.fit(features(dataset, measured), dataset["status"] == "positive")


def _scores(
    model: Pipeline, dataset: pd.DataFrame, measured: pd.DataFrame, partition: str
) -> pd.DataFrame:
    """Score a dataset with the probability of a positive node."""
    probability = probability_of_positive(model, features(dataset, measured))
    return score_table(dataset, probability, partition)


def _coefficients(model: Pipeline) -> pd.DataFrame:
    """Return the model as a table; the intercept stands last."""
    scaler, regression = model[0], model[-1]
    frame = pd.DataFrame(
        {
            "feature": feature_names(),
            "mean": scaler.mean_,
            "scale": scaler.scale_,
            "coefficient": regression.coef_[0],
        }
    )
    intercept = {"feature": "intercept", "mean": 0.0, "scale": 1.0}
    intercept["coefficient"] = float(regression.intercept_[0])
    return pd.concat([frame, pd.DataFrame([intercept])])
