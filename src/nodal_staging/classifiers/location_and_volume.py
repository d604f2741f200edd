"""What forests and logistic regression know of a node: its location and its volume."""

from typing import Any

import numpy as np
import pandas as pd

from nodal_staging import tables
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
