"""Operating points of the empirical ROC curve, decided on integer counts.

56/65 + 60/65 and 59/65 + 57/65 are equal, but not as floating-point numbers: a
maximum taken over their sums drops one of two tied thresholds silently. Hence every
comparison in this module is one of integers.
"""

from dataclasses import dataclass
from fractions import Fraction
from typing import Literal

import numpy as np

from nodal_staging.study.arrays import BoolArray, FloatArray, IntArray

TieRule = Literal["lowest", "highest"]


@dataclass(frozen=True, slots=True, eq=False)
class Curve:
    """All operating points, thresholds ascending; arrays ``(k + 1,)`` for k values.

    Attributes
    ----------
    thresholds
        A node is called positive if ``score >= threshold``. Midpoints of
        neighbouring scores; the first is the lowest score, at which every node is
        called positive, the last lies just above the highest.
    true_positives, true_negatives
        Counts at each threshold.
    """

    thresholds: FloatArray
    true_positives: IntArray
    true_negatives: IntArray

    @property
    def positives(self) -> int:
        """Number of positive nodes."""
        return int(self.true_positives[0])

    @property
    def negatives(self) -> int:
        """Number of negative nodes."""
        return int(self.true_negatives[-1])

    @property
    def sensitivities(self) -> FloatArray:
        """Share of positive nodes that are called positive."""
        return self.true_positives / self.positives

    @property
    def specificities(self) -> FloatArray:
        """Share of negative nodes that are called negative."""
        return self.true_negatives / self.negatives


@dataclass(frozen=True, slots=True)
class YoudenChoice:
    """The threshold of the largest Youden index, and all that tie with it."""

    threshold: float
    tied: tuple[float, ...]


def empirical_curve(score: FloatArray, positive: BoolArray) -> Curve:
    """Count true positives and true negatives at every threshold.

    Parameters
    ----------
    score, positive
        Finite scores and status, ``(n,)``, both classes present.

    Examples
    --------
    >>> score, positive = np.array([0.1, 0.4, 0.8]), np.array([False, True, True])
    >>> empirical_curve(score, positive).sensitivities.tolist()
    [1.0, 1.0, 0.5, 0.0]
    """
    values, place = np.unique(score, return_inverse=True)
    positives = np.bincount(place[positive], minlength=len(values))
    negatives = np.bincount(place[~positive], minlength=len(values))
    below = [np.concatenate([[0], np.cumsum(c)]) for c in (positives, negatives)]
    return Curve(_cuts(values), positives.sum() - below[0], below[1])


def youden_choice(curve: Curve, tie_rule: TieRule) -> YoudenChoice:
    """Choose the threshold with the largest sensitivity + specificity - 1.

    Parameters
    ----------
    curve
        Of the nodes on which the threshold is chosen.
    tie_rule
        Among exact ties take the ``lowest`` threshold, which is the most sensitive,
        or the ``highest``, which is the most specific.

    References
    ----------
    Youden, Cancer 1950;3:32.

    Examples
    --------
    >>> score, positive = np.array([0.1, 0.4, 0.8]), np.array([False, True, True])
    >>> youden_choice(empirical_curve(score, positive), "lowest").threshold
    0.25
    """
    index = (
        curve.true_positives * curve.negatives + curve.true_negatives * curve.positives
    )
    tied = curve.thresholds[index == index.max()]
    chosen = tied[0] if tie_rule == "lowest" else tied[-1]
    return YoudenChoice(float(chosen), tuple(map(float, tied)))


def attained(curve: Curve, target: float) -> int:
    """Return the index of the highest threshold whose sensitivity is >= target.

    Parameters
    ----------
    curve
        Operating points.
    target
        Sensitivity in (0, 1], taken as the decimal number that it is written as.
    """
    exact = Fraction(str(target))
    enough = (
        curve.true_positives * exact.denominator >= exact.numerator * curve.positives
    )
    return int(np.flatnonzero(enough)[-1])


def interpolated_specificity(curve: Curve, target: float) -> float:
    """Return the specificity at a sensitivity, linear between operating points.

    A sensitivity that is attained gives its most specific point. No threshold
    belongs to a value between two points.
    """
    above = attained(curve, target)
    high, low = curve.sensitivities[above], curve.sensitivities[above + 1]
    weight = (high - target) / (high - low)
    specific = curve.specificities
    return float(specific[above] + weight * (specific[above + 1] - specific[above]))


def _cuts(values: FloatArray) -> FloatArray:
    """Place thresholds between ascending distinct values and at both ends."""
    middle = values[:-1] / 2 + values[1:] / 2
    # Between neighbouring floating-point numbers there is no middle.
    middle = np.where(middle > values[:-1], middle, values[1:])
    return np.concatenate([values[:1], middle, [np.nextafter(values[-1], np.inf)]])
