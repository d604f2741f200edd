"""Intervals have one notation wherever they are printed."""

import math

import pytest

from nodal_staging.estimates.interval import Interval
from nodal_staging.tables.intervals import (
    ci,
    interval,
    percent_interval,
    percent_of,
    with_interval,
)


@pytest.mark.parametrize(
    ("ends", "digits", "written"),
    [
        ((0.8371, 0.9479), 3, "0.837-0.948"),
        ((0.501, 0.504), 2, "0.50-0.50"),
        # A hyphen before a minus sign cannot be read.
        ((-0.125, 0.25), 2, "\u22120.13 to 0.25"),
        ((-0.5, -0.25), 1, "\u22120.5 to \u22120.3"),
        # What is rounded to zero has no sign.
        ((-0.0001, 0.25), 2, "0.00-0.25"),
        ((1250.0, 12500.0), 0, "1,250-12,500"),
    ],
)
def test_the_ends_of_an_interval(ends, digits, written):
    assert interval(*ends, digits) == written


@pytest.mark.parametrize("missing", [None, math.nan])
def test_without_an_end_or_an_estimate_there_is_a_dash(missing):
    assert interval(missing, 0.5) == interval(0.5, missing) == "\u2013"
    assert percent_interval(missing, missing) == "\u2013"
    assert with_interval(missing, 0.1, 0.2) == "\u2013"
    assert with_interval(0.15, missing, missing) == "0.150 (\u2013)"


@pytest.mark.parametrize("value", [0.0, 0.5, 1.0])
def test_an_interval_without_width_is_no_certainty(value):
    assert interval(value, value) == "\u2013"
    assert with_interval(value, value, value) == f"{value:.3f} (\u2013)"
    undefined = Interval.of(value, value)
    assert undefined == Interval.of(None, value) == Interval.of(math.nan, value)
    assert undefined.above(-1) is None
    assert undefined.below(2) is None


def test_an_interval_lies_above_or_below_a_limit_or_neither():
    assert Interval.of(0.6, 0.7).above(0.5)
    assert Interval.of(0.3, 0.4).below(0.5)
    around = Interval.of(0.4, 0.6)
    assert around.above(0.5) is around.below(0.5) is False


def test_sentences_name_the_level_and_cells_need_not():
    assert with_interval(0.907, 0.837, 0.948, level=0.95) == (
        "0.907 (95% CI 0.837-0.948)"
    )
    assert with_interval(0.25, 0.125, 0.5, 1, scale=100) == "25.0 (12.5-50.0)"


@pytest.mark.parametrize(
    ("level", "words"), [(0.95, "95%"), (0.975, "97.5%"), (0.999, "99.9%")]
)
def test_a_level_has_all_its_digits(level, words):
    assert percent_of(level) == words
    assert ci(level) == f"{words} CI"
