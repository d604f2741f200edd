"""Scores and nodes as at another prevalence."""

import numpy as np

from nodal_staging.statistics.recomputation.scored_nodes import Nodes
from nodal_staging.statistics.recomputation.ways import FloatArray


def clipping_distance(score: FloatArray) -> float:
    """Return how near to 0 and 1 a score may be: half the smallest distance."""
    away = np.minimum(score, 1 - score)
    smallest = min(float(value) for value in away if value > 0)
    return min(0.01, max(smallest / 2, float(np.finfo(float).epsneg)))


def log_odds_of(score: FloatArray) -> FloatArray:
    """Return log odds; scores of 0 and 1 are moved."""
    moved = clipping_distance(score)
    kept = np.maximum(np.minimum(score, 1 - moved), moved)
    return np.asarray(np.log(kept) - np.log1p(-kept))


def probability_at(score: FloatArray, prior: float, prevalence: float) -> FloatArray:
    """Return probabilities at another prevalence, from odds."""
    if prior == prevalence:
        return score
    with np.errstate(divide="ignore"):
        odds = score / (1 - score)
    odds = odds * (prevalence / (1 - prevalence)) / (prior / (1 - prior))
    return np.where(np.isinf(odds), 1.0, odds / (1 + odds))


def mix_weights(test: Nodes, prevalence: float) -> FloatArray:
    """Weigh nodes so that a share of the weight is positive."""
    n, m = len(test.positive), int(test.positive.sum())
    own = np.where(test.positive, prevalence / m, (1 - prevalence) / (n - m))
    return np.asarray(own * n)
