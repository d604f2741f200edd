"""Confidence intervals of AUCs, on the scale of the AUC and on the logit scale."""

from math import exp, inf, log, sqrt

import numpy as np
import numpy.typing as npt

from nodal_staging.estimates.delong import Areas, ClusteredArea, delong_areas
from nodal_staging.estimates.proportions import unanimous_bound
from nodal_staging.estimates.wald import quantile, wald_interval
from nodal_staging.study.arrays import BoolArray, FloatArray


def delong_interval(
    score: FloatArray, positive: BoolArray, *, level: float
) -> tuple[float, float, float]:
    """Return DeLong's standard error of the AUC and the interval within [0, 1]."""
    return unit_interval(delong_areas(score[np.newaxis], positive), [1.0], level=level)


def unit_interval(
    areas: Areas, weights: npt.ArrayLike, *, level: float
) -> tuple[float, float, float]:
    """Return the standard error of a mean of areas and the interval within [0, 1].

    Parameters
    ----------
    areas
        With a covariance that has no negative variance.
    weights
        Of the mean ``(k,)``; they sum to 1.
    level
        Confidence level.
    """
    estimate, variance = areas.contrast(weights)
    error = sqrt(max(variance, 0.0))
    lower, upper = wald_interval(estimate, error, level=level)
    return error, max(lower, 0.0), min(upper, 1.0)


def logit_interval(area: ClusteredArea, *, level: float) -> tuple[float, float]:
    """Return an interval that is symmetric on the logit scale.

    Nearest to its nominal coverage of all intervals tried, in particular for AUCs
    near 1. Of Student's t with one degree of freedom less than there are independent
    pairs of patients, since the error of a few patients is itself uncertain; of the
    normal law where patients are unknown. An AUC of exactly 0 or 1 has no logit; see
    ``perfect_interval``.

    References
    ----------
    Pepe, The Statistical Evaluation of Medical Tests, 2003, section 5.2.5.
    """
    estimate = area.estimate
    if estimate <= 0 or estimate >= 1:
        return perfect_interval(area, level=level)
    freedom = max(area.pairs - 1, 1) if area.pairs else inf
    half = quantile(level, freedom) * area.standard_error / (estimate * (1 - estimate))
    centre = log(estimate / (1 - estimate))
    return _expit(centre - half), _expit(centre + half)


def perfect_interval(area: ClusteredArea, *, level: float) -> tuple[float, float]:
    """Return the interval of an AUC of 0 or 1, or of a mean of such AUCs.

    If positive nodes score higher in a share A of all pairs, the k independent pairs
    among the patients are all in that order with probability A to the power of k, and
    all pairs at most that often. The A at which this is (1 - level) / 2 is the lower
    end, whatever the distribution of the scores; it is conservative. Without patients
    both ends are the estimate, which is no interval.

    Parameters
    ----------
    area
        With its independent pairs.
    level
        Of the two-sided interval, of which one end is the estimate.
    """
    if not area.pairs:
        return area.estimate, area.estimate
    bound = unanimous_bound(area.pairs, level)
    return (bound, 1.0) if area.estimate >= 1 else (0.0, 1 - bound)


def _expit(logit: float) -> float:
    """Invert the logit without overflow."""
    if logit >= 0:
        return 1 / (1 + exp(-logit))
    return exp(logit) / (1 + exp(logit))
