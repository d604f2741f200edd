"""Uncertainty where nodes are nested in patients: the patient is the unit.

Nodes of a patient resemble each other, so an interval that takes them for
independent is too narrow.
"""

from dataclasses import dataclass
from math import exp, log, sqrt
from typing import Literal

import numpy as np
import numpy.typing as npt

from nodal_staging.agreement import delong_interval, placements
from nodal_staging.metrics import normal_quantile

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
    above, below = placements(score, positive)
    estimate = float(above.mean())
    variance = _variance(above, below, positive, patient_id)
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
    pairs = zip(placements(score, positive), placements(other, positive), strict=True)
    above, below = (first - second for first, second in pairs)
    estimate = float(above.mean())
    variance = _variance(above, below, positive, patient_id)
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


def f1_interval(
    positive: BoolArray,
    called: BoolArray,
    patient_id: TextArray,
    *,
    level: float,
    replicates: int,
    rng: np.random.Generator,
) -> tuple[float, float]:
    """Return the percentile interval of F1 over resampled patients.

    Patients are drawn within those with positive nodes only, with negative nodes
    only, and with both, so that no replicate lacks a class.

    Parameters
    ----------
    positive, called, patient_id
        Status, decision and patient per node, ``(n,)``.
    level, replicates
        Confidence level, and how often the patients are drawn.
    rng
        Random stream.
    """
    patient = np.unique(patient_id, return_inverse=True)[1]
    hits = np.bincount(patient, weights=positive & called)
    errors = np.bincount(patient, weights=positive != called)
    has_positive = np.bincount(patient, weights=positive) > 0
    has_negative = np.bincount(patient, weights=~positive) > 0
    drawn = np.zeros((2, replicates))
    for kind in np.unique(kinds := has_positive + 2 * has_negative):
        members = np.flatnonzero(kinds == kind)
        picks = rng.choice(members, size=(replicates, len(members)))
        drawn += np.stack([hits[picks].sum(axis=1), errors[picks].sum(axis=1)])
    f1 = 2 * drawn[0] / (2 * drawn[0] + drawn[1])
    lower, upper = np.quantile(f1, [(1 - level) / 2, (1 + level) / 2])
    return float(lower), float(upper)


def _variance(
    above: FloatArray, below: FloatArray, positive: BoolArray, patient_id: TextArray
) -> float:
    """Return Obuchowski's variance of the mean placement, or of a difference of two."""
    patient = np.unique(patient_id, return_inverse=True)[1]
    # Per patient, the summed deviations of its positive and negative nodes.
    patients = int(patient.max()) + 1
    ten = _summed(above - above.mean(), patient[positive], patients)
    one = _summed(below - below.mean(), patient[~positive], patients)
    m, n = len(above), len(below)
    return float(
        _inflation(patient[positive]) * (ten @ ten) / m**2
        + _inflation(patient[~positive]) * (one @ one) / n**2
        + 2 * _inflation(patient) * (ten @ one) / (m * n)
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
    """Invert the logit."""
    return 1 / (1 + exp(-logit))
