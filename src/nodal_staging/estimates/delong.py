"""Variances of AUCs: DeLong's over nodes and Obuchowski's over patients.

DeLong's covariance takes nodes as independent. Nodes of one patient resemble each
other, so its intervals are too narrow; Obuchowski's clustered covariance takes the
patient as the unit. Each of the two formulae stands here once (``delong_areas``,
``clustered_areas``); variances and differences are derived from them.

References
----------
DeLong et al., Biometrics 1988;44:837. Obuchowski, Biometrics 1997;53:567.
"""

from dataclasses import dataclass
from math import sqrt
from typing import Literal

import numpy as np
import numpy.typing as npt

from nodal_staging.estimates.auc import placements
from nodal_staging.study.arrays import BoolArray, FloatArray, IntArray, TextArray

NO_VARIANCE = 1e-15
"""A variance below it is zero after sums in floating point."""

DIFFERENCE: FloatArray = np.array([[1.0, -1.0]])
"""The contrast of two areas, first less second."""


@dataclass(frozen=True, slots=True, eq=False)
class Areas:
    """Areas ``(k,)`` of k classifiers and their covariance ``(k, k)``.

    ``pairs`` counts independent pairs of nodes: pairs of other patients, one with
    positive and one with negative nodes; 0 where patients are unknown. ``freedom`` are
    the degrees of freedom of each variance over patients ``(k,)``, by Satterthwaite
    from its two parts, that of positive nodes with one less than the number of patients
    who have them, and that of negative nodes likewise.
    """

    estimates: FloatArray
    covariance: FloatArray
    pairs: int = 0
    freedom: FloatArray | None = None

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
    pairs
        Independent pairs of nodes, as of ``Areas``.
    """

    estimate: float
    standard_error: float
    variance: Literal["obuchowski", "delong"] = "obuchowski"
    pairs: int = 0


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
    of_cases = _inflation(patient[positive]) * (ten @ ten.T)
    of_controls = _inflation(patient[~positive]) * (one @ one.T)
    covariance = of_cases + of_controls + _inflation(patient) * (across + across.T)
    return Areas(
        estimates,
        covariance,
        _pairs(patient, positive),
        _freedom(
            (np.diag(of_cases), len(np.unique(patient[positive]))),
            (np.diag(of_controls), len(np.unique(patient[~positive]))),
        ),
    )


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
        error = sqrt(max(variance, 0.0))
        return ClusteredArea(estimate, error, "delong", by_patient.pairs)
    return ClusteredArea(estimate, sqrt(variance), pairs=by_patient.pairs)


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


def _freedom(*parts: tuple[FloatArray, int]) -> FloatArray:
    """Return degrees of freedom ``(k,)`` from variances ``(k,)`` and their patients.

    References
    ----------
    Satterthwaite, Biometrics Bull 1946;2:110.
    """
    total = sum(variance for variance, _ in parts)
    below = sum(variance**2 / (patients - 1) for variance, patients in parts)
    fewest = min(patients for _, patients in parts) - 1.0
    freedom = np.full(len(parts[0][0]), fewest)
    np.divide(np.square(total), below, out=freedom, where=np.asarray(below) > 0)
    return freedom


def _pairs(patient: IntArray, positive: BoolArray) -> int:
    """Count pairs of patients, one with positive and one with negative nodes.

    As many as possible, no patient twice: a patient with both may serve as either.
    """
    cases, controls = np.unique(patient[positive]), np.unique(patient[~positive])
    everyone = np.union1d(cases, controls)
    return min(len(cases), len(controls), len(everyone) // 2)


def _summed(deviations: FloatArray, patient: IntArray, patients: int) -> FloatArray:
    """Sum deviations ``(k, m)`` per patient ``(k, patients)``."""
    return np.array([np.bincount(patient, row, patients) for row in deviations])


def _inflation(patient: IntArray) -> float:
    """Correct a sum of squares over patients for the mean that was estimated."""
    units = len(np.unique(patient))
    return units / (units - 1)
