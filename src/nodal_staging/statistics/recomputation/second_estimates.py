"""Second formulae of areas, shares, tests and fits: ranks, loops and SciPy.

Nothing here is shared with ``estimates``; where SciPy has a function for it, that is
the second implementation.

References
----------
DeLong et al., Biometrics 1988;44:837. Obuchowski, Biometrics 1997;53:567. Tango, Stat
Med 1998;17:891. Satterthwaite, Biometrics Bull 1946;2:110.
"""

from dataclasses import dataclass
from itertools import pairwise
from math import log, sqrt

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy import integrate, optimize, stats

FloatArray = npt.NDArray[np.float64]
BoolArray = npt.NDArray[np.bool_]
TextArray = npt.NDArray[np.str_]

NO_VARIANCE = 1e-15


@dataclass(frozen=True, eq=False)
class Placed:
    """The structural components of some scores: one for each node of either class.

    Attributes
    ----------
    of_positive, of_negative
        ``(k, m)`` and ``(k, n)`` for k scores.
    positive_patient, negative_patient
        Patient of each of these nodes.
    """

    of_positive: FloatArray
    of_negative: FloatArray
    positive_patient: TextArray
    negative_patient: TextArray

    @classmethod
    def of(
        cls, scores: FloatArray, positive: BoolArray, patient: TextArray
    ) -> "Placed":
        """Place scores ``(k, n)`` by their ranks in all and within their class."""
        m, n = int(positive.sum()), int((~positive).sum())
        above, below = [], []
        for score in np.atleast_2d(scores):
            ranks = stats.rankdata(score)
            above.append((ranks[positive] - stats.rankdata(score[positive])) / n)
            inside = stats.rankdata(score[~positive])
            below.append(1 - (ranks[~positive] - inside) / m)
        return cls(
            np.array(above), np.array(below), patient[positive], patient[~positive]
        )

    @property
    def areas(self) -> FloatArray:
        """The AUCs ``(k,)``."""
        return np.asarray(self.of_positive.mean(axis=1))

    @property
    def pairs(self) -> int:
        """How many pairs of patients there are, one of each class, none twice."""
        positive, negative = set(self.positive_patient), set(self.negative_patient)
        both = len(positive & negative)
        alone = len(positive - negative), len(negative - positive)
        return max(min(alone[0] + k, alone[1] + both - k) for k in range(both + 1))

    def weighted(self, weights: npt.ArrayLike) -> "Placed":
        """Return a weighted sum of the scores' components, as one score."""
        w = np.atleast_2d(np.asarray(weights, float))
        return Placed(
            w @ self.of_positive,
            w @ self.of_negative,
            self.positive_patient,
            self.negative_patient,
        )

    def by_node(self) -> FloatArray:
        """Return DeLong's covariance ``(k, k)``."""
        return np.asarray(
            np.atleast_2d(np.cov(self.of_positive)) / self.of_positive.shape[1]
            + np.atleast_2d(np.cov(self.of_negative)) / self.of_negative.shape[1]
        )

    def by_patient(self) -> tuple[FloatArray, FloatArray]:
        """Return Obuchowski's covariance ``(k, k)`` and its degrees of freedom."""
        areas = self.areas[:, None]
        cases = pd.DataFrame((self.of_positive - areas).T / self.of_positive.shape[1])
        controls = pd.DataFrame(
            (self.of_negative - areas).T / self.of_negative.shape[1]
        )
        ten = cases.groupby(self.positive_patient).sum()
        one = controls.groupby(self.negative_patient).sum()
        i, j = len(ten), len(one)
        first = i / (i - 1) * ten.to_numpy().T @ ten.to_numpy()
        second = j / (j - 1) * one.to_numpy().T @ one.to_numpy()
        everyone = ten.index.union(one.index)
        shared = (
            ten.reindex(everyone, fill_value=0).to_numpy().T
            @ one.reindex(everyone, fill_value=0).to_numpy()
        )
        both = len(everyone) / (len(everyone) - 1) * (shared + shared.T)
        below = np.diag(first) ** 2 / (i - 1) + np.diag(second) ** 2 / (j - 1)
        with np.errstate(divide="ignore", invalid="ignore"):
            freedom = (np.diag(first) + np.diag(second)) ** 2 / below
        return np.asarray(first + second + both), np.asarray(freedom)


