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
from math import comb, erfc, sqrt

from nodal_staging.mcnemar import Discordance, p_corrected, p_exact, p_mid
from nodal_staging.recover_counts.fits import Pair

Block = dict[str, object]
Sizes = tuple[int, int]
"""Numbers of positive and negative cases."""


def p_uncorrected(pair: Discordance) -> float:
    """Return the chi-square p without continuity correction; 1 without discordance."""
    if not pair.total:
        return 1.0
    return erfc(abs(pair.only_a - pair.only_b) / sqrt(2 * pair.total))


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
    """How many cases A and B can both get wrong in a class; what each gets wrong."""

    a: int
    b: int
    low: int
    high: int

    @classmethod
    def of(cls, a: int, b: int, n: int) -> "Range":
        """Bound the overlap of a and b errors among n cases."""
        return cls(a, b, max(0, a + b - n), min(a, b))

    def discordances(self) -> Iterator[Discordance]:
        """Yield all discordances of the class."""
        for both in range(self.low, self.high + 1):
            yield Discordance(only_a=self.b - both, only_b=self.a - both)


def discordances(a: Pair, b: Pair, sizes: Sizes, scope: str) -> set[Discordance]:
    """Return every discordance that two classifiers with given counts can have.

    Parameters
    ----------
    a, b
        True positives and true negatives.
    sizes
        Of the classes.
    scope
        One of ``SCOPES``.
    """
    positives, negatives = (
        Range.of(n - mine, n - theirs, n)
        for mine, theirs, n in zip(a, b, sizes, strict=True)
    )
    if scope == "positives":
        return set(positives.discordances())
    if scope == "negatives":
        return set(negatives.discordances())
    # A alone calls a negative case positive where B alone is right.
    return {
        Discordance(one.only_a + two.only_a, one.only_b + two.only_b)
        if scope == "all"
        else Discordance(one.only_a + two.only_b, one.only_b + two.only_a)
        for one, two in product(positives.discordances(), negatives.discordances())
    }


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
        for a, b in product(counts_a, counts_b)
        for discordance in discordances(a, b, sizes, scope)
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
        _weighted(Range.of(n - mine, n - theirs, n), n)
        for mine, theirs, n in zip(a, b, sizes, strict=True)
    ]
    chance = Fraction()
    for (one, weight_one), (two, weight_two) in product(*weighted):
        pair = Discordance(one.only_a + two.only_a, one.only_b + two.only_b)
        if TESTS[test](pair) >= significance:
            chance += weight_one * weight_two
    return float(chance)


def _weighted(errors: Range, n: int) -> list[tuple[Discordance, Fraction]]:
    """Return the discordances of a class with their chance under independence."""
    return [
        (
            Discordance(errors.b - both, errors.a - both),
            Fraction(
                comb(errors.a, both) * comb(n - errors.a, errors.b - both),
                comb(n, errors.b),
            ),
        )
        for both in range(errors.low, errors.high + 1)
    ]


def _verdict(spared: int, possible: int) -> str:
    """Say whether significance is certain."""
    if not spared:
        return "always"
    return "never" if spared == possible else "perhaps"
