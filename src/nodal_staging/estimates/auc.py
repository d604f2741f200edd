"""Uncertainty where nodes are nested in patients: the patient is the unit.

Nodes of a patient resemble each other, so an interval that takes them for
independent is too narrow.
"""

from dataclasses import dataclass
from math import exp, log, sqrt
from typing import Literal

import numpy as np
import numpy.typing as npt

from nodal_staging.estimates.proportions import normal_quantile

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]
BoolArray = npt.NDArray[np.bool_]
TextArray = npt.NDArray[np.str_]

NO_VARIANCE = 1e-15
"""What is left of zero after sums in floating point."""


@dataclass(frozen=True, slots=True)
class ClusteredArea:
    """An AUC, its standard error over patients, and whose variance that is."""

    estimate: float
    standard_error: float
    variance: Literal["obuchowski", "delong"] = "obuchowski"


def clustered_auc(
    score: FloatArray, positive: BoolArray, patient_id: TextArray
) -> ClusteredArea:
    """Return the AUC and its standard error for nodes nested in patients.

    Equals DeLong's where every patient has one node. The covariance of both classes
    may be negative and, with a handful of patients, outweigh the variances; then
    DeLong's error stands in, and the result says so.

    Parameters
    ----------
    score, positive, patient_id
        ``(n,)``; each class stems from at least two patients.

    References
    ----------
    Obuchowski, Biometrics 1997;53:567.
    """
    estimate = float(placements(score, positive)[0].mean())
    variance = clustered_covariance(score, score, positive, patient_id)
    if variance < NO_VARIANCE:
        error, _, _ = delong_interval(score, positive, level=0.95)
        return ClusteredArea(estimate, error, "delong")
    return ClusteredArea(estimate, sqrt(variance))


def clustered_difference(
    score: FloatArray, other: FloatArray, positive: BoolArray, patient_id: TextArray
) -> ClusteredArea:
    """Return how much larger the AUC of ``score`` is than that of ``other``.

    Both score the same nodes, so what is hard for both does not count as a
    difference. DeLong's error stands in as in ``clustered_auc``.

    Parameters
    ----------
    score, other, positive, patient_id
        ``(n,)``; each class stems from at least two patients.

    References
    ----------
    Obuchowski, Biometrics 1997;53:567, for the areas of two tests.
    """
    above, below = (
        mine - its
        for mine, its in zip(
            placements(score, positive), placements(other, positive), strict=True
        )
    )
    estimate = float(above.mean())
    variance = variance_of_difference(score, other, positive, patient_id)
    if variance < NO_VARIANCE:
        error = above.var(ddof=1) / len(above) + below.var(ddof=1) / len(below)
        return ClusteredArea(estimate, sqrt(error), "delong")
    return ClusteredArea(estimate, sqrt(variance))


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


def clustered_covariance(
    score_a: FloatArray, score_b: FloatArray, positive: BoolArray, patient_id: TextArray
) -> float:
    """Return the covariance of two AUCs on the same nodes nested in patients.

    Of a score with itself it is the variance; with one node per patient DeLong's
    covariance. It may come out negative for a score with itself, see
    ``clustered_auc``.

    Parameters
    ----------
    score_a, score_b, positive, patient_id
        ``(n,)``; each class stems from at least two patients.

    References
    ----------
    Obuchowski, Biometrics 1997;53:567.
    """
    patient = np.unique(patient_id, return_inverse=True)[1]
    ten_a, one_a = _deviations(score_a, positive, patient)
    ten_b, one_b = _deviations(score_b, positive, patient)
    m, n = int(positive.sum()), int((~positive).sum())
    mixed = ten_a @ one_b + ten_b @ one_a
    return float(
        _inflation(patient[positive]) * (ten_a @ ten_b) / m**2
        + _inflation(patient[~positive]) * (one_a @ one_b) / n**2
        + _inflation(patient) * mixed / (m * n)
    )


def variance_of_difference(
    score_a: FloatArray, score_b: FloatArray, positive: BoolArray, patient_id: TextArray
) -> float:
    """Return the variance of the difference of two AUCs; parameters as above."""
    pairs = ((score_a, score_a, 1), (score_b, score_b, 1), (score_a, score_b, -2))
    return sum(
        sign * clustered_covariance(one, two, positive, patient_id)
        for one, two, sign in pairs
    )


def _deviations(
    score: FloatArray, positive: BoolArray, patient: IntArray
) -> tuple[FloatArray, FloatArray]:
    """Return, per patient, the summed deviations of positive and negative nodes."""
    above, below = placements(score, positive)
    patients = int(patient.max()) + 1
    estimate = float(above.mean())
    return (
        _summed(above - estimate, patient[positive], patients),
        _summed(below - estimate, patient[~positive], patients),
    )


