"""What errors of the reference test do to AUC, sensitivity and specificity.

The reference, here PET, calls nodes positive with a known sensitivity and specificity.
If its errors are independent of the classifier given the true status, every observed
quantity is a known function of the true one, and can be turned around. Bounds without
that assumption are given as well. Sampling positives and negatives of the reference in
other shares, as a balanced test set does, changes neither.

References
----------
Gart and Buck, Am J Epidemiol 1966;83:593. Staquet et al., J Chronic Dis 1981;34:599.
Fréchet, Ann Univ Lyon A 1951;14:53 (bounds of a joint probability).
"""

from dataclasses import dataclass
from typing import Self

import numpy as np
import numpy.typing as npt

from nodal_staging.study.arrays import BoolArray, FloatArray


@dataclass(frozen=True, slots=True, eq=False)
class Reference:
    """The test that labels the nodes; arrays of one shape, often of one number.

    Attributes
    ----------
    sensitivity, specificity
        Against the true status; they add up to more than 1.
    share
        Nodes that it calls positive where nothing is balanced, a fraction.
    """

    sensitivity: FloatArray
    specificity: FloatArray
    share: FloatArray

    @classmethod
    def of(
        cls,
        sensitivity: npt.ArrayLike,
        specificity: npt.ArrayLike,
        share: npt.ArrayLike,
    ) -> Self:
        """Take numbers or arrays; shares that the test cannot produce become NaN.

        A test calls at least its false alarms among healthy nodes positive, and at
        most what it finds among nodes that are all infiltrated.
        """
        hit, passed, called = np.broadcast_arrays(
            *(np.asarray(one, float) for one in (sensitivity, specificity, share))
        )
        possible = (called > 1 - passed) & (called < hit)
        return cls(hit, passed, np.where(possible, called, np.nan))

    @property
    def youden(self) -> FloatArray:
        """Sensitivity + specificity - 1."""
        return np.asarray(self.sensitivity + self.specificity - 1)

    @property
    def prevalence(self) -> FloatArray:
        """Share of nodes that are truly positive."""
        return _fraction((self.share - 1 + self.specificity) / self.youden)

    @property
    def in_positive(self) -> FloatArray:
        """Share of truly positive nodes among those called positive."""
        return _fraction(self.prevalence * self.sensitivity / self.share)

    @property
    def in_negative(self) -> FloatArray:
        """Share of truly positive nodes among those called negative."""
        return _fraction(self.prevalence * (1 - self.sensitivity) / (1 - self.share))

    @property
    def separation(self) -> FloatArray:
        """What is left of the distance of an AUC from a half; 1 without errors."""
        return np.asarray(self.in_positive - self.in_negative)

    @property
    def highest_auc(self) -> FloatArray:
        """AUC that a perfect classifier would show, and none exceeds."""
        return np.asarray((1 + self.separation) / 2)


def corrected_auc(auc: npt.ArrayLike, reference: Reference) -> FloatArray:
    """Return the AUC against the true status, from that against the reference.

    Parameters
    ----------
    auc
        Against the reference.
    reference
        Its errors are independent of the classifier given the true status. Above 1
        they cannot be.
    """
    return np.asarray(0.5 + (np.asarray(auc, float) - 0.5) / reference.separation)


def corrected_rates(
    sensitivity: npt.ArrayLike, specificity: npt.ArrayLike, reference: Reference
) -> tuple[FloatArray, FloatArray]:
    """Return both rates against the true status, from those against the reference.

    Parameters
    ----------
    sensitivity, specificity
        Of the classifier, against the reference.
    reference
        As for ``corrected_auc``.
    """
    called, alarms = np.asarray(sensitivity, float), 1 - np.asarray(specificity, float)
    one, zero = reference.in_positive, reference.in_negative
    hit = ((1 - zero) * called - (1 - one) * alarms) / reference.separation
    false = (one * alarms - zero * called) / reference.separation
    return np.asarray(hit), np.asarray(1 - false)


