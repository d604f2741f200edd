"""Calibration: whether of the nodes called 70 % positive, 70 % are.

Measured on two mixes, after the scores are moved to the prevalence of each
(``probabilities``):

- ``test``: the test set as it was drawn;
- ``natural``: all nodes of the study. The test set stands for them with weights, each
  class for its share.

The intercept is that of a logistic regression on the log odds with slope 1: 0 where as
many nodes are positive as predicted. The slope is 1 where scores are neither too
extreme (below 1) nor too timid (above). Brier's score is the mean squared error;
scaled, 1 is perfect and 0 as good as telling everybody the prevalence; both are those
of the scores as given, 0 and 1 included. Reliability
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
from nodal_staging.estimates.patient_bootstrap import PatientBootstrap
from nodal_staging.estimates.proportions import wilson_interval
from nodal_staging.estimates.smooth_calibration import MEASURES, calibration_distances
from nodal_staging.statistics.calibration_line import calibration_line
from nodal_staging.statistics.probabilities import (
    Probabilities,
    ProbabilityOptions,
    probabilities_of,
    status_of,
)
from nodal_staging.study.arrays import AnyArray, BoolArray, FloatArray, IntArray
from nodal_staging.tables.columns import count, number, one_of, table

Block = dict[str, Any]

CLIPPED = (
    "{} scores of 0 or 1 have no log odds; intercept and slope take them as {:.2g} "
    "away from 0 or 1, and depend on that"
)

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
        block: Block = {
            "status": status,
            "prior": prior,
            "lowest": float(tested.score.min()),
            "highest": float(tested.score.max()),
            "mixes": {},
        }
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
    line_status, lines = calibration_line(tested, known, prevalence, weight, level)
    return {
        "prevalence": prevalence,
        "status": line_status,
        "mean_predicted": float(np.average(predicted, weights=weight)),
        "observed": prevalence,
        "note": CLIPPED.format(known.clipped, known.clip) if known.clipped else None,
        **lines,
        **_brier(tested, predicted, prevalence, drawn),
        **_smooth(tested, known, prevalence, drawn),
    }


def _smooth(
    tested: LabelledScores,
    known: Probabilities,
    prevalence: float,
    drawn: PatientBootstrap,
) -> Block:
    """Return ICI, E50 and E90, with intervals over patients; None without a curve."""
    times = drawn.times[:, drawn.patient]
    once = np.ones((1, len(tested.score)))
    measured = [
        calibration_distances(
            known.at(prevalence),
            known.log_odds_at(prevalence),
            tested.positive.astype(float),
            _to_mix(often, tested.positive, prevalence),
        )
        for often in (once, times)
    ]
    estimates = measured[0][0]
    if np.isnan(estimates).any():
        return dict.fromkeys(MEASURES)
    return {
        name: _resampled(float(estimates[place]), measured[1][:, place], drawn)
        for place, name in enumerate(MEASURES)
    }


def _to_mix(often: FloatArray, positive: BoolArray, prevalence: float) -> FloatArray:
    """Weigh the classes of every draw ``(draws, n)`` to the share of the mix."""
    n = often.shape[1]
    share = np.where(positive, prevalence, 1 - prevalence)
    totals = [often[:, mask].sum(axis=1) for mask in (positive, ~positive)]
    below = np.where(positive, totals[0][:, None], totals[1][:, None])
    return np.asarray(often * share * n / below)


def _weights(tested: LabelledScores, prevalence: float) -> FloatArray:
    """Weigh each class so that its share becomes that of the mix; mean 1."""
    share = float(tested.positive.mean())
    return np.where(tested.positive, prevalence / share, (1 - prevalence) / (1 - share))


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
