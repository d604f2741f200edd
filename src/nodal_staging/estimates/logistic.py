"""Logistic regression with weights and an offset, its error over patients."""

from dataclasses import dataclass

import numpy as np
from scipy.special import expit

from nodal_staging.study.arrays import FloatArray, TextArray

STEPS = 100
CONVERGED = 1e-12
HALVINGS = 1000
"""Scores of about 1e-16 leave so little information that a first step is 1e16 long."""

UNPROVED = 1e-8
"""Squared length of the next step, in standard errors, from which a fit is refused."""


class NotIdentifiedError(ValueError):
    """The likelihood has no proved maximum."""


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

    Columns are standardised before the fit, so that neither the steps nor the proof of
    convergence depend on their unit.

    Parameters
    ----------
    design
        ``(n, k)``, the first column ones, for the intercept.
    positive, weight, offset, patient_id
        ``(n,)``; the offset is added to the logit of the design.

    Raises
    ------
    NotIdentifiedError
        If the maximum is not reached, or the information there has no inverse.

    References
    ----------
    Liang and Zeger, Biometrika 1986;73:13 (sandwich), with K / (K - 1) for K patients.
    """
    standard, back = _standardised(design)
    try:
        beta, covariance = _maximum(standard, positive, weight, offset, patient_id)
    except np.linalg.LinAlgError as error:
        raise NotIdentifiedError("the information has no inverse") from error
    return Fit(back @ beta, np.sqrt(np.diag(back @ covariance @ back.T)))


def _standardised(design: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Give each column but the first mean 0 and variance 1.

    Returns
    -------
    The design ``(n, k)``, and the matrix ``(k, k)`` that turns its coefficients into
    those of the given one.
    """
    mean, spread = design[:, 1:].mean(axis=0), design[:, 1:].std(axis=0)
    if not (spread > 0).all():
        raise NotIdentifiedError("a column is constant")
    standard = design.copy()
    standard[:, 1:] = (design[:, 1:] - mean) / spread
    back = np.diag(np.concatenate([[1.0], 1 / spread]))
    back[0, 1:] = -mean / spread
    return standard, back


def _maximum(
    design: FloatArray,
    positive: FloatArray,
    weight: FloatArray,
    offset: FloatArray,
    patient_id: TextArray,
) -> tuple[FloatArray, FloatArray]:
    """Return coefficients ``(k,)`` and their covariance over patients ``(k, k)``."""
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
    gradient = design.T @ (weight * (positive - expit(odds)))
    if not gradient @ bread @ gradient < UNPROVED:
        raise NotIdentifiedError("the likelihood still rises")
    names, patient = np.unique(patient_id, return_inverse=True)
    scores = design * (weight * (positive - expit(odds)))[:, None]
    summed = np.zeros((len(names), design.shape[1]))
    np.add.at(summed, patient, scores)
    meat = summed.T @ summed * len(names) / (len(names) - 1)
    return beta, bread @ meat @ bread


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