def clustered_error(placed: Placed) -> tuple[float, str]:
    """Return the error of one area over patients, and whose variance it is."""
    variance = float(placed.by_patient()[0][0, 0])
    if variance < NO_VARIANCE:
        return sqrt(max(float(placed.by_node()[0, 0]), 0.0)), "delong"
    return sqrt(variance), "obuchowski"


def logit_ends(placed: Placed, level: float) -> tuple[float, float]:
    """Return the interval of one area over patients, on the logit scale."""
    area = float(placed.areas[0])
    if area <= 0 or area >= 1:
        bound = exact_bound(placed.pairs, level)
        return (bound, 1.0) if area >= 1 else (0.0, 1 - bound)
    freedom = max(placed.pairs - 1, 1)
    error = clustered_error(placed)[0] / (area * (1 - area))
    reach = float(stats.t.ppf((1 + level) / 2, freedom)) * error
    centre = log(area / (1 - area))
    return tuple(float(stats.logistic.cdf(centre + s * reach)) for s in (-1, 1))  # type: ignore[return-value]


def delong_ends(placed: Placed, level: float) -> tuple[float, float, float]:
    """Return DeLong's error of one area and its interval within [0, 1]."""
    error = sqrt(max(float(placed.by_node()[0, 0]), 0.0))
    reach = float(stats.norm.ppf((1 + level) / 2)) * error
    area = float(placed.areas[0])
    return error, max(area - reach, 0.0), min(area + reach, 1.0)


def exact_bound(units: int, level: float) -> float:
    """Return the lower end of Clopper and Pearson's interval of n of n."""
    return float(stats.binomtest(units, units).proportion_ci(level, "exact").low)


def wilson(part: int, whole: int, level: float) -> tuple[float, float]:
    """Return SciPy's Wilson interval of a share."""
    found = stats.binomtest(int(part), int(whole)).proportion_ci(level, "wilson")
    return float(found.low), float(found.high)


def score_ends(share: float, n: float, level: float) -> tuple[float, float]:
    """Return the shares p with (share - p)^2 n = z^2 p (1 - p), in [0, 1]."""
    squared = float(stats.norm.ppf((1 + level) / 2)) ** 2
    roots = np.roots([n + squared, -(2 * n * share + squared), n * share**2])
    low, high = sorted(float(np.real(root)) for root in roots)
    return max(low, 0.0), min(high, 1.0)


@dataclass(frozen=True)
class Choice:
    """The thresholds of the largest Youden index."""

    tied: list[float]
    tie_rule: str

    @property
    def value(self) -> float:
        """The one that the rule takes."""
        return self.tied[-1] if self.tie_rule == "highest" else self.tied[0]


def youden(score: FloatArray, positive: BoolArray, tie_rule: str) -> Choice:
    """Count at every cut; take those with most true calls, classes weighed alike."""
    values = sorted(set(map(float, score)))
    cuts = [values[0]]
    for low, high in pairwise(values):
        middle = low / 2 + high / 2
        cuts.append(middle if middle > low else high)
    cuts.append(float(np.nextafter(values[-1], np.inf)))
    cases, controls = np.sort(score[positive]), np.sort(score[~positive])
    m, n = len(cases), len(controls)
    index = [
        (m - int(np.sum(cases < cut))) * n + int(np.sum(controls < cut)) * m
        for cut in cuts
    ]
    best = max(index)
    tied = [cut for cut, one in zip(cuts, index, strict=True) if one == best]
    return Choice(tied, tie_rule)


