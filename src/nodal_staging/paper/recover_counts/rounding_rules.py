"""Rounding rules, applied to quotients of integers without ever dividing."""

from collections.abc import Callable

import numpy as np
import numpy.typing as npt

IntArray = npt.NDArray[np.int64]
Rule = Callable[[IntArray, IntArray], IntArray]


def truncation(numerator: IntArray, denominator: IntArray) -> IntArray:
    """Drop what follows the last printed digit."""
    return numerator // denominator


def half_up(numerator: IntArray, denominator: IntArray) -> IntArray:
    """Round to the nearest, halves up, as taught at school."""
    return (2 * numerator + denominator) // (2 * denominator)


def half_even(numerator: IntArray, denominator: IntArray) -> IntArray:
    """Round to the nearest, halves to the even digit, as R and IEEE 754 do."""
    whole, rest = np.divmod(numerator, denominator)
    up = (2 * rest > denominator) | ((2 * rest == denominator) & (whole % 2 == 1))
    return np.asarray(whole + up, np.int64)


def ceiling(numerator: IntArray, denominator: IntArray) -> IntArray:
    """Round up whatever follows the last printed digit."""
    return -(-numerator // denominator)


RULES: dict[str, Rule] = {
    "half_up": half_up,
    "half_even": half_even,
    "truncation": truncation,
    "ceiling": ceiling,
}
"""By name; all take non-negative numerators and positive denominators."""
