"""Intervals and tests that take an estimate as normally distributed."""

from math import erfc, sqrt

from nodal_staging.estimates.proportions import normal_quantile


def wald_interval(
    estimate: float, standard_error: float, *, level: float
) -> tuple[float, float]:
    """Return the interval that is symmetric about the estimate.

    Parameters
    ----------
    estimate, standard_error
        In the same unit.
    level
        Confidence level.
    """
    half = normal_quantile(level) * standard_error
    return estimate - half, estimate + half


def wald_p(estimate: float, standard_error: float) -> float:
    """Return the two-sided p of an estimate whose true value is 0.

    Parameters
    ----------
    estimate, standard_error
        In the same unit; the standard error is positive.
    """
    return erfc(abs(estimate) / standard_error / sqrt(2))
