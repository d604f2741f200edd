"""Power of McNemar's test, exactly: a binomial number of discordant pairs.

Of n nodes a share is discordant; of these, one classifier alone is right in the share
that the difference of accuracies demands. Given the number of discordant pairs, the
test rejects on both tails of a binomial distribution.

References
----------
Fagerland et al., BMC Med Res Methodol 2013;13:91. Miettinen, Biometrics 1968;24:339
(unconditional power).
"""

from functools import cache

import numpy as np
from scipy.special import betainc, ndtri

from nodal_staging.study.arrays import IntArray

TESTS = ("mid", "exact", "corrected")
MOST_NODES = 20_000
"""Of studies whose size is computed from the difference that they should detect."""

STANDARD_DEVIATIONS = 8
"""Beyond which numbers of discordant pairs weigh nothing."""

TOLERANCE = 1e-10


@cache
def critical_values(test: str, level: float, most: int) -> IntArray:
    """Return the largest smaller count that is significant, -1 if there is none.

    Parameters
    ----------
    test
        One of ``TESTS``.
    level
        Two-sided; p must be below it.
    most
        Discordant pairs.

    Returns
    -------
    By number of discordant pairs, ``(most + 1,)``.
    """
    # Importing scipy.stats takes a second, which readers of the tables do not need.
    from scipy.stats import binom  # noqa: PLC0415

    pairs = np.arange(most + 1)
    if test == "corrected":
        # |d| - 1 must exceed z standard deviations, d = pairs - 2 x smaller count.
        reach = (pairs - 1 + ndtri(level / 2) * np.sqrt(pairs)) / 2
        return np.asarray(np.maximum(np.ceil(reach) - 1, -1), np.int64)
    exact = np.asarray(binom.ppf(level / 2, pairs, 0.5), np.int64)
    exact -= 2 * binom.cdf(exact, pairs, 0.5) >= level
    if test == "exact":
        return exact
    further = exact + 1
    p = 2 * binom.cdf(further, pairs, 0.5) - binom.pmf(further, pairs, 0.5)
    return np.asarray(np.where((p < level) & (2 * further < pairs), further, exact))


def power(
    n: int, discordance: float, difference: float, test: str, level: float
) -> float:
    """Return the chance that McNemar's test is significant.

    Parameters
    ----------
    n
        Nodes.
    discordance
        Share of nodes that one classifier alone gets right, in (0, 1].
    difference
        Of the accuracies, from 0 to ``discordance``.
    test, level
        As for ``critical_values``.
    """
    from scipy.stats import binom  # noqa: PLC0415

    pairs = _likely(n, discordance)
    # One table serves many sizes.
    limits = critical_values(test, level, 1 << max(n.bit_length(), 10))[pairs]
    pairs, limits = pairs[limits >= 0], limits[limits >= 0]
    share = (1 + difference / discordance) / 2
    # The binomial distribution function as incomplete beta integrals: scipy's own
    # is ten times slower, most of it argument checks.
    rejected = betainc(pairs - limits, limits + 1, 1 - share)
    rejected += betainc(pairs - limits, limits + 1, share)
    return float(binom.pmf(pairs, n, discordance) @ rejected)


@cache
def detectable(
    n: int, discordance: float, test: str, level: float, *, target: float
) -> float | None:
    """Return the smallest difference of accuracies found with the target power.

    None where even classifiers that differ on one side only are not distinguished.
    """
    from scipy.optimize import brentq  # noqa: PLC0415

    def lacking(difference: float) -> float:
        return power(n, discordance, difference, test, level) - target

    if lacking(discordance) < 0:
        return None
    return float(brentq(lacking, 0.0, discordance, xtol=TOLERANCE))


@cache
def nodes_needed(
    difference: float, discordance: float, test: str, level: float, *, target: float
) -> int | None:
    """Return from how many nodes on a difference is found with the target power.

    Power rises with n but for steps of its discreteness: of the sizes around the
    first that suffices, the one after the last that does not is taken. None beyond
    ``MOST_NODES``.
    """

    def enough(n: int) -> bool:
        return power(n, discordance, difference, test, level) >= target

    high = 8
    while not enough(high):
        high *= 2
        if high > MOST_NODES:
            return None
    low = high // 2
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if enough(middle) else (middle, high)
    around = range(high - high // 20, min(high + high // 10, MOST_NODES) + 1)
    return max((n for n in around if not enough(n)), default=around.start - 1) + 1


def _likely(n: int, discordance: float) -> IntArray:
    """Return the numbers of discordant pairs that weigh anything."""
    mean = n * discordance
    reach = STANDARD_DEVIATIONS * np.sqrt(mean * (1 - discordance)) + 20
    low, high = max(0, int(mean - reach)), min(n, int(mean + reach) + 1)
    return np.arange(low, high + 1)
