"""Calibration: whether of the nodes called 70 % positive, 70 % are.

Asked of two mixes, after the scores are moved to the prevalence of each
(``probabilities``):

- ``test``: the test set as it was drawn;
- ``natural``: all nodes of the study. The test set stands for them with weights, each
  class for its share.

The intercept is that of a logistic regression on the log odds with slope 1: 0 where as
many nodes are positive as foretold. The slope is 1 where scores are neither too
extreme (below 1) nor too timid (above). Brier's score is the mean squared error;
scaled, 1 is perfect and 0 as good as telling everybody the prevalence. Reliability
groups hold as many nodes each; nodes of the same score stay together.

References
----------
Cox, Biometrika 1958;45:562. Van Calster et al., J Clin Epidemiol 2016;74:167.
Steyerberg et al., Epidemiology 2010;21:128 (scaled Brier).
"""

from typing import Any

import numpy as np
import pandas as pd

from nodal_staging.classifiers.labelled_scores import LabelledScores
from nodal_staging.estimates.logistic import Fit, fit_logistic
from nodal_staging.estimates.patient_bootstrap import PatientBootstrap
from nodal_staging.estimates.proportions import wilson_interval
from nodal_staging.estimates.wald import wald_interval
from nodal_staging.statistics.probabilities import (
    Probabilities,
    ProbabilityOptions,
    probabilities_of,
    status_of,
)
from nodal_staging.study.arrays import AnyArray, FloatArray, IntArray
from nodal_staging.tables.columns import count, number, one_of, table

Block = dict[str, Any]

NARROWEST = 1e-6
"""Range of log odds, absolute and as a share of the largest, below which rounding
errors decide on the slope, as in a network that gives all nodes nearly one score."""

CALIBRATION = table(
    {
        "mix": one_of(["test", "natural"]),
        "group": count(),
        "n": count(),
        "positives": count(),
        "lowest": number(0, 1),
        "highest": number(0, 1),
        "mean_predicted": number(0, 1),
        "observed": number(0, 1),
        "lower": number(0, 1),
        "upper": number(0, 1),
    },
    unique=["mix", "group"],
)
"""Reliability groups by predicted probability, lowest first; no row where the scores
are no probabilities. ``observed`` with Wilson's limits, for ``natural`` moved to that
prevalence as the scores are."""


def describe_calibration(
    tested: LabelledScores,
    *,
    options: ProbabilityOptions,
    natural: float | None,
    drawn: PatientBootstrap,
) -> tuple[Block, pd.DataFrame]:
    """Measure calibration on both mixes.

    Parameters
    ----------
    tested
        The test partition.
    options
        How the scores are taken as probabilities.
    natural
        Share of positive nodes in the study, or None where it is unknown.
    drawn
        Patients of the test partition, for Brier's score; its level is that of every
        interval.

    Returns
    -------
    The block for the JSON, and ``CALIBRATION``.
    """
    status, prior = status_of(tested, meant=options.meant), options.prior
    if status != "ok":
        block: Block = {"status": status, "prior": prior, "mixes": {}}
        return block, pd.DataFrame(columns=list(CALIBRATION.columns))
    known = probabilities_of(tested.score, prior=prior)
    mixes = {"test": float(tested.positive.mean())}
    if natural is not None and 0 < natural < 1:
        mixes["natural"] = natural
    block = {
        "status": status,
        "prior": prior,
        "clip": known.clip,
        "clipped": known.clipped,
        "mixes": {
            name: _describe_mix(tested, known, prevalence, drawn)
            for name, prevalence in mixes.items()
        },
    }
    rows = [
        row
        for name, prevalence in mixes.items()
        for row in _reliability(
            tested,
            known,
            name,
            prevalence,
            level=drawn.options.level,
            groups=options.groups,
        )
    ]
    return block, pd.DataFrame(rows, columns=list(CALIBRATION.columns))


def _describe_mix(
    tested: LabelledScores,
    known: Probabilities,
    prevalence: float,
    drawn: PatientBootstrap,
) -> Block:
    """Describe one mix."""
    weight = _weights(tested, prevalence)
    predicted = known.at(prevalence)
    level = drawn.options.level
    line_status, lines = _lines(tested, known, prevalence, weight, level)
    return {
        "prevalence": prevalence,
        "status": line_status,
        "mean_predicted": float(np.average(predicted, weights=weight)),
        "observed": prevalence,
        **lines,
        **_brier(tested, predicted, prevalence, drawn),
    }


