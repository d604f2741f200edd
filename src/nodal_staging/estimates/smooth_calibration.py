"""How far predicted probabilities lie from a smooth curve of observed ones.

The curve is a logistic regression on a restricted cubic spline of the log odds with
three knots. The integrated calibration index is the mean distance of a node's
probability from the curve; E50 and E90 are the median and the 90th percentile.

References
----------
Austin and Steyerberg, Stat Med 2019;38:4051. Harrell, Regression Modeling Strategies,
2001, section 2.4.4.
"""

import numpy as np
from scipy.special import expit

from nodal_staging.study.arrays import BoolArray, FloatArray

KNOTS = (0.1, 0.5, 0.9)
"""Quantiles of the log odds."""

MEASURES = ("ici", "e50", "e90")
STEPS = 25
CONVERGED = 1e-8
FARTHEST = 30.0
"""Log odds beyond it are certain."""

AT_ONCE = 1_000_000
"""Weights in memory at a time."""


def calibration_distances(
    predicted: FloatArray,
    log_odds: FloatArray,
    positive: FloatArray,
    weight: FloatArray,
) -> FloatArray:
    """Return ICI, E50 and E90 of each draw ``(draws, 3)``.

    Parameters
    ----------
    predicted, log_odds, positive
        Probability, its finite log odds, and status as 0 and 1 ``(n,)``.
    weight
        What each node counts in each draw ``(draws, n)``.

    Returns
    -------
    NaN where the log odds have fewer than three distinct knots, or where a draw has
    no maximum of the likelihood.
    """
    design = _design(log_odds)
    if design is None:
        return np.full((len(weight), len(MEASURES)), np.nan)
    rows = max(1, AT_ONCE // len(predicted))
    return np.concatenate(
        [
            _distances(predicted, design, positive, weight[start : start + rows])
            for start in range(0, len(weight), rows)
        ]
    )


def _design(log_odds: FloatArray) -> FloatArray | None:
    """Return intercept, log odds and spline ``(n, 3)``, the latter standardised."""
    first, middle, last = np.quantile(log_odds, KNOTS)
    if not first < middle < last:
        return None

    def cubic(knot: float) -> FloatArray:
        return np.asarray(np.maximum(log_odds - knot, 0.0) ** 3)

    bend = (
        cubic(first)
        - cubic(middle) * (last - first) / (last - middle)
        + cubic(last) * (middle - first) / (last - middle)
    )
    columns = np.column_stack([log_odds, bend])
    spread = columns.std(axis=0)
    if not (spread > 0).all():
        return None
    standard = (columns - columns.mean(axis=0)) / spread
    return np.column_stack([np.ones(len(log_odds)), standard])


def _distances(
    predicted: FloatArray, design: FloatArray, positive: FloatArray, weight: FloatArray
) -> FloatArray:
    """Fit the curve of each draw and measure the distances ``(draws, 3)``."""
    beta, found = _maxima(design, positive, weight)
    apart = np.abs(expit(beta @ design.T) - predicted)
    total = weight.sum(axis=1)
    order = np.argsort(apart, axis=1, kind="stable")
    sorted_apart = np.take_along_axis(apart, order, axis=1)
    share = np.cumsum(np.take_along_axis(weight, order, axis=1), axis=1)
    share /= total[:, None]
    ends = [
        np.take_along_axis(sorted_apart, place[:, None], axis=1)[:, 0]
        for quantile in (0.5, 0.9)
        for place in [(share >= quantile - CONVERGED).argmax(axis=1)]
    ]
    ici = (apart * weight).sum(axis=1) / total
    measured: FloatArray = np.stack([ici, *ends], axis=1)
    measured[~found] = np.nan
    return measured


def _maxima(
    design: FloatArray, positive: FloatArray, weight: FloatArray
) -> tuple[FloatArray, BoolArray]:
    """Return coefficients ``(draws, 3)`` and whether each is a maximum, by Newton."""
    size = design.shape[1]
    products = (design[:, :, None] * design[:, None, :]).reshape(len(design), -1)
    beta = np.zeros((len(weight), size))
    moved = np.full(len(weight), np.inf)
    for _ in range(STEPS):
        odds = np.clip(beta @ design.T, -FARTHEST, FARTHEST)
        chance = expit(odds)
        gradient = (weight * (positive - chance)) @ design
        information = (weight * chance * (1 - chance)) @ products
        information = information.reshape(-1, size, size)
        # A trace of a ridge keeps draws without a maximum solvable; they do not settle.
        information += CONVERGED * np.eye(size)
        step = np.linalg.solve(information, gradient[..., None])[..., 0]
        step = np.clip(step, -2.0, 2.0)
        beta += step
        moved = np.abs(step).max(axis=1)
        if (moved < CONVERGED).all():
            break
    settled = (moved < 1e-6) & (np.abs(beta).max(axis=1) < FARTHEST)
    return beta, settled