def least_specificity(
    auc: npt.ArrayLike, sensitivity: npt.ArrayLike, share: npt.ArrayLike
) -> FloatArray:
    """Return the specificity of the reference from which on an AUC is possible.

    Parameters
    ----------
    auc
        Against the reference, above a half.
    sensitivity, share
        Of the reference.

    Returns
    -------
    The least specificity; NaN where the sensitivity is too low for any.
    """
    wanted = 2 * np.asarray(auc, float) - 1
    hit, called = np.asarray(sensitivity, float), np.asarray(share, float)
    cost = wanted * called * (1 - called)
    top = (1 - called) * (hit - called) - cost * (1 - hit)
    bottom = hit - called - cost
    found = np.full(np.shape(bottom), np.nan)
    np.divide(top, bottom, out=found, where=bottom > 0)
    return np.where(found <= 1, found, np.nan)


def rate_bounds(
    sensitivity: float, specificity: float, reference: Reference
) -> tuple[tuple[float, float], tuple[float, float]]:
    """Return what both true rates can be, whatever the errors depend on.

    Parameters
    ----------
    sensitivity, specificity
        Of the classifier, against the reference.
    reference
        One number each.

    Returns
    -------
    Lowest and highest sensitivity, lowest and highest specificity.
    """
    prevalence, share = float(reference.prevalence), float(reference.share)
    strata = (
        (share, float(reference.in_positive), sensitivity),
        (1 - share, float(reference.in_negative), 1 - specificity),
    )
    low = sum(weight * max(0.0, p + t - 1) for weight, p, t in strata)
    high = sum(weight * min(p, t) for weight, p, t in strata)
    called = sum(weight * t for weight, _, t in strata)
    healthy = 1 - prevalence
    hit = (low / prevalence, high / prevalence)
    passed = ((healthy - called + low) / healthy, (healthy - called + high) / healthy)
    return (
        (float(_fraction(hit[0])), float(_fraction(hit[1]))),
        (float(_fraction(passed[0])), float(_fraction(passed[1]))),
    )


def auc_bounds(
    score: FloatArray, positive: BoolArray, reference: Reference
) -> tuple[float, float]:
    """Return what the true AUC can be, whatever the errors of the reference depend on.

    The truly positive nodes among those called positive, and among those called
    negative, are taken to be those with the lowest or those with the highest scores.
    No other choice has a lower or a higher AUC.

    Parameters
    ----------
    score, positive
        Scores, and status by the reference ``(n,)``.
    reference
        One number each.
    """
    shares = {True: float(reference.in_positive), False: float(reference.in_negative)}
    weight = np.where(
        positive,
        float(reference.share) / positive.sum(),
        (1 - float(reference.share)) / (~positive).sum(),
    )
    ends = []
    for sign in (1.0, -1.0):
        infiltrated = np.zeros(len(score))
        for status, share in shares.items():
            members = np.flatnonzero(positive == status)
            order = members[np.argsort(sign * score[members], kind="stable")]
            places = np.arange(len(order))
            infiltrated[order] = np.clip(share * len(order) - places, 0, 1)
        ends.append(
            weighted_auc(score, weight * infiltrated, weight * (1 - infiltrated))
        )
    return ends[0], ends[1]


def weighted_auc(score: FloatArray, cases: FloatArray, controls: FloatArray) -> float:
    """Return the AUC where each node is a case and a control by some weight.

    Parameters
    ----------
    score, cases, controls
        ``(n,)``; weights are not negative, ties count one half.
    """
    place = np.unique(score, return_inverse=True)[1]
    case, control = (np.bincount(place, weight) for weight in (cases, controls))
    below = np.cumsum(control) - control / 2
    total = case.sum() * control.sum()
    return float(case @ below / total) if total else float("nan")


def _fraction(share: npt.ArrayLike) -> FloatArray:
    """Take off what rounding adds to a fraction below 0 or above 1."""
    return np.asarray(np.clip(share, 0, 1))
