"""What the counts of two classifiers say of McNemar's test between them.

The counts fix how many errors each makes in each class, hence the difference of
discordant cases; the cases that both get wrong are unknown, hence a range of
discordant cases and of p values. Within a class of n cases, of which A gets a wrong
and B gets b, from max(0, a + b - n) to min(a, b) are wrong in both.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import product
from math import comb

from nodal_staging.estimates.paired_tests import (
    Discordance,
    p_corrected,
    p_exact,
    p_mid,
    p_uncorrected,
)
from nodal_staging.paper.recover_counts.fits import Pair

Block = dict[str, object]
Sizes = tuple[int, int]
"""Numbers of positive and negative cases."""

TESTS: dict[str, Callable[[Discordance], float]] = {
    "corrected": p_corrected,
    "exact": p_exact,
    "mid": p_mid,
    "uncorrected": p_uncorrected,
}
SCOPES = ("all", "positives", "negatives", "calls")
"""Errors among all cases or one class; ``calls`` compares who is called positive."""


@dataclass(frozen=True, slots=True)
class Range:
    """What is known of the discordant cases of two classifiers.

    Attributes
    ----------
    difference
        Cases that A alone gets right less those that B alone does.
    low, high
        Fewest and most discordant cases; every second number between is possible.
    """

    difference: int
    low: int
    high: int

    @classmethod
    def of(cls, a: int, b: int, n: int) -> "Range":
        """Bound the discordance of a and b errors among n cases."""
        both = a + b
        return cls(b - a, abs(a - b), min(both, 2 * n - both))

    def discordances(self) -> Iterator[Discordance]:
        """Yield all that are possible."""
        for total in range(self.low, self.high + 1, 2):
            only_a = (total + self.difference) // 2
            yield Discordance(only_a, total - only_a)


def ranges(
    counts_a: Sequence[Pair], counts_b: Sequence[Pair], sizes: Sizes, scope: str
) -> set[Range]:
    """Return what two classifiers can have between them.

    Parameters
    ----------
    counts_a, counts_b
        True positives and true negatives that each can have.
    sizes
        Of the classes.
    scope
        One of ``SCOPES``.
    """
    return {
        _in_scope(
            Range.of(sizes[0] - a[0], sizes[0] - b[0], sizes[0]),
            Range.of(sizes[1] - a[1], sizes[1] - b[1], sizes[1]),
            scope,
        )
        for a, b in product(counts_a, counts_b)
    }


def _in_scope(positives: Range, negatives: Range, scope: str) -> Range:
    """Choose a class, or add both; the overlaps of the classes are independent."""
    if scope == "positives":
        return positives
    if scope == "negatives":
        return negatives
    # A alone calls a negative case positive where B alone is right.
    sign = -1 if scope == "calls" else 1
    return Range(
        positives.difference + sign * negatives.difference,
        positives.low + negatives.low,
        positives.high + negatives.high,
    )


def bounds(
    counts_a: Sequence[Pair],
    counts_b: Sequence[Pair],
    sizes: Sizes,
    *,
    scope: str,
    significance: float,
) -> Block:
    """Bound discordance and p over all counts that two rows can have.

    Returns
    -------
    ``difference_min`` and ``_max`` (cases that A alone gets right less those that B
    alone does; for ``calls``: that A alone calls positive), ``discordant_min`` and
    ``_max``, and for each test ``p_<test>_min`` and ``_max``, ``<test>``: whether it
    is significant ``always``, ``never`` or ``perhaps``, and
    ``<test>_spared_from``: the fewest discordant cases at which it is not, or None.
    """
    possible = {
        discordance
        for known in ranges(counts_a, counts_b, sizes, scope)
        for discordance in known.discordances()
    }
    differences = [pair.only_a - pair.only_b for pair in possible]
    totals = [pair.total for pair in possible]
    found: Block = {
        "difference_min": min(differences),
        "difference_max": max(differences),
        "discordant_min": min(totals),
        "discordant_max": max(totals),
    }
    for name, test in TESTS.items():
        p = {pair: test(pair) for pair in possible}
        spared = [pair.total for pair, value in p.items() if value >= significance]
        found |= {
            f"p_{name}_min": min(p.values()),
            f"p_{name}_max": max(p.values()),
            name: _verdict(len(spared), len(p)),
            f"{name}_spared_from": min(spared) if spared else None,
        }
    return found


def chance_not_significant(
    a: Pair, b: Pair, sizes: Sizes, *, test: str, significance: float
) -> float:
    """Return the chance of p >= significance if errors fall independently.

    The errors that both make within a class are hypergeometric.

    Parameters
    ----------
    a, b, sizes
        Counts of both classifiers and class sizes.
    test
        A name of ``TESTS``, on all cases.
    significance
        Level.
    """
    weighted = [
        _weighted(n - mine, n - theirs, n)
        for mine, theirs, n in zip(a, b, sizes, strict=True)
    ]
    chance = Fraction()
    for (one, weight_one), (two, weight_two) in product(*weighted):
        pair = Discordance(one.only_a + two.only_a, one.only_b + two.only_b)
        if TESTS[test](pair) >= significance:
            chance += weight_one * weight_two
    return float(chance)


def _weighted(a: int, b: int, n: int) -> list[tuple[Discordance, Fraction]]:
    """Return the discordances of a class with their chance under independence."""
    return [
        (
            Discordance(b - both, a - both),
            Fraction(comb(a, both) * comb(n - a, b - both), comb(n, b)),
        )
        for both in range(max(0, a + b - n), min(a, b) + 1)
    ]


def _verdict(spared: int, possible: int) -> str:
    """Say whether significance is certain."""
    if not spared:
        return "always"
    return "never" if spared == possible else "perhaps"