def mcnemar(only_a: int, only_b: int) -> dict[str, float]:
    """Return the four p values of discordant counts, from SciPy's distributions."""
    total, apart = only_a + only_b, abs(only_a - only_b)
    if not total:
        return dict.fromkeys(("p_uncorrected", "p_corrected", "p_exact", "p_mid"), 1.0)
    exact = float(stats.binomtest(only_a, total, 0.5).pvalue)
    seen = float(stats.binom.pmf(only_a, total, 0.5))
    return {
        "p_uncorrected": float(stats.chi2.sf(apart**2 / total, 1)),
        "p_corrected": float(stats.chi2.sf((apart - 1) ** 2 / total, 1))
        if apart
        else 1.0,
        "p_exact": exact,
        "p_mid": 1 - seen / 2 if not apart else exact - seen,
    }


def sign_flips(gains: npt.NDArray[np.int64]) -> float:
    """Count, in whole numbers, the signs that give a sum as far from 0."""
    ways = {0: 1}
    for size in map(abs, map(int, gains)):
        if size:
            following: dict[int, int] = {}
            for total, times in ways.items():
                for sign in (-size, size):
                    following[total + sign] = following.get(total + sign, 0) + times
            ways = following
    observed = abs(int(gains.sum()))
    far = sum(times for total, times in ways.items() if abs(total) >= observed)
    return far / sum(ways.values())


def tango_score(only_a: int, only_b: int, n: int, delta: float) -> float:
    """Return how far the counts are from a difference of shares, in standard errors.

    The share of B alone is found by maximising the likelihood, not by its formula.
    """
    low, high = max(0.0, -delta), (1 - delta) / 2

    def lost(share: float) -> float:
        parts = (share + delta, share, 1 - 2 * share - delta)
        counts = (only_a, only_b, n - only_a - only_b)
        return -sum(
            times * log(max(part, 1e-300))
            for times, part in zip(counts, parts, strict=True)
            if times
        )

    found = optimize.minimize_scalar(
        lost, bounds=(low, high), method="bounded", options={"xatol": 1e-13}
    )
    candidates = [float(found.x), low, high]
    share = min(candidates, key=lost)
    variance = n * (2 * share + delta * (1 - delta))
    gap = only_a - only_b - n * delta
    return float(gap / sqrt(variance)) if variance > 0 else float("inf") * np.sign(gap)


def holm(p: FloatArray) -> FloatArray:
    """Adjust p values by Holm's method, step by step."""
    adjusted, highest = np.empty(len(p)), 0.0
    for step, place in enumerate(sorted(range(len(p)), key=lambda one: p[one])):
        highest = max(highest, min(1.0, (len(p) - step) * float(p[place])))
        adjusted[place] = highest
    return adjusted


def two_sided(estimate: float, error: float, freedom: float) -> float:
    """Return the p of an estimate, by Student's t or the normal law (infinity)."""
    law = stats.norm if np.isinf(freedom) else stats.t(freedom)
    return float(2 * law.sf(abs(estimate) / error))


def wald(
    estimate: float, error: float, level: float, freedom: float
) -> tuple[float, float]:
    """Return the interval of an estimate, by Student's t or the normal law."""
    law = stats.norm if np.isinf(freedom) else stats.t(freedom)
    reach = float(law.ppf((1 + level) / 2)) * error
    return estimate - reach, estimate + reach


def logistic_fit(
    columns: FloatArray,
    positive: BoolArray,
    weight: FloatArray,
    offset: FloatArray,
    patient: TextArray,
) -> tuple[FloatArray, FloatArray]:
    """Solve the score equations of a logistic regression; errors over patients.

    Parameters
    ----------
    columns
        ``(n, k)``, the first of ones.
    positive, weight, offset, patient
        ``(n,)``.

    Returns
    -------
    Coefficients and standard errors ``(k,)``.
    """
    scale = np.maximum(np.abs(columns).max(axis=0), 1e-300)
    design = columns / scale

    def rest(beta: FloatArray) -> FloatArray:
        chance = stats.logistic.cdf(offset + design @ beta)
        return np.asarray(design.T @ (weight * (positive - chance)))

    def slope(beta: FloatArray) -> FloatArray:
        density = stats.logistic.pdf(offset + design @ beta)
        return np.asarray(-(design.T * (weight * density)) @ design)

    start = np.zeros(design.shape[1])
    found = optimize.root(rest, start, jac=slope, method="hybr", tol=1e-14)
    beta = np.asarray(found.x, float)
    chance = stats.logistic.cdf(offset + design @ beta)
    parts = pd.DataFrame(design * (weight * (positive - chance))[:, None])
    summed = parts.groupby(patient).sum().to_numpy()
    units = len(summed)
    bread = np.linalg.inv(-slope(beta))
    covariance = bread @ (summed.T @ summed) @ bread * units / (units - 1)
    return beta / scale, np.sqrt(np.diag(covariance)) / scale


