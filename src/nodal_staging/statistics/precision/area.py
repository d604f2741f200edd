"""The standard error to be expected of an AUC, before any score is seen.

The variance of the empirical area depends on the area A and on two probabilities: Q1
that two positive nodes both score above one negative, and Q2 that one positive scores
above two negatives. A model of the scores gives them from A alone.

References
----------
Hanley and McNeil, Radiology 1982;143:29. Bamber, J Math Psychol 1975;12:387.
"""

from math import sqrt
from statistics import NormalDist

from scipy.special import owens_t


def expected_error(
    area: float, n_positive: int, n_negative: int, *, model: str
) -> float:
    """Return the standard error of the empirical AUC for independent nodes.

    Parameters
    ----------
    area
        True AUC in (0, 1).
    n_positive, n_negative
        Numbers of nodes.
    model
        ``binormal`` (normal scores of equal variance) or ``hanley_mcneil``
        (exponential scores, their published approximation).
    """
    q1, q2 = MODELS[model](area)
    squared = area * area
    variance = (
        area * (1 - area)
        + (n_positive - 1) * (q1 - squared)
        + (n_negative - 1) * (q2 - squared)
    ) / (n_positive * n_negative)
    return sqrt(variance)


def binormal(area: float) -> tuple[float, float]:
    """Return Q1 and Q2 of normal scores of equal variance, which are the same.

    Two scores compared with a third share half of the variance of the difference, so
    each is the chance that two standard normal variables of correlation 1/2 both stay
    below the quantile of the area.
    """
    quantile = NormalDist().inv_cdf(area)
    both = area - 2 * float(owens_t(quantile, 1 / sqrt(3)))
    return both, both


def hanley_mcneil(area: float) -> tuple[float, float]:
    """Return Q1 and Q2 of exponential scores."""
    return area / (2 - area), 2 * area * area / (1 + area)


MODELS = {"binormal": binormal, "hanley_mcneil": hanley_mcneil}
