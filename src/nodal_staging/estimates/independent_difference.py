"""The interval of a difference of two estimates from independent samples.

Each estimate brings an interval of its own, which need not be symmetric: the squared
distances to its ends stand for its variances at the ends.

References
----------
Zou and Donner, Construction of confidence limits about effect measures: a general
approach, Stat Med 2008;27:1693.
"""

from math import hypot

from nodal_staging.estimates.interval import Interval


def difference_interval(
    first: float, ends: Interval, second: float, other_ends: Interval
) -> Interval:
    """Return the interval of first less second; undefined where one of theirs is.

    Parameters
    ----------
    first, second
        Estimates of independent samples, in the same unit.
    ends, other_ends
        Their intervals, at the level that the difference is to have.

    Examples
    --------
    >>> difference_interval(0.8, Interval(0.77, 0.83), 0.9, Interval(0.86, 0.94)).upper
    -0.05
    """
    if ends.ends is None or other_ends.ends is None:
        return Interval(None, None)
    (low, high), (other_low, other_high) = ends.ends, other_ends.ends
    difference = first - second
    return Interval.of(
        difference - hypot(first - low, other_high - second),
        difference + hypot(high - first, second - other_low),
    )
