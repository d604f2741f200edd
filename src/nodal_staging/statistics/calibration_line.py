"""Intercept and slope of calibration: a logistic regression on the log odds."""

from typing import Any

import numpy as np

from nodal_staging.classifiers.labelled_scores import LabelledScores
from nodal_staging.estimates.logistic import Fit, NotIdentifiedError, fit_logistic
from nodal_staging.estimates.wald import wald_interval
from nodal_staging.statistics.probabilities import Probabilities
from nodal_staging.study.arrays import BoolArray, FloatArray

Block = dict[str, Any]

NARROWEST = 1e-6
"""Range of log odds, absolute and as a share of the largest, below which rounding
errors decide on the slope, as in a network that gives all nodes nearly one score."""

WITH_SLOPE = ("ok", "nearly_separated")
"""Statuses of a mix with a slope; of the second without an interval, since leaving out
one patient would make the classes apart and the slope infinite."""


def calibration_line(
    tested: LabelledScores,
    known: Probabilities,
    prevalence: float,
    weight: FloatArray,
    level: float,
) -> tuple[str, Block]:
    """Fit intercept and slope, as far as the scores have them; else say why not.

    Parameters
    ----------
    tested, known
        The test partition, and its scores as probabilities.
    prevalence, weight
        Share of positive nodes of the mix, and what each node counts in it ``(n,)``.
    level
        Of the intervals.

    Returns
    -------
    The status, and ``intercept`` (slope 1), ``slope`` and ``intercept_with_slope``,
    None where there is none.
    """
    log_odds = known.log_odds_at(prevalence)
    ones = np.ones((len(log_odds), 1))
    given: dict[str, Any] = {
        "positive": tested.positive.astype(float),
        "weight": weight,
        "patient_id": tested.patient_id,
    }
    found: Block = dict.fromkeys(("intercept", "slope", "intercept_with_slope"))
    status = _slope_status(log_odds, tested)
    try:
        large = fit_logistic(ones, offset=log_odds, **given)
        found["intercept"] = _coefficient(large, 0, level)
        if status not in WITH_SLOPE:
            return status, found
        design = np.column_stack([np.ones_like(log_odds), log_odds])
        both = fit_logistic(design, offset=np.zeros_like(log_odds), **given)
    except NotIdentifiedError:
        return "not_identified", found
    found["intercept_with_slope"] = _coefficient(both, 0, level)
    found["slope"] = _coefficient(both, 1, level)
    if status == "nearly_separated":
        for name in ("intercept_with_slope", "slope"):
            found[name] |= {"lower": None, "upper": None}
    return status, found


def _slope_status(log_odds: FloatArray, tested: LabelledScores) -> str:
    """Say whether the scores have a slope, and whether it rests on one patient."""
    if log_odds.min() == log_odds.max():
        return "constant"
    if _separated(log_odds, tested.positive):
        return "perfectly_separated"
    if np.ptp(log_odds) < NARROWEST * max(1.0, float(np.abs(log_odds).max())):
        return "not_identified"
    # Only patients with an extreme node of a class can end the overlap by leaving.
    for members in (tested.positive, ~tested.positive):
        among = tested.patient_id[members]
        for place in (log_odds[members].argmin(), log_odds[members].argmax()):
            rest = tested.patient_id != among[place]
            if _separated(log_odds[rest], tested.positive[rest]):
                return "nearly_separated"
    return "ok"


def _separated(log_odds: FloatArray, positive: BoolArray) -> bool:
    """Tell whether the likelihood rises for ever with the slope: no overlap."""
    if positive.all() or not positive.any():
        return True
    above, below = log_odds[positive], log_odds[~positive]
    return bool(below.max() <= above.min() or above.max() <= below.min())


def _coefficient(fit: Fit, place: int, level: float) -> Block:
    """Return a coefficient with the interval of its error over patients."""
    estimate = float(fit.coefficients[place])
    error = float(fit.standard_errors[place])
    lower, upper = wald_interval(estimate, error, level=level)
    return {
        "estimate": estimate,
        "lower": lower,
        "upper": upper,
        "level": level,
        "method": "patient_sandwich",
    }
