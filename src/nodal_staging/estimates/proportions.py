"""Proportions of a two-by-two table, kept as the integer counts they are."""

from dataclasses import dataclass
from math import sqrt
from statistics import NormalDist

from nodal_staging.study.arrays import BoolArray


@dataclass(frozen=True, slots=True)
class Confusion:
    """Counts of nodes by status and decision."""

    tp: int
    fn: int
    tn: int
    fp: int

    def counts(self) -> dict[str, tuple[int, int]]:
        """Return numerator and denominator of each metric of Table 1."""
        return {
            "accuracy": (self.tp + self.tn, self.tp + self.fn + self.tn + self.fp),
            "sensitivity": (self.tp, self.tp + self.fn),
            "specificity": (self.tn, self.tn + self.fp),
            "ppv": (self.tp, self.tp + self.fp),
            "npv": (self.tn, self.tn + self.fn),
            "f1": (2 * self.tp, 2 * self.tp + self.fp + self.fn),
        }


def confusion(positive: BoolArray, called: BoolArray) -> Confusion:
    """Count nodes by status and decision, both ``(n,)``.

    Examples
    --------
    >>> import numpy as np
    >>> confusion(np.array([True, True, False]), np.array([True, False, False]))
    Confusion(tp=1, fn=1, tn=1, fp=0)
    """
    return Confusion(
        tp=int((positive & called).sum()),
        fn=int((positive & ~called).sum()),
        tn=int((~positive & ~called).sum()),
        fp=int((~positive & called).sum()),
    )


def proportion(numerator: int, denominator: int) -> float | None:
    """Divide, or return None where there is nothing to divide by."""
    return numerator / denominator if denominator else None


def wilson_interval(
    numerator: int, denominator: int, *, level: float
) -> tuple[float, float] | None:
    """Return the score interval of a proportion, None for a denominator of 0.

    Parameters
    ----------
    numerator, denominator
        Counts.
    level
        Confidence level, for example 0.95.

    References
    ----------
    Wilson, J Am Stat Assoc 1927;22:209, without continuity correction.

    Examples
    --------
    >>> lower, upper = wilson_interval(56, 65, level=0.95)
    >>> round(lower, 3), round(upper, 3)
    (0.757, 0.925)
    """
    if not denominator:
        return None
    lower, upper = score_interval(
        numerator / denominator, denominator, normal_quantile(level)
    )
    return (
        lower if numerator else 0.0,
        upper if numerator < denominator else 1.0,
    )


def unanimous_bound(units: int, level: float) -> float:
    """Return how low a share may be of which all independent units have been seen.

    Parameters
    ----------
    units
        Independent units, all of them successes; at least 1.
    level
        Of the two-sided interval, of which this is the lower end; the upper one is 1.

    References
    ----------
    Clopper and Pearson, Biometrika 1934;26:404, for n of n.

    Examples
    --------
    >>> round(unanimous_bound(30, 0.95), 3)
    0.884
    """
    return float(((1 - level) / 2) ** (1 / units))


def score_interval(share: float, n: float, errors: float) -> tuple[float, float]:
    """Return the shares from which one is no more than some standard errors away.

    Parameters
    ----------
    share, n
        Observed share, and of how many.
    errors
        Half-width in standard errors.
    """
    squared = errors * errors
    centre = share + squared / (2 * n)
    half = errors * sqrt(share * (1 - share) / n + squared / (4 * n * n))
    scale = 1 + squared / n
    return (centre - half) / scale, (centre + half) / scale


def normal_quantile(level: float) -> float:
    """Return the half-width of a two-sided interval in standard errors."""
    return NormalDist().inv_cdf((1 + level) / 2)


def binary_auc(counts: Confusion) -> float:
    """Return the area under a curve of one point: mean of the two class rates.

    In a set of equal halves it equals the accuracy. It is what a reader who only
    says yes or no can be compared by.
    """
    sensitivity = counts.tp / (counts.tp + counts.fn)
    specificity = counts.tn / (counts.tn + counts.fp)
    return (sensitivity + specificity) / 2


def predictive_values(
    counts: Confusion, prevalence: float
) -> tuple[float | None, float | None]:
    """Transfer PPV and NPV to another prevalence by Bayes' theorem.

    Parameters
    ----------
    counts
        From which sensitivity and specificity are taken.
    prevalence
        Share of positive nodes where the classifier is to be used.

    Returns
    -------
    PPV and NPV; None where no node is called that way.

    Examples
    --------
    >>> counts = Confusion(tp=9, fn=1, tn=8, fp=2)
    >>> [round(value, 3) for value in predictive_values(counts, 0.1)]
    [0.333, 0.986]
    """
    sensitivity = counts.tp / (counts.tp + counts.fn)
    specificity = counts.tn / (counts.tn + counts.fp)
    true_positive = sensitivity * prevalence
    false_positive = (1 - specificity) * (1 - prevalence)
    true_negative = specificity * (1 - prevalence)
    false_negative = (1 - sensitivity) * prevalence
    return (
        _share(true_positive, false_positive),
        _share(true_negative, false_negative),
    )


def _share(part: float, rest: float) -> float | None:
    """Return part / (part + rest), or None where both are 0."""
    whole = part + rest
    return part / whole if whole > 0 else None
