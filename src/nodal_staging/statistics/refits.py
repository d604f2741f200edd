"""How much a CNN's results owe to the draw of its training.

A CNN of a study is one draw: of first weights, of the order of its images and of their
augmentation. Other trainings on the same nodes (refits) show the spread over such
draws. The interval of one network's AUC covers patients alone; ``lower`` and ``upper``
of ``SPREAD`` cover a new training and new patients.

References
----------
Satterthwaite, Biometrics Bulletin 1946;2:110-114 (degrees of freedom of a sum of
variances).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from scipy.special import expit, logit

from nodal_staging import tables
from nodal_staging.classifiers.labelled_scores import LabelledScores, read_partition
from nodal_staging.estimates.auc_intervals import logit_interval
from nodal_staging.estimates.delong import ClusteredArea, clustered_auc
from nodal_staging.study.arrays import BoolArray, FloatArray
from nodal_staging.study.files import read_json
from nodal_staging.tables.columns import count, number, optional_number, table, text
from nodal_staging.tables.intervals import interval

REFITS = table(
    {
        "cnn": text(),
        "training": count(),
        "auc": number(0, 1),
        "lower": number(0, 1),
        "upper": number(0, 1),
        "sensitivity": number(0, 1),
        "specificity": number(0, 1),
    },
    unique=["cnn", "training"],
)
"""Every training of a CNN, the study's own first: AUC with the interval over patients,
and the operating point at the study's threshold."""

SPREAD = table(
    {
        "cnn": text(unique=True),
        "trainings": count(),
        "nodes": count(),
        "auc_mean": number(0, 1),
        "auc_sd": number(0),
        "auc_lowest": number(0, 1),
        "auc_highest": number(0, 1),
        "lower": optional_number(0, 1),
        "upper": optional_number(0, 1),
        "logit_sd": number(0),
        "calls_that_differ": number(0, 1),
    },
)
"""Over the trainings of a CNN: AUC; its interval for a new training and new patients,
empty where an AUC is 0 or 1; SD of the logit of one node, root mean square over nodes;
share of nodes that are not called alike by all."""

SMALLEST = 1e-7
"""Scores are moved so far from 0 and 1 before their logit is taken."""


@dataclass(frozen=True, slots=True)
class TrainingSpread:
    """A number over several trainings of a CNN: how many, the lowest, the highest."""

    trainings: int
    lowest: float
    highest: float

    @classmethod
    def of(cls, values: Sequence[float]) -> "TrainingSpread":
        """Take the number of each training."""
        return cls(len(values), min(values), max(values))

    @property
    def words(self) -> str:
        """Write the spread: ``5 trainings: 0.880-0.905``."""
        return f"{self.trainings} trainings: {interval(self.lowest, self.highest)}"


def training_spreads(spread: str | Path | None) -> dict[str, TrainingSpread]:
    """Return the spread of the AUC of each CNN on the test set, by classifier.

    Parameters
    ----------
    spread
        ``SPREAD``; None where each CNN was trained once.
    """
    if spread is None:
        return {}
    return {
        f"cnn_{row['cnn']}": TrainingSpread(
            int(row["trainings"]), row["auc_lowest"], row["auc_highest"]
        )
        for row in tables.read(spread, SPREAD).to_dict("records")
    }


@dataclass(frozen=True, slots=True)
class Trainings:
    """The trainings of one CNN.

    Attributes
    ----------
    scores
        ``tables.SCORES`` of each, the study's own first.
    statistics
        The study's statistics of the CNN, for its threshold.
    """

    scores: Sequence[str | Path]
    statistics: str | Path


def compare_refits(
    cnns: Mapping[str, Trainings],
    *,
    level: float,
    refits: str | Path,
    spread: str | Path,
) -> None:
    """Compare the trainings of each CNN on the test set.

    Parameters
    ----------
    cnns
        By name, each with at least two trainings.
    level
        Confidence level.
    refits, spread
        Outputs: ``REFITS`` and ``SPREAD``.
    """
    rows: list[dict[str, Any]] = []
    summaries = []
    for cnn, trainings in cnns.items():
        name = f"cnn_{cnn}"
        tested = [
            read_partition(path, "test", classifier=name) for path in trainings.scores
        ]
        threshold = float(read_json(trainings.statistics)["threshold"]["value"])
        areas = [clustered_auc(t.score, t.positive, t.patient_id) for t in tested]
        rows += [
            {"cnn": cnn, "training": place}
            | _row(one, area, threshold=threshold, level=level)
            for place, (one, area) in enumerate(zip(tested, areas, strict=True), 1)
        ]
        scores = np.stack([one.score for one in tested])
        calls = np.stack([one.calls(threshold) for one in tested])
        summary: dict[str, Any] = {"cnn": cnn}
        summary |= spread_of_areas(areas, level=level)
        summaries.append(summary | spread_of_nodes(scores, calls))
    tables.write(pd.DataFrame(rows), refits, REFITS)
    tables.write(pd.DataFrame(summaries)[list(SPREAD.columns)], spread, SPREAD)


def spread_of_areas(
    areas: Sequence[ClusteredArea], *, level: float
) -> dict[str, float | int]:
    """Return mean, SD and range of AUCs, and the interval of a new training's.

    On the logit scale, its variance is that over patients (the mean of the trainings)
    plus that over trainings, times ``1 + 1 / trainings``; its quantile is Student's,
    with Satterthwaite's degrees of freedom.

    Parameters
    ----------
    areas
        Of at least two trainings.
    level
        Confidence level.
    """
    auc = np.array([area.estimate for area in areas])
    error = np.array([area.standard_error for area in areas])
    found: dict[str, float | int] = {
        "trainings": len(auc),
        "auc_mean": float(auc.mean()),
        "auc_sd": float(auc.std(ddof=1)),
        "auc_lowest": float(auc.min()),
        "auc_highest": float(auc.max()),
        "lower": float("nan"),
        "upper": float("nan"),
    }
    if auc.min() > 0 and auc.max() < 1:
        from scipy.stats import t  # noqa: PLC0415

        logits = logit(auc)
        of_patients = float(((error / (auc * (1 - auc))) ** 2).mean())
        of_trainings = float(logits.var(ddof=1)) * (1 + 1 / len(auc))
        whole = of_patients + of_trainings
        freedom = np.inf
        if of_trainings > 0:
            freedom = (len(auc) - 1) * (whole / of_trainings) ** 2
        half = float(t.ppf((1 + level) / 2, freedom)) * np.sqrt(whole)
        centre = logits.mean()
        found["lower"] = float(expit(centre - half))
        found["upper"] = float(expit(centre + half))
    return found


def spread_of_nodes(scores: FloatArray, calls: BoolArray) -> dict[str, float | int]:
    """Return how far trainings differ on the same node.

    Parameters
    ----------
    scores, calls
        Probabilities, and which are called positive ``(trainings, nodes)``.
    """
    logits = logit(np.clip(scores, SMALLEST, 1 - SMALLEST))
    return {
        "nodes": scores.shape[1],
        "logit_sd": float(np.sqrt(logits.var(axis=0, ddof=1).mean())),
        "calls_that_differ": float((calls.any(axis=0) & ~calls.all(axis=0)).mean()),
    }


def _row(
    tested: LabelledScores, area: ClusteredArea, *, threshold: float, level: float
) -> dict[str, float]:
    lower, upper = logit_interval(area, level=level)
    called = tested.calls(threshold)
    return {
        "auc": area.estimate,
        "lower": lower,
        "upper": upper,
        "sensitivity": float(called[tested.positive].mean()),
        "specificity": float((~called[~tested.positive]).mean()),
    }
