"""Differences of two shares of the same nodes: an interval, and an exact test.

The interval is Tango's: all differences that a score test would not reject. It is the
counterpart of the uncorrected McNemar test, keeps within -1 and 1, and has a width
where no pair is discordant.
"""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from math import comb, erfc, sqrt

import numpy as np

from nodal_staging.estimates.proportions import normal_quantile
from nodal_staging.study.arrays import FloatArray, IntArray


def difference_interval(
    only_a: int, only_b: int, n: int, *, level: float
) -> tuple[float, float]:
    """Return the score interval of the difference of two paired shares, A less B.

    Parameters
    ----------
    only_a, only_b
        Pairs in which A alone, and B alone, has what is counted.
    n
        Number of pairs, concordant ones included.
    level
        Confidence level.

    References
    ----------
    Tango, Stat Med 1998;17:891.

    Examples
    --------
    >>> lower, upper = difference_interval(10, 2, 100, level=0.95)
    >>> round(lower, 3), round(upper, 3)
    (0.014, 0.158)
    """
    from scipy.optimize import brentq  # noqa: PLC0415

    limit = normal_quantile(level)
    estimate = (only_a - only_b) / n

    def beyond(delta: float, sign: int) -> float:
        return sign * _score(only_a, only_b, n, delta) - limit

    ends = []
    for bound, sign in ((-1.0, 1), (1.0, -1)):
        # At the bound itself the score is infinite, or the bound is the estimate.
        edge = bound * (1 - 1e-12)
        if abs(estimate - bound) < 1e-9 or beyond(edge, sign) < 0:
            ends.append(bound)
        else:
            ends.append(float(brentq(beyond, edge, estimate, args=(sign,), xtol=1e-13)))
    return ends[0], ends[1]


def sign_flip_p(per_patient: IntArray) -> float:
    """Return the exact two-sided p of a sum whose terms may have either sign.

    Parameters
    ----------
    per_patient
        Differences per patient ``(k,)``. With 1, 0 and -1 alone it is the exact
        McNemar test.

    Returns
    -------
    The probability that the sum is as far from 0 as it is, or farther, if each sign
    is plus or minus with probability 1/2; 1 where all differences are 0.

    Examples
    --------
    >>> round(sign_flip_p(np.array([1, 1, 1, 1, -1])), 3)
    0.375
    """
    # Importing scipy.stats takes a second, which few jobs need.
    from scipy.stats import binom  # noqa: PLC0415

    sizes = Counter(abs(int(value)) for value in per_patient if value)
    if not sizes:
        return 1.0
    # Sums are counted from their smallest, in steps of 2 (a sign turned adds 2 |d|).
    law: FloatArray = np.ones(1)
    for size, times in sorted(sizes.items()):
        turned = np.zeros(size * times + 1)
        turned[::size] = binom.pmf(np.arange(times + 1), times, 0.5)
        law = np.convolve(law, turned)
    total = len(law) - 1
    sums = 2 * np.arange(total + 1) - total
    observed = abs(int(per_patient.sum()))
    return min(1.0, float(law[np.abs(sums) >= observed].sum()))


def _score(only_a: int, only_b: int, n: int, delta: float) -> float:
    """Return Tango's statistic: how far the data are above a difference, in errors."""
    # Share of B alone under the constraint that the difference is delta.
    linear = -only_a - only_b + (2 * n - only_a + only_b) * delta
    constant = -only_b * delta * (1 - delta)
    share = (sqrt(max(linear**2 - 8 * n * constant, 0.0)) - linear) / (4 * n)
    variance = n * (2 * share + delta * (1 - delta))
    gap = only_a - only_b - n * delta
    if variance <= 0:
        return 0.0 if gap == 0 else float(np.sign(gap)) * np.inf
    return gap / sqrt(variance)


@dataclass(frozen=True, slots=True)
class Discordance:
    """How often one of two classifiers alone is right."""

    only_a: int
    only_b: int

    @property
    def total(self) -> int:
        """Number of discordant pairs."""
        return self.only_a + self.only_b


def p_uncorrected(pair: Discordance) -> float:
    """Return the chi-square p without correction; 1 without discordance."""
    difference = abs(pair.only_a - pair.only_b)
    return erfc(difference / sqrt(2 * pair.total)) if difference else 1.0


def p_clustered(per_patient: IntArray) -> float:
    """Return the chi-square p of differences per patient; 1 where all are 0.

    Parameters
    ----------
    per_patient
        Nodes that A alone has right less those that B alone has right ``(k,)``.
    """
    total = abs(int(per_patient.sum()))
    return erfc(total / sqrt(2 * int((per_patient**2).sum()))) if total else 1.0


def p_corrected(pair: Discordance) -> float:
    """Return the chi-square p with continuity correction; 1 without discordance.

    As R's ``mcnemar.test``, the correction is left out where both counts are equal.
    """
    difference = abs(pair.only_a - pair.only_b)
    if not difference:
        return 1.0
    # The upper tail of chi-square with one degree of freedom.
    return erfc((difference - 1) / sqrt(2 * pair.total))


def p_exact(pair: Discordance) -> float:
    """Return the two-sided binomial p; 1 without discordance.

    Examples
    --------
    >>> p_exact(Discordance(only_a=5, only_b=0))
    0.0625
    """
    smaller = min(pair.only_a, pair.only_b)
    ways = sum(_ways(pair.total, smaller))
    return min(1.0, 2 * ways / (1 << pair.total))


def p_mid(pair: Discordance) -> float:
    """Return the exact p less half the probability of what was seen, per tail.

    Without discordance nothing was seen, and p is 1.
    """
    if not pair.total:
        return 1.0
    seen = comb(pair.total, pair.only_a) / (1 << pair.total)
    if pair.only_a == pair.only_b:
        return 1 - seen / 2
    return p_exact(pair) - seen


def holm(p: FloatArray) -> FloatArray:
    """Adjust p values for their number by Holm's step-down method.

    Parameters
    ----------
    p
        ``(k,)``.

    Returns
    -------
    Adjusted values in the same order, at most 1.

    Examples
    --------
    >>> holm(np.array([0.01, 0.04, 0.03])).tolist()
    [0.03, 0.06, 0.06]
    """
    order = np.argsort(p, kind="stable")
    steps = np.arange(len(p), 0, -1) * p[order]
    adjusted = np.empty(len(p))
    adjusted[order] = np.minimum(np.maximum.accumulate(steps), 1)
    return adjusted


def _ways(total: int, most: int) -> Iterator[int]:
    """Count the ways to have 0, 1, ... ``most`` of ``total``, in exact integers."""
    ways = 1
    for chosen in range(most + 1):
        yield ways
        ways = ways * (total - chosen) // (chosen + 1)
