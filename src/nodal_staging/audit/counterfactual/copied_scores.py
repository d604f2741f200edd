"""Scores of all classifiers for copies of nodes, as log odds."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.special import logit

from nodal_staging.classifiers.table_models import TableModels
from nodal_staging.phantom.truth import LATENTS, Dials, location_shares
from nodal_staging.study.arrays import FloatArray

SMALLEST_PROBABILITY = 1e-4
"""Probabilities are moved so far from 0 and 1 before their log odds are taken: a forest
whose trees all agree is not infinitely certain."""


@dataclass(frozen=True, slots=True, eq=False)
class _MeasuredCopies:
    """``COPIES`` and ``RADIOMICS`` of the copies, each by ``node_id``."""

    measured: pd.DataFrame
    radiomics: pd.DataFrame


def scores_of_tables(
    models: TableModels, copies: pd.DataFrame, features: pd.DataFrame
) -> pd.DataFrame:
    """Score copies by every classifier of tables.

    Parameters
    ----------
    models
        The classifiers.
    copies, features
        ``COPIES``, and ``RADIOMICS`` of the copies.

    Returns
    -------
    Probabilities, a column per classifier.
    """
    by_id = _MeasuredCopies(copies.set_index("node_id"), features.set_index("node_id"))
    names = models.names()
    return pd.DataFrame({name: models.scorer(name)(copies, by_id) for name in names})


def log_odds(probability: FloatArray) -> FloatArray:
    """Return the log odds of probabilities, bounded by ``SMALLEST_PROBABILITY``."""
    bounded = np.clip(probability, SMALLEST_PROBABILITY, 1 - SMALLEST_PROBABILITY)
    return np.asarray(logit(bounded), float)


def node_evidence(copies: pd.DataFrame, dials: Dials) -> FloatArray:
    """Return the log-likelihood ratio of the latents of copies ``(n,)``."""
    shifts = dials.deltas()
    latents = copies[LATENTS].to_numpy(float)
    ratio: FloatArray = latents @ shifts - (shifts**2).sum() / 2
    return ratio


def location_evidence(dials: Dials) -> FloatArray:
    """Return the log prior ratio of the locations, in the order of ``LOCATIONS``.

    It is log p(location given positive) - log p(location given negative).
    """
    negative, positive = location_shares(dials)
    ratio: FloatArray = np.log(positive) - np.log(negative)
    return ratio
