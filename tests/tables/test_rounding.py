"""The one rounding rule."""

from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nodal_staging.tables.rounding import MISSING, half_up, p_value, percent, written


@given(st.integers(0, 200), st.integers(1, 200))
def test_percentages_as_in_decimal_arithmetic(numerator, denominator):
    exact = Decimal(100 * numerator) / Decimal(denominator)
    expected = exact.quantize(Decimal(1), rounding=ROUND_HALF_UP)
    assert percent(numerator, denominator) == str(expected)


@pytest.mark.parametrize(
    ("value", "digits", "text"),
    [
        (Fraction(1, 8), 2, "0.13"),
        (Fraction(5, 2), 0, "3"),
        (Fraction(-5, 2), 0, "\u22123"),
        (Fraction(-1, 1000), 1, "0.0"),
        (Fraction(1), 3, "1.000"),
        (0.045, 2, "0.04"),
        (1.005, 2, "1.00"),
        (0.9995, 3, "1.000"),
    ],
)
def test_halves_go_up_and_doubles_are_what_they_are(value, digits, text):
    """0.045 is a little less than 45 / 1000 in binary, 0.9995 a little more."""
    assert half_up(value, digits) == text


def test_shares_that_python_would_round_to_even():
    assert round(0.125 * 100) == 12
    assert percent(1, 8) == "13"
    assert percent(57, 65, 1) == "87.7"


def test_nothing_to_divide_by_is_a_dash():
    assert percent(0, 0) == MISSING


def test_settings_are_the_decimal_they_are_written_as():
    assert written(0.9) == Fraction(9, 10)
    assert half_up(100 * written(0.95), 0) == "95"


@pytest.mark.parametrize(
    ("p", "text"),
    [
        (0.00496, "0.005"),
        (0.001, "0.001"),
        (0.00099, "< 0.001"),
        (0.9990, "0.999"),
        (0.9996, "> 0.999"),
        (1.0, "> 0.999"),
        (float("nan"), MISSING),
    ],
)
def test_p_values_have_three_digits_and_are_never_0_or_1(p, text):
    assert p_value(p) == text
