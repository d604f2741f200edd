"""Decision curve: whether acting on a classifier beats acting on all or on none.

Acting on a node at a probability of t or more accepts t / (1 - t) needless actions
to be worth one that was needed. Net benefit counts what was needed less the needless at
that rate, per node, at the natural prevalence; ``treat_all`` and ``treat_none`` (0) are
what it must exceed. Where scores are no probabilities, the decisions themselves are
judged at every t.

References
----------
Vickers and Elkin, Med Decis Making 2006;26:565.
"""

from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from nodal_staging.classifiers.labelled_scores import LabelledScores
from nodal_staging.estimates.patient_bootstrap import PatientBootstrap
from nodal_staging.statistics.probabilities import (
    ProbabilityOptions,
    probabilities_of,
    status_of,
)
from nodal_staging.study.arrays import BoolArray, FloatArray
from nodal_staging.tables.columns import count, number, one_of, table

Block = dict[str, Any]

DECISION_CURVE = table(
    {
        "threshold_probability": number(0, 1),
        "rule": one_of(["probability", "decision"]),
        "tp": count(),
        "fp": count(),
        "sensitivity": number(0, 1),
        "specificity": number(0, 1),
        "net_benefit": number(None, 1),
        "lower": number(None, 1),
        "upper": number(None, 1),
        "treat_all": number(None, 1),
        "treat_none": number(0, 0),
    },
)
"""Net benefit per node at the natural prevalence; counts are those of the test set."""

THRESHOLDS = np.round(np.arange(1, 100) / 100, 12)
DIGITS = 12
"""Probabilities are rounded to it before they are held against a threshold."""


def describe_decision_curve(
    tested: LabelledScores,
    called: BoolArray,
    *,
    options: ProbabilityOptions,
    natural: float | None,
    drawn: PatientBootstrap,
) -> tuple[Block, pd.DataFrame]:
    """Return net benefit over threshold probabilities.

    Parameters
    ----------
    tested, called
        The test partition, and which of its nodes are called positive ``(n,)``.
    options
        How the scores are taken as probabilities.
    natural
        Share of positive nodes in the study; that of the test set stands in where it
        is None.
    drawn
        Patients of the test partition; its level is that of the interval.

    Returns
    -------
    The block for the JSON, and ``DECISION_CURVE``.
    """
    share = float(tested.positive.mean())
    prevalence = natural if natural is not None and 0 < natural < 1 else share
    acted, rule = _acted(tested, called, options, prevalence)
    hits, alarms = (
        acted[:, mask].sum(axis=1) for mask in (tested.positive, ~tested.positive)
    )
    m, n = int(tested.positive.sum()), int((~tested.positive).sum())
    resampled = _resampled(tested, acted, prevalence, drawn)
    tail = (1 - drawn.options.level) / 2
    lower, upper = np.quantile(resampled, [tail, 1 - tail], axis=0)
    frame = pd.DataFrame(
        {
            "threshold_probability": THRESHOLDS,
            "rule": rule,
            "tp": hits,
            "fp": alarms,
            "sensitivity": hits / m,
            "specificity": 1 - alarms / n,
            "net_benefit": net_benefit(hits / m, alarms / n, prevalence),
            "lower": lower,
            "upper": upper,
            "treat_all": net_benefit(1.0, 1.0, prevalence),
            "treat_none": 0.0,
        }
    )
    block = {
        "rule": rule,
        "prevalence": prevalence,
        "prevalence_of": "test" if prevalence == share else "natural",
        "level": drawn.options.level,
        "replicates": drawn.options.replicates,
        "seed": drawn.options.seed,
        "useful": _useful(frame),
    }
    return block, frame


def net_benefit(
    sensitivity: npt.ArrayLike, false_alarms: npt.ArrayLike, prevalence: float
) -> FloatArray:
    """Return needed actions less needless ones, per node, at every threshold.

    Parameters
    ----------
    sensitivity, false_alarms
        Shares of the positive and of the negative nodes that are acted on, one for
        all thresholds or ``(..., 99)``.
    prevalence
        Share of positive nodes.
    """
    rate = THRESHOLDS / (1 - THRESHOLDS)
    needed = np.asarray(sensitivity) * prevalence
    return np.asarray(needed - np.asarray(false_alarms) * (1 - prevalence) * rate)


def _acted(
    tested: LabelledScores,
    called: BoolArray,
    options: ProbabilityOptions,
    prevalence: float,
) -> tuple[BoolArray, str]:
    """Return which nodes are acted on at each threshold ``(99, n)``, and the rule."""
    if status_of(tested, meant=options.meant) != "ok":
        return np.broadcast_to(called, (len(THRESHOLDS), len(called))), "decision"
    probability = probabilities_of(tested.score, prior=options.prior).at(prevalence)
    return np.round(probability, DIGITS) >= THRESHOLDS[:, None], "probability"


def _resampled(
    tested: LabelledScores,
    acted: BoolArray,
    prevalence: float,
    drawn: PatientBootstrap,
) -> FloatArray:
    """Return the net benefit of every replicate ``(b, 99)``."""
    by_class = (tested.positive, ~tested.positive)
    columns = [row & mask for mask in by_class for row in acted]
    sums = drawn.sums([*columns, *by_class])
    k = len(THRESHOLDS)
    return net_benefit(
        sums[:, :k] / sums[:, -2, None],
        sums[:, k : 2 * k] / sums[:, -1, None],
        prevalence,
    )


def _useful(frame: pd.DataFrame) -> list[list[float]]:
    """Return the ranges of thresholds at which nothing simpler is as good."""
    best = frame[["treat_all", "treat_none"]].max(axis=1)
    better = frame["net_benefit"].to_numpy() > best.to_numpy()
    edges = np.flatnonzero(np.diff(np.concatenate([[False], better, [False]])))
    starts, ends = edges[::2], edges[1::2] - 1
    return [
        [float(THRESHOLDS[a]), float(THRESHOLDS[b])]
        for a, b in zip(starts, ends, strict=True)
    ]
