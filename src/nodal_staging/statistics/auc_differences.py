"""Paired differences of AUCs on the same nodes, with intervals.

pROC's ``roc.test`` (DeLong) is the engine of record; ``estimates`` recomputes it.
Where nodes are nested in patients, Obuchowski's covariance is computed as well; report
that one first. Its interval and p are of Student's t, since the variance of a few
patients is itself uncertain. Holm adjusts each kind of p for all pairs of the table.

References
----------
DeLong et al., Biometrics 1988;44:837. Obuchowski, Biometrics 1997;53:567.
Satterthwaite, Biometrics Bull 1946;2:110 (degrees of freedom).
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import combinations
from math import inf, sqrt
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from nodal_staging import tables
from nodal_staging.classifiers.labelled_scores import (
    LabelledScores,
    comparable_nodes,
    read_partition,
)
from nodal_staging.estimates import implementation_agreement
from nodal_staging.estimates.auc import placements
from nodal_staging.estimates.delong import (
    DIFFERENCE,
    NO_VARIANCE,
    clustered_areas,
    delong_areas,
)
from nodal_staging.estimates.paired_tests import holm
from nodal_staging.estimates.wald import wald_interval, wald_p
from nodal_staging.statistics import proc
from nodal_staging.study.arrays import BoolArray, FloatArray
from nodal_staging.tables.columns import (
    count,
    number,
    one_of,
    optional_number,
    table,
    text,
)

Row = dict[str, Any]

PARTS = ("standard_error", "lower", "upper", "z", "p", "p_holm")
METHODS = ("delong", "clustered")

AUC_DIFFERENCES = table(
    {
        "classifier_a": text(),
        "classifier_b": text(),
        "n_positive": count(),
        "n_negative": count(),
        "n_patients": count(),
        "auc_a": number(0, 1),
        "auc_b": number(0, 1),
        "difference": number(-1, 1),
        **{
            f"{method}_{part}": optional_number()
            for method in METHODS
            for part in PARTS
        },
        "clustered_freedom": optional_number(),
        "engine": text(),
        "status": one_of(["ok", "same_order", "no_variance", "delong_only"]),
    },
    unique=["classifier_a", "classifier_b"],
)
"""One row per pair of a family, A less B. ``same_order``: both order all nodes alike,
so that p is 1 by definition. ``no_variance``: no resampling changes the difference, so
that it has neither interval nor p. ``delong_only``: too few patients for the clustered
variance, which came out negative. ``clustered_freedom`` are the degrees of freedom of
the clustered error, from the patients of both classes."""


@dataclass(frozen=True, slots=True, eq=False)
class Scored:
    """A classifier with its curve in pROC."""

    classifier: str
    scores: LabelledScores
    curve: proc.RocCurve

    @classmethod
    def of(cls, classifier: str, scores: LabelledScores) -> "Scored":
        """Hand the scores to pROC."""
        return cls(classifier, scores, proc.RocCurve(scores.score, scores.positive))

    def only(self, members: BoolArray) -> "Scored":
        """Return the classifier on some of its nodes ``(n,)``."""
        if members.all():
            return self
        return Scored.of(self.classifier, self.scores.only(members))


def compare_aucs(
    *,
    classifiers: Sequence[str],
    scores: Sequence[str | Path],
    confidence_level: float,
    differences: str | Path,
) -> None:
    """Compare the AUCs of all pairs on the test partition.

    Parameters
    ----------
    classifiers, scores
        Names and their ``tables.SCORES``, in the same order.
    confidence_level
        Of every interval.
    differences
        Output, ``AUC_DIFFERENCES``; pairs in the order of ``classifiers``.

    Raises
    ------
    ScoreError
        If two classifiers have not scored the same nodes.
    AgreementError
        If pROC and the independent implementation disagree.
    """
    scored = []
    for name, path in zip(classifiers, scores, strict=True):
        read = read_partition(path, "test", classifier=name)
        scored.append(Scored.of(name, read))
    frame = compare_pairs(combinations(scored, 2), confidence_level)
    tables.write(frame, differences, AUC_DIFFERENCES)


def compare_pairs(pairs: Iterable[tuple[Scored, Scored]], level: float) -> pd.DataFrame:
    """Compare the areas of pairs, with Holm's adjustment for all of them.

    Parameters
    ----------
    pairs
        Classifiers with scores of the same nodes.
    level
        Confidence level of every interval.

    Returns
    -------
    ``AUC_DIFFERENCES``, in the order of the pairs.

    Raises
    ------
    ScoreError
        If two classifiers have not scored the same nodes.
    AgreementError
        If pROC and the independent implementation disagree.
    """
    rows = [_pair(a, b, level) for a, b in pairs]
    frame = pd.DataFrame(rows, columns=list(AUC_DIFFERENCES.columns))
    for method in METHODS:
        tested = frame[f"{method}_p"].notna()
        p = frame.loc[tested, f"{method}_p"].to_numpy(float)
        frame[f"{method}_p_holm"] = np.nan
        frame.loc[tested, f"{method}_p_holm"] = holm(p)
    return frame


def _pair(a: Scored, b: Scored, level: float) -> Row:
    """Compare one pair; Holm's adjustment needs all pairs and comes later."""
    of_a, of_b = comparable_nodes(a.classifier, a.scores, b.classifier, b.scores)
    a, b = a.only(of_a), b.only(of_b)
    positive = a.scores.positive
    pair = np.stack([a.scores.score, b.scores.score])
    area_a, area_b = a.scores.area.estimate, b.scores.area.estimate
    row: Row = {
        "classifier_a": a.classifier,
        "classifier_b": b.classifier,
        **a.scores.sizes,
        "auc_a": area_a,
        "auc_b": area_b,
        "difference": area_a - area_b,
        "engine": proc.engine(),
    }
    if _same_order(pair, positive):
        return row | _nothing(0.0, 1.0) | {"status": "same_order"}
    by_node = float(delong_areas(pair, positive, contrasts=DIFFERENCE).covariance[0, 0])
    if by_node < NO_VARIANCE:
        return row | _nothing(None, None) | {"status": "no_variance"}
    row |= _with_delong(a.curve.compare(b.curve, level=level), by_node, row)
    patients = a.scores.patient_id
    by_patient = clustered_areas(pair, positive, patients, contrasts=DIFFERENCE)
    variance = float(by_patient.covariance[0, 0])
    if variance < NO_VARIANCE or by_patient.freedom is None:
        return row | {"status": "delong_only"}
    freedom = float(by_patient.freedom[0])
    clustered = _wald(row["difference"], variance, level, freedom)
    clustered["freedom"] = freedom
    return row | _named("clustered", clustered) | {"status": "ok"}


