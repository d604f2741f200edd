"""Areas under several curves of the same nodes, and how they vary together.

DeLong's covariance takes nodes for independent; Obuchowski's takes patients for
independent and lets their nodes resemble each other within and between the classes.
With one node per patient the two are equal.

References
----------
DeLong et al., Biometrics 1988;44:837. Obuchowski, Biometrics 1997;53:567.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from nodal_staging.estimates.agreement import placements

FloatArray = npt.NDArray[np.float64]
BoolArray = npt.NDArray[np.bool_]
IntArray = npt.NDArray[np.int64]
TextArray = npt.NDArray[np.str_]


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
    estimates, above, below = _deviations(scores, positive)
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
    estimates, above, below = _deviations(scores, positive)
    patient = np.unique(patient_id, return_inverse=True)[1]
    ten = _summed(above, patient[positive], int(patient.max()) + 1) / above.shape[1]
    one = _summed(below, patient[~positive], int(patient.max()) + 1) / below.shape[1]
    across = ten @ one.T
    covariance = (
        _inflation(patient[positive]) * (ten @ ten.T)
        + _inflation(patient[~positive]) * (one @ one.T)
        + _inflation(patient) * (across + across.T)
    )
    return Areas(estimates, covariance)


def _deviations(
    scores: FloatArray, positive: BoolArray
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Return areas, and how the placements of both classes deviate from them."""
    placed = [placements(score, positive) for score in scores]
    above = np.array([one for one, _ in placed])
    below = np.array([other for _, other in placed])
    estimates = above.mean(axis=1)
    return estimates, above - estimates[:, None], below - estimates[:, None]


def _summed(deviations: FloatArray, patient: IntArray, patients: int) -> FloatArray:
    """Sum deviations ``(k, m)`` per patient ``(k, patients)``."""
    return np.array([np.bincount(patient, row, patients) for row in deviations])


def _inflation(patient: IntArray) -> float:
    """Correct a sum over patients for the mean that was estimated."""
    units = len(np.unique(patient))
    return units / (units - 1)
