"""The interval of a difference of independent estimates."""

from math import sqrt

import pytest

from nodal_staging.estimates.independent_difference import difference_interval
from nodal_staging.estimates.interval import Interval
from nodal_staging.estimates.proportions import wilson_interval
from nodal_staging.estimates.wald import wald_interval


def test_symmetric_intervals_give_the_interval_of_the_summed_variances():
    ends = [Interval(*wald_interval(x, s, level=0.95)) for x, s in ((0.8, 3), (0.5, 4))]
    found = difference_interval(0.8, ends[0], 0.5, ends[1])
    expected = wald_interval(0.3, sqrt(3**2 + 4**2), level=0.95)
    assert found.ends == pytest.approx(expected)


def test_newcombe_compares_two_shares():
    """Example (a) of Newcombe, Stat Med 1998;17:873: 56/70 less 48/80, method 10."""
    shares = ((56, 70), (48, 80))
    wilson = [Interval.of(*wilson_interval(*s, level=0.95)) for s in shares]
    found = difference_interval(56 / 70, wilson[0], 48 / 80, wilson[1])
    assert found.ends == pytest.approx((0.0524, 0.3339), abs=1e-4)


def test_exchanged_estimates_give_the_opposite_interval():
    one, other = Interval(0.7, 0.95), Interval(0.4, 0.55)
    there = difference_interval(0.9, one, 0.5, other).ends
    back = difference_interval(0.5, other, 0.9, one).ends
    assert there is not None
    assert back == pytest.approx((-there[1], -there[0]))


def test_no_interval_without_one():
    nothing = Interval(None, None)
    assert difference_interval(0.9, nothing, 0.8, Interval(0.7, 0.9)).ends is None