def _with_delong(test: proc.PairedTest, variance: float, row: Row) -> Row:
    """Take pROC's test, and make sure that ours is the same."""
    ours = _wald(row["difference"], variance, test.level)
    theirs = {"lower": test.lower, "upper": test.upper, "z": test.z, "p": test.p}
    pair = f"{row['classifier_a']} and {row['classifier_b']}"
    implementation_agreement.compare_exact(
        f"difference of AUC, {pair}", test.difference, row["difference"]
    )
    for name, value in theirs.items():
        implementation_agreement.compare_relative(
            f"{name} of the difference, {pair}",
            float("nan") if value is None else value,
            ours[name],
        )
    return _named("delong", ours | theirs)


def _wald(
    difference: float, variance: float, level: float, freedom: float = inf
) -> Row:
    """Return error, interval, z (t where there are degrees of freedom), two-sided p."""
    error = sqrt(variance)
    lower, upper = wald_interval(difference, error, level=level, freedom=freedom)
    return {
        "standard_error": error,
        "lower": lower,
        "upper": upper,
        "z": difference / error,
        "p": wald_p(difference, error, freedom=freedom),
    }


def _named(method: str, parts: Row) -> Row:
    """Put the method before each name."""
    return {f"{method}_{part}": value for part, value in parts.items()}


def _nothing(value: float | None, p: float | None) -> Row:
    """Fill in what does not vary."""
    parts = dict.fromkeys(("standard_error", "lower", "upper", "z"), value) | {"p": p}
    return _named("delong", parts) | _named("clustered", parts)


def _same_order(pair: FloatArray, positive: BoolArray) -> bool:
    """Tell whether both scores ``(2, n)`` place every node alike."""
    first, second = (placements(score, positive) for score in pair)
    return all(np.array_equal(one, two) for one, two in zip(first, second, strict=True))
