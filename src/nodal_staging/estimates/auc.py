"""Areas under ROC curves and their covariance, over nodes and over patients.

DeLong's covariance takes nodes as independent. Nodes of one patient resemble each
other, so its intervals are too narrow; Obuchowski's covariance takes the patient as the
unit. Each of the two formulae stands here once (``delong_areas``, ``clustered_areas``);
variances, differences and intervals are derived from them.

References
----------
DeLong et al., Biometrics 1988;44:837. Obuchowski, Biometrics 1997;53:567.
"""

from dataclasses import dataclass
from math import exp, log, sqrt
from typing import Literal

import numpy as np
import numpy.typing as npt

from nodal_staging.estimates.proportions import normal_quantile
from nodal_staging.estimates.wald import wald_interval
from nodal_staging.study.arrays import BoolArray, FloatArray, IntArray, TextArray

NO_VARIANCE = 1e-15
"""A variance below it is zero after sums in floating point."""

DIFFERENCE: FloatArray = np.array([[1.0, -1.0]])
"""The contrast of two areas, first less second."""


@dataclass(frozen=True, slots=True, eq=False)
class Areas:
    """Areas ``(k,)`` of k classifiers and their covariance ``(k, k)``."""

    estimates: FloatArray
    covariance: FloatArray

    def contrast(self, weights: npt.ArrayLike) -> tuple[float, float]:
        """Return a weighted sum of the areas ``(k,)`` and its variance."""
        w = np.asarray(weights, float)
        return float(w @ self.estimates), float(w @ self.covariance @ w)


@dataclass(frozen=True, slots=True)
class ClusteredArea:
    """An AUC, or a contrast of AUCs, with its standard error over patients.

    Attributes
    ----------
    estimate, standard_error
        In units of the AUC.
    variance
        The method behind the standard error.
    """

    estimate: float
    standard_error: float
    variance: Literal["obuchowski", "delong"] = "obuchowski"


def placements(score: FloatArray, positive: BoolArray) -> tuple[FloatArray, FloatArray]:
    """Return how each node is placed among the nodes of the other class.

    Parameters
    ----------
    score, positive
        ``(n,)``.

    Returns
    -------
    Share of the negatives below each positive ``(m,)``, and share of the positives
    above each negative ``(n - m,)``, ties at one half. Both have the AUC as mean.
    """
    cases, controls = np.sort(score[positive]), np.sort(score[~positive])
    return (
        _share_below(score[positive], controls),
        1 - _share_below(score[~positive], cases),
    )


def empirical_auc(score: FloatArray, positive: BoolArray) -> float:
    """Return the area under the empirical ROC curve, ties at one half.

    Parameters
    ----------
    score, positive
        ``(n,)``; at least one node of each class.
    """
    return float(placements(score, positive)[0].mean())


def delong_areas(
    scores: FloatArray, positive: BoolArray, *, contrasts: FloatArray | None = None
) -> Areas:
    """Return areas and DeLong's covariance.

    Parameters
    ----------
    scores
        One row per classifier ``(k, n)``.
    positive
        Status ``(n,)``; at least two nodes of each class.
    contrasts
        Weighted sums of the areas to return in place of the areas ``(j, k)``. Summed
        before squaring, so that the variance of the difference of two similar
        classifiers keeps its digits.
    """
    estimates, above, below = _deviations(scores, positive, contrasts)
    m, n = above.shape[1], below.shape[1]
    covariance = above @ above.T / (m * (m - 1)) + below @ below.T / (n * (n - 1))
    return Areas(estimates, covariance)


def clustered_areas(
    scores: FloatArray,
    positive: BoolArray,
    patient_id: TextArray,
    *,
    contrasts: FloatArray | None = None,
) -> Areas:
    """Return areas and Obuchowski's covariance for nodes nested in patients.

    With one node per patient it equals DeLong's covariance. The covariance between the
    classes may be negative and, with a handful of patients, outweigh the variances; use
    ``clustered_contrast`` where a variance is needed.

    Parameters
    ----------
    scores, positive, contrasts
        As for ``delong_areas``.
    patient_id
        Patient of each node ``(n,)``; each class stems from at least two patients.
    """
    estimates, above, below = _deviations(scores, positive, contrasts)
    patient = np.unique(patient_id, return_inverse=True)[1]
    patients = int(patient.max()) + 1
    ten = _summed(above, patient[positive], patients) / above.shape[1]
    one = _summed(below, patient[~positive], patients) / below.shape[1]
    across = ten @ one.T
    covariance = (
        _inflation(patient[positive]) * (ten @ ten.T)
        + _inflation(patient[~positive]) * (one @ one.T)
        + _inflation(patient) * (across + across.T)
    )
    return Areas(estimates, covariance)