def kappa(counts: FloatArray, weight: FloatArray) -> float:
    """Return kappa of a table of two readers' ratings, weights of disagreement."""
    shares = counts / counts.sum()
    chance = np.outer(shares.sum(axis=1), shares.sum(axis=0))
    expected = float((weight * chance).sum())
    return 1 - float((weight * shares).sum()) / expected if expected else float("nan")


def mcnemar_power(
    n: int, discordance: float, difference: float, limits: "Limits"
) -> float:
    """Return the chance that McNemar's test is significant, over all counts."""
    pairs = np.arange(n + 1)
    share = (1 + difference / discordance) / 2
    most = limits.of(n)
    rejected = stats.binom.cdf(most, pairs, 1 - share)
    rejected = rejected + stats.binom.cdf(most, pairs, share)
    return float(stats.binom.pmf(pairs, n, discordance) @ rejected)


@dataclass
class Limits:
    """The largest smaller count at which a test is significant, -1 where there is none.

    Attributes
    ----------
    test, level
        ``exact``, ``mid`` or ``corrected``, and its level.
    """

    test: str
    level: float
    known: npt.NDArray[np.int64] | None = None

    def of(self, n: int) -> npt.NDArray[np.int64]:
        """Return the limits of 0 to n discordant pairs ``(n + 1,)``."""
        if self.known is None or len(self.known) <= n:
            self.known = self._found(np.arange(2 * n + 1))
        return self.known[: n + 1]

    def _found(self, pairs: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
        """Try the counts around the quantile of the level, largest first."""
        around = stats.binom.ppf(self.level / 2, pairs, 0.5).astype(np.int64)
        found = np.full(len(pairs), -1, np.int64)
        for step in range(4, -5, -1):
            smaller = around + step
            usable = (found < 0) & (smaller >= 0) & (2 * smaller < pairs)
            p = self._p(smaller, pairs)
            found = np.where(usable & (p < self.level), smaller, found)
        return found

    def _p(
        self, smaller: npt.NDArray[np.int64], pairs: npt.NDArray[np.int64]
    ) -> FloatArray:
        if self.test == "corrected":
            apart = np.maximum(pairs - 2 * smaller - 1, 0)
            return np.asarray(stats.chi2.sf(apart**2 / np.maximum(pairs, 1), 1))
        exact = 2 * stats.binom.cdf(smaller, pairs, 0.5)
        if self.test == "exact":
            return np.asarray(exact)
        return np.asarray(exact - stats.binom.pmf(smaller, pairs, 0.5))


def expected_auc_error(area: float, m: int, n: int, model: str) -> float:
    """Return the error to be expected of an AUC of independent nodes."""
    if model == "binormal":
        cut = float(stats.norm.ppf(area))

        def both_below(common: float) -> float:
            own = (cut - sqrt(0.5) * common) / sqrt(0.5)
            return float(stats.norm.pdf(common) * stats.norm.cdf(own) ** 2)

        first = second = float(integrate.quad(both_below, -10, 10, epsabs=1e-13)[0])
    else:
        first, second = area / (2 - area), 2 * area**2 / (1 + area)
    spread = area * (1 - area)
    spread += (m - 1) * (first - area**2) + (n - 1) * (second - area**2)
    return sqrt(spread / (m * n))