def _summed(deviation: FloatArray, patient: IntArray, patients: int) -> FloatArray:
    """Sum deviations per patient."""
    return np.asarray(
        np.bincount(patient, weights=deviation, minlength=patients), float
    )


def _inflation(patient: IntArray) -> float:
    """Correct a sum of squares over patients for the mean that was estimated."""
    units = len(np.unique(patient))
    return units / (units - 1)


def _expit(logit: float) -> float:
    """Invert the logit, however far out."""
    if logit >= 0:
        return 1 / (1 + exp(-logit))
    return exp(logit) / (1 + exp(logit))


@dataclass(frozen=True, slots=True, eq=False)
class Areas:
    """Areas ``(k,)`` and their covariance ``(k, k)``."""

    estimates: FloatArray
    covariance: FloatArray

    def contrast(self, weights: npt.ArrayLike) -> tuple[float, float]:
        """Return a weighted sum of the areas ``(k,)`` and its variance."""
        w = np.asarray(weights, float)
        return float(w @ self.estimates), float(w @ self.covariance @ w)


def delong_areas(scores: FloatArray, positive: BoolArray) -> Areas:
    """Return areas and DeLong's covariance.

    Parameters
    ----------
    scores
        One row per classifier ``(k, n)``.
    positive
        Status ``(n,)``; at least two nodes of each class.
    """
    estimates, above, below = _area_deviations(scores, positive)
    m, n = above.shape[1], below.shape[1]
    covariance = above @ above.T / (m * (m - 1)) + below @ below.T / (n * (n - 1))
    return Areas(estimates, covariance)


def clustered_areas(
    scores: FloatArray, positive: BoolArray, patient_id: TextArray
) -> Areas:
    """Return areas and Obuchowski's covariance for nodes nested in patients.

    Parameters
    ----------
    scores, positive
        As for ``delong_areas``.
    patient_id
        Patient of each node ``(n,)``; each class stems from at least two patients.
    """
    estimates, above, below = _area_deviations(scores, positive)
    patient = np.unique(patient_id, return_inverse=True)[1]
    ten = (
        _area_summed(above, patient[positive], int(patient.max()) + 1) / above.shape[1]
    )
    one = (
        _area_summed(below, patient[~positive], int(patient.max()) + 1) / below.shape[1]
    )
    across = ten @ one.T
    covariance = (
        _inflation(patient[positive]) * (ten @ ten.T)
        + _inflation(patient[~positive]) * (one @ one.T)
        + _inflation(patient) * (across + across.T)
    )
    return Areas(estimates, covariance)


def _area_deviations(
    scores: FloatArray, positive: BoolArray
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Return areas, and how the placements of both classes deviate from them."""
    placed = [placements(score, positive) for score in scores]
    above = np.array([one for one, _ in placed])
    below = np.array([other for _, other in placed])
    estimates = above.mean(axis=1)
    return estimates, above - estimates[:, None], below - estimates[:, None]


def _area_summed(
    deviations: FloatArray, patient: IntArray, patients: int
) -> FloatArray:
    """Sum deviations ``(k, m)`` per patient ``(k, patients)``."""
    return np.array([np.bincount(patient, row, patients) for row in deviations])


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


def delong_interval(
    score: FloatArray, positive: BoolArray, *, level: float
) -> tuple[float, float, float]:
    """Return DeLong's standard error of the AUC and the interval within [0, 1].

    References
    ----------
    DeLong et al., Biometrics 1988;44:837.
    """
    above, below = placements(score, positive)
    variance = above.var(ddof=1) / len(above) + below.var(ddof=1) / len(below)
    error = float(np.sqrt(variance))
    half = normal_quantile(level) * error
    area = float(above.mean())
    return error, max(area - half, 0.0), min(area + half, 1.0)


def paired_variance(a: FloatArray, b: FloatArray, positive: BoolArray) -> float:
    """Return DeLong's variance of the difference of two AUCs on the same nodes.

    Parameters
    ----------
    a, b, positive
        Two scores and the status of the same nodes, ``(n,)``.
    """
    above, below = (
        one - other
        for one, other in zip(
            placements(a, positive), placements(b, positive), strict=True
        )
    )
    return float(above.var(ddof=1) / len(above) + below.var(ddof=1) / len(below))


def _share_below(of: FloatArray, among: FloatArray) -> FloatArray:
    """Return the share of sorted values below each of others, ties at one half."""
    lower = np.searchsorted(among, of, side="left")
    upper = np.searchsorted(among, of, side="right")
    return (lower + upper) / (2 * len(among))
