"""Which counts fit a printed cell, by exact integers."""

from collections.abc import Callable

import numpy as np

from nodal_staging.paper.recover_counts.printed import Cell, PublishedRow
from nodal_staging.study.arrays import BoolArray, IntArray

Pair = tuple[int, int]
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


def fits(row: PublishedRow, cell: Cell, rule: str) -> BoolArray:
    """Return which counts give the printed cell.

    Parameters
    ----------
    row, cell
        The cell and its row, which has the class sizes.
    rule
        A name of ``RULES``.

    Returns
    -------
    ``(n_positive + 1, n_negative + 1)``, by true positives and true negatives. A
    share that nothing divides fits no printed number.
    """
    if cell.target is not None:
        return _fits_at_target(row, cell, rule)
    numerator, denominator = ratio(cell.metric, row.n_positive, row.n_negative)
    rounded = RULES[rule](numerator * cell.scale, np.maximum(denominator, 1))
    return np.asarray((rounded == cell.printed) & (denominator > 0))


def ratio(metric: str, n_positive: int, n_negative: int) -> tuple[IntArray, IntArray]:
    """Return numerator and denominator of a metric for all counts.

    Parameters
    ----------
    metric
        One of ``printed.METRICS``; ``auc`` is the mean of sensitivity and
        specificity.
    n_positive, n_negative
        Class sizes.

    Returns
    -------
    Two arrays ``(n_positive + 1, n_negative + 1)``.
    """
    tp, tn = np.ogrid[: n_positive + 1, : n_negative + 1]
    tp, tn = tp.astype(np.int64), tn.astype(np.int64)
    fn, fp = n_positive - tp, n_negative - tn
    parts = {
        "accuracy": (tp + tn, n_positive + n_negative),
        "sensitivity": (tp, n_positive),
        "specificity": (tn, n_negative),
        "ppv": (tp, tp + fp),
        "npv": (tn, tn + fn),
        "f1": (2 * tp, 2 * tp + fp + fn),
        "auc": (tp * n_negative + tn * n_positive, 2 * n_positive * n_negative),
    }
    shape = (n_positive + 1, n_negative + 1)
    numerator, denominator = parts[metric]
    return (
        np.broadcast_to(np.asarray(numerator, np.int64), shape),
        np.broadcast_to(np.asarray(denominator, np.int64), shape),
    )


def points_at_target(
    row: PublishedRow, cell: Cell, rule: str, counts: Pair
) -> list[Pair]:
    """List the operating points at the target that the printed specificity allows.

    Parameters
    ----------
    row, cell, rule
        A cell ``specificity_at_<percent>`` and its row.
    counts
        True positives and true negatives of the row itself, on the same curve.
    """
    return [
        point
        for point in _candidates(row, cell, rule)
        if _on_one_curve(row, cell, point, *map(np.asarray, counts))
    ]


def _fits_at_target(row: PublishedRow, cell: Cell, rule: str) -> BoolArray:
    """Return the counts on whose curve some point attains the target as printed."""
    tp, tn = np.ogrid[: row.n_positive + 1, : row.n_negative + 1]
    found = np.zeros((row.n_positive + 1, row.n_negative + 1), bool)
    for point in _candidates(row, cell, rule):
        found |= _on_one_curve(row, cell, point, tp, tn)
    return found


def _candidates(row: PublishedRow, cell: Cell, rule: str) -> list[Pair]:
    """List points sensitive enough whose specificity rounds to the cell."""
    tn = np.arange(row.n_negative + 1, dtype=np.int64)
    size = np.full_like(tn, row.n_negative)
    specific = np.flatnonzero(RULES[rule](tn * cell.scale, size) == cell.printed)
    sensitive = range(_needed(row, cell), row.n_positive + 1)
    return [(s, int(t)) for s in sensitive for t in specific]


def _needed(row: PublishedRow, cell: Cell) -> int:
    """Return the fewest true positives that attain the target."""
    return -(-(cell.target or 0) * row.n_positive // 100)


def _on_one_curve(
    row: PublishedRow, cell: Cell, point: Pair, tp: IntArray, tn: IntArray
) -> BoolArray:
    """Tell which counts can lie on a curve with the point at the target.

    More sensitive is never more specific. The point is that of the highest threshold
    that attains the target: if the row attains it too, its threshold is no higher.
    Where the row maximises the Youden index, no point exceeds its own, and neither
    does calling all cases positive, or none.
    """
    s, t = point
    p, n = row.n_positive, row.n_negative
    beyond = (tp >= s) & (tn <= t)
    before = (tp < _needed(row, cell)) & (tn >= t)
    possible = beyond | before
    if row.youden:
        possible = possible & (max(s * n + t * p, p * n) <= tp * n + tn * p)
    return np.asarray(possible)