def _weights(tested: LabelledScores, prevalence: float) -> FloatArray:
    """Weigh each class so that its share becomes that of the mix; mean 1."""
    share = float(tested.positive.mean())
    return np.where(tested.positive, prevalence / share, (1 - prevalence) / (1 - share))


def _lines(
    tested: LabelledScores,
    known: Probabilities,
    prevalence: float,
    weight: FloatArray,
    level: float,
) -> tuple[str, Block]:
    """Fit intercept and slope, as far as the scores have them."""
    log_odds = known.log_odds_at(prevalence)
    ones = np.ones((len(log_odds), 1))
    given: dict[str, Any] = {
        "positive": tested.positive.astype(float),
        "weight": weight,
        "patient_id": tested.patient_id,
    }
    large = fit_logistic(ones, offset=log_odds, **given)
    found: Block = {
        "intercept": _coefficient(large, 0, level),
        "slope": None,
        "intercept_beside_slope": None,
    }
    positive, negative = log_odds[tested.positive], log_odds[~tested.positive]
    if log_odds.min() == log_odds.max():
        return "constant", found
    # Without an overlap the likelihood rises for ever with the slope.
    if negative.max() <= positive.min() or positive.max() <= negative.min():
        return "perfectly_separated", found
    if np.ptp(log_odds) < NARROWEST * max(1.0, float(np.abs(log_odds).max())):
        return "not_identified", found
    design = np.column_stack([np.ones_like(log_odds), log_odds])
    both = fit_logistic(design, offset=np.zeros_like(log_odds), **given)
    found["intercept_beside_slope"] = _coefficient(both, 0, level)
    found["slope"] = _coefficient(both, 1, level)
    return "ok", found


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


def _brier(
    tested: LabelledScores,
    predicted: FloatArray,
    prevalence: float,
    drawn: PatientBootstrap,
) -> Block:
    """Return Brier's score and the scaled one, with intervals over patients."""
    error = (predicted - tested.positive) ** 2
    by_class: list[AnyArray] = [tested.positive, ~tested.positive]
    sums = drawn.sums([*(mask * error for mask in by_class), *by_class])
    shares = (prevalence, 1 - prevalence)
    resampled = sum(
        share * sums[:, place] / sums[:, place + 2]
        for place, share in enumerate(shares)
    )
    estimate = sum(
        share * float(error[mask].mean())
        for mask, share in zip(by_class, shares, strict=True)
    )
    useless = prevalence * (1 - prevalence)
    return {
        "brier": _resampled(estimate, np.asarray(resampled), drawn),
        "scaled_brier": _resampled(
            1 - estimate / useless, 1 - np.asarray(resampled) / useless, drawn
        ),
    }


def _resampled(estimate: float, values: FloatArray, drawn: PatientBootstrap) -> Block:
    """Write down an estimate with its percentile interval."""
    lower, upper = drawn.interval(values)
    return {
        "estimate": estimate,
        "lower": lower,
        "upper": upper,
        **drawn.options.described(),
    }


def _reliability(
    tested: LabelledScores,
    known: Probabilities,
    mix: str,
    prevalence: float,
    *,
    level: float,
    groups: int,
) -> list[Block]:
    """Return the reliability groups of one mix."""
    predicted = known.at(prevalence)
    weight = _weights(tested, prevalence)
    odds = _odds(prevalence) / _odds(float(tested.positive.mean()))
    place = _groups(known.log_odds, groups)
    rows = []
    for rank, group in enumerate(np.unique(place), start=1):
        members = place == group
        n, positives = int(members.sum()), int(tested.positive[members].sum())
        limits = wilson_interval(positives, n, level=level) or (0.0, 1.0)
        observed, lower, upper = (
            _moved(share, odds) for share in (positives / n, *limits)
        )
        rows.append(
            {
                "mix": mix,
                "group": rank,
                "n": n,
                "positives": positives,
                "lowest": predicted[members].min(),
                "highest": predicted[members].max(),
                "mean_predicted": np.average(
                    predicted[members], weights=weight[members]
                ),
                "observed": observed,
                "lower": lower,
                "upper": upper,
            }
        )
    return rows


def _groups(values: FloatArray, groups: int) -> IntArray:
    """Cut into groups of as many nodes each; equal values stay together."""
    inner = np.quantile(values, np.arange(1, groups) / groups, method="lower")
    return np.asarray(np.searchsorted(np.unique(inner), values, side="left"))


def _odds(share: float) -> float:
    return share / (1 - share)


def _moved(share: float, odds: float) -> float:
    """Multiply the odds of a share."""
    return share * odds / (share * odds + (1 - share))
