"""Logistic regression with weights and an offset, its error over patients."""

from dataclasses import dataclass

import numpy as np
from scipy.special import expit

from nodal_staging.study.arrays import FloatArray, TextArray

STEPS = 100
CONVERGED = 1e-12
HALVINGS = 1000
"""Scores of some 1e-16 leave so little information that a first step is 1e16 long."""


@dataclass(frozen=True, slots=True, eq=False)
class Fit:
    """Coefficients ``(k,)`` and their standard errors over patients ``(k,)``."""

    coefficients: FloatArray
    standard_errors: FloatArray


def fit_logistic(
    design: FloatArray,
    positive: FloatArray,
    *,
    weight: FloatArray,
    offset: FloatArray,
    patient_id: TextArray,
) -> Fit:
    """Fit by maximum likelihood; the classes must overlap.

    Parameters
    ----------
    design
        ``(n, k)``, with a column of ones where an intercept is wanted.
    positive, weight, offset, patient_id
        ``(n,)``; what stands in the logit beside the design is the offset.

    References
    ----------
    Liang and Zeger, Biometrika 1986;73:13 (sandwich), with K / (K - 1) for K patients.
    """
    beta = np.zeros(design.shape[1])
    value = _log_likelihood(design, positive, weight, offset, beta)
    for _ in range(STEPS):
        odds = offset + design @ beta
        gradient = design.T @ (weight * (positive - expit(odds)))
        step = np.linalg.solve(_information(design, weight, odds), gradient)
        beta, value, moved = _step(design, positive, weight, offset, beta, step, value)
        if not moved or np.abs(step).max() < CONVERGED:
            break
    odds = offset + design @ beta
    bread = np.linalg.inv(_information(design, weight, odds))
    names, patient = np.unique(patient_id, return_inverse=True)
    scores = design * (weight * (positive - expit(odds)))[:, None]
    summed = np.zeros((len(names), design.shape[1]))
    np.add.at(summed, patient, scores)
    meat = summed.T @ summed * len(names) / (len(names) - 1)
    return Fit(beta, np.sqrt(np.diag(bread @ meat @ bread)))


def _step(
    design: FloatArray,
    positive: FloatArray,
    weight: FloatArray,
    offset: FloatArray,
    beta: FloatArray,
    step: FloatArray,
    value: float,
) -> tuple[FloatArray, float, bool]:
    """Go as far along a step as the likelihood rises."""
    for half in range(HALVINGS):
        tried = beta + step / 2**half
        reached = _log_likelihood(design, positive, weight, offset, tried)
        if reached >= value:
            return tried, reached, reached > value or half == 0
    return beta, value, False


def _information(
    design: FloatArray, weight: FloatArray, odds: FloatArray
) -> FloatArray:
    """Return the expected information ``(k, k)``, above 0 even where odds are great."""
    information = weight * np.asarray(expit(odds) * expit(-odds), float)
    return np.asarray(design.T @ (design * information[:, None]), float)


def _log_likelihood(
    design: FloatArray,
    positive: FloatArray,
    weight: FloatArray,
    offset: FloatArray,
    beta: FloatArray,
) -> float:
    """Return the weighted log likelihood."""
    odds = offset + design @ beta
    return float(weight @ (positive * odds - np.logaddexp(0, odds)))