def clustered_contrast(
    by_patient: Areas, by_node: Areas, weights: npt.ArrayLike
) -> ClusteredArea:
    """Return a weighted sum of areas with its standard error over patients.

    DeLong's standard error replaces Obuchowski's where that variance is not positive,
    which happens with few patients.

    Parameters
    ----------
    by_patient, by_node
        The same areas from ``clustered_areas`` and from ``delong_areas``.
    weights
        ``(k,)``.
    """
    estimate, variance = by_patient.contrast(weights)
    if variance < NO_VARIANCE:
        _, variance = by_node.contrast(weights)
        return ClusteredArea(estimate, sqrt(max(variance, 0.0)), "delong")
    return ClusteredArea(estimate, sqrt(variance))


def clustered_auc(
    score: FloatArray, positive: BoolArray, patient_id: TextArray
) -> ClusteredArea:
    """Return the AUC and its standard error for nodes nested in patients.

    Parameters
    ----------
    score, positive, patient_id
        ``(n,)``; each class stems from at least two patients.
    """
    scores = score[np.newaxis]
    return clustered_contrast(
        clustered_areas(scores, positive, patient_id),
        delong_areas(scores, positive),
        [1.0],
    )


def clustered_difference(
    score: FloatArray, other: FloatArray, positive: BoolArray, patient_id: TextArray
) -> ClusteredArea:
    """Return how much larger the AUC of ``score`` is than that of ``other``.

    Both score the same nodes, so the covariance of the two AUCs narrows the interval.

    Parameters
    ----------
    score, other, positive, patient_id
        ``(n,)``; each class stems from at least two patients.
    """
    pair = np.stack([score, other])
    return clustered_contrast(
        clustered_areas(pair, positive, patient_id, contrasts=DIFFERENCE),
        delong_areas(pair, positive, contrasts=DIFFERENCE),
        [1.0],
    )


def delong_interval(
    score: FloatArray, positive: BoolArray, *, level: float
) -> tuple[float, float, float]:
    """Return DeLong's standard error of the AUC and the interval within [0, 1]."""
    return unit_interval(delong_areas(score[np.newaxis], positive), [1.0], level=level)


def unit_interval(
    areas: Areas, weights: npt.ArrayLike, *, level: float
) -> tuple[float, float, float]:
    """Return the standard error of a mean of areas and the interval within [0, 1].

    Parameters
    ----------
    areas
        With a covariance that has no negative variance.
    weights
        Of the mean ``(k,)``; they sum to 1.
    level
        Confidence level.
    """
    estimate, variance = areas.contrast(weights)
    error = sqrt(max(variance, 0.0))
    lower, upper = wald_interval(estimate, error, level=level)
    return error, max(lower, 0.0), min(upper, 1.0)


def logit_interval(area: ClusteredArea, *, level: float) -> tuple[float, float]:
    """Return an interval that is symmetric on the logit scale.

    Nearest to its nominal coverage of all intervals tried, in particular for AUCs
    near 1. An AUC of exactly 0 or 1 has no logit: the interval is the point itself.

    References
    ----------
    Pepe, The Statistical Evaluation of Medical Tests, 2003, section 5.2.5.
    """
    estimate = area.estimate
    if estimate <= 0 or estimate >= 1:
        return estimate, estimate
    half = normal_quantile(level) * area.standard_error / (estimate * (1 - estimate))
    centre = log(estimate / (1 - estimate))
    return _expit(centre - half), _expit(centre + half)


def _deviations(
    scores: FloatArray, positive: BoolArray, contrasts: FloatArray | None
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Return areas ``(k,)`` and the deviations of both classes' placements from them.

    The deviations are ``(k, m)`` for m positive and ``(k, n - m)`` for negative nodes.
    """
    placed = [placements(score, positive) for score in scores]
    above = np.array([one for one, _ in placed])
    below = np.array([other for _, other in placed])
    if contrasts is not None:
        above, below = contrasts @ above, contrasts @ below
    estimates = above.mean(axis=1)
    return estimates, above - estimates[:, None], below - estimates[:, None]


def _summed(deviations: FloatArray, patient: IntArray, patients: int) -> FloatArray:
    """Sum deviations ``(k, m)`` per patient ``(k, patients)``."""
    return np.array([np.bincount(patient, row, patients) for row in deviations])


def _inflation(patient: IntArray) -> float:
    """Correct a sum of squares over patients for the mean that was estimated."""
    units = len(np.unique(patient))
    return units / (units - 1)


def _share_below(of: FloatArray, among: FloatArray) -> FloatArray:
    """Return the share of sorted values below each of others, ties at one half."""
    lower = np.searchsorted(among, of, side="left")
    upper = np.searchsorted(among, of, side="right")
    return (lower + upper) / (2 * len(among))


def _expit(logit: float) -> float:
    """Invert the logit without overflow."""
    if logit >= 0:
        return 1 / (1 + exp(-logit))
    return exp(logit) / (1 + exp(logit))
