"""Intervals and tests of an estimate with a normal law, or with Student's t.

The degrees of freedom are those of the standard error; infinitely many are the normal
law.
"""

from math import erfc, inf, isinf, sqrt

from scipy.special import stdtr, stdtrit

from nodal_staging.estimates.proportions import normal_quantile


def wald_interval(
    estimate: float, standard_error: float, *, level: float, freedom: float = inf
) -> tuple[float, float]:
    """Return the interval that is symmetric about the estimate.

    Parameters
    ----------
    estimate, standard_error
        In the same unit.
    level
        Confidence level.
    freedom
        Degrees of freedom of the standard error.
    """
    half = quantile(level, freedom) * standard_error
    return estimate - half, estimate + half


def wald_p(estimate: float, standard_error: float, *, freedom: float = inf) -> float:
    """Return the two-sided p of an estimate whose true value is 0.

    Parameters
    ----------
    estimate, standard_error
        In the same unit; the standard error is positive.
    freedom
        Degrees of freedom of the standard error.
    """
    errors = abs(estimate) / standard_error
    if isinf(freedom):
        return erfc(errors / sqrt(2))
    return float(2 * stdtr(freedom, -errors))


def quantile(level: float, freedom: float) -> float:
    """Return the half-width of a two-sided interval in standard errors.

    Examples
    --------
    >>> round(quantile(0.95, 19), 3)
    2.093
    """
    if isinf(freedom):
        return normal_quantile(level)
    return float(stdtrit(freedom, (1 + level) / 2))
