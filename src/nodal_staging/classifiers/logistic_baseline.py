"""Logistic regression on location and volume: location and size, linearly.

The inputs are those of the forests, in the form of a clinical prediction model. The
volume enters as its logarithm, since volumes of nodes span three orders of magnitude
and are nearly log-normal in either class, which makes the log odds linear in the
logarithm. A ridge keeps the coefficient of a location finite if all its training nodes
have one status.
"""

from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import StandardScaler

from nodal_staging import tables
from nodal_staging.classifiers.all_test_nodes import AllTestNodes
from nodal_staging.classifiers.location_and_volume import (
    fit_and_score,
    volumes_and_locations,
)
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
    all_test_nodes: AllTestNodes | None = None,
) -> None:
    """Fit the regression, score the test set, and every fold out of fold.

    Parameters
    ----------
    nodes, training, test
        ``tables.NODES`` and two ``tables.DATASET``.
    ridge
        Half of it weighs the sum of squared coefficients of the standardised
        features, which is added to the sum of the nodes' log losses; the intercept is
        not penalised.
    scores, coefficients
        Outputs: ``tables.SCORES`` with probabilities, the threshold left to the
        statistics, and ``COEFFICIENTS``.
    all_test_nodes
        Where all nodes of the test patients are scored as well; None for nowhere.
    """
    measured = tables.read(nodes, tables.NODES).set_index("node_id")
    trained = tables.read(training, tables.DATASET)
    tested = tables.read(test, tables.DATASET)
    model, scored = fit_and_score(
        partial(new_regression, ridge),
        partial(features, measured=measured),
        training=trained,
        test=tested,
        all_test_nodes=all_test_nodes,
    )
    tables.write(scored, scores, tables.SCORES)
    tables.write(_coefficients(model), coefficients, COEFFICIENTS)


def new_regression(ridge: float) -> Pipeline:
    """Return a regression that is not fitted yet; see ``score_logistic``."""
    regression = LogisticRegression(C=1 / ridge, tol=TOLERANCE, max_iter=ITERATIONS)
    return make_pipeline(StandardScaler(), regression)


def feature_names() -> list[str]:
    """Name the columns of ``features``."""
    return ["log_volume_mm3", *tables.LOCATIONS]


def features(dataset: pd.DataFrame, measured: pd.DataFrame) -> FloatArray:
    """Return log volume in mm3 and one-hot location, ``(n, 1 + locations)``."""
    volume_mm3, one_hot = volumes_and_locations(dataset, measured)
    return np.column_stack([np.log(volume_mm3), one_hot])


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
