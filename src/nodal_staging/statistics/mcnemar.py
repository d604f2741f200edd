"""McNemar's test of two classifiers on the same nodes, on being right or wrong.

The published study compares error rates, so a pair is discordant where one
classifier is right and the other wrong. Three p values stand side by side:

- corrected: chi-square with continuity correction, R's default and most likely the
  paper's; conservative;
- exact: binomial given the discordant pairs; conservative;
- mid: exact with half the probability of what was seen; nearest to its level.

All three take nodes as independent. ``p_clustered`` and ``p_clustered_exact`` take
patients instead: per patient the nodes that A alone has right less those that B alone
has right, whose signs are as likely plus as minus where A and B are equally good. With
one node per patient they are the uncorrected and the exact test.

``significant`` is the corrected p below the level of the study, by default 0.05
divided by the number of pairs; the published 0.005 is that of the 10 pairs of three
networks and two readers. ``p_holm`` adjusts the exact p values,
``p_clustered_holm`` the clustered exact ones, for all pairs of the
table, whatever their number, and are to be held against 0.05.

Equal accuracies can hide opposite errors, so every pair is also tested within positive
nodes (difference of sensitivities) and within negative nodes (of specificities).

References
----------
McNemar, Psychometrika 1947;12:153. Edwards, Psychometrika 1948;13:185 (correction).
Fagerland et al., BMC Med Res Methodol 2013;13:91 (mid-p). Holm, Scand J Stat
1979;6:65. Tango, Stat Med 1998;17:891 (interval). Clustered: Durkalski et al., Stat
Med 2003;22:2417.
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from itertools import combinations
from math import sqrt
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd

from nodal_staging import tables
from nodal_staging.classifiers.called_nodes import CalledNodes, read_called
from nodal_staging.classifiers.labelled_scores import (
    LabelledScores,
    comparable_nodes,
)
from nodal_staging.estimates.paired_tests import (
    Discordance,
    difference_interval,
    holm,
    p_clustered,
    p_corrected,
    p_exact,
    p_mid,
    p_uncorrected,
    sign_flip_p,
)
from nodal_staging.estimates.proportions import normal_quantile
from nodal_staging.study.arrays import BoolArray, IntArray
from nodal_staging.tables.columns import count, number, one_of, table, text

STATUSES = ["ok", "no_discordant_pairs", "identical_predictions"]
CLASSES = ("sensitivity", "specificity")

MCNEMAR = table(
    {
        "classifier_a": text(),
        "classifier_b": text(),
        "n": count(),
        "patients": count(),
        "both_correct": count(),
        "only_a_correct": count(),
        "only_b_correct": count(),
        "both_wrong": count(),
        "accuracy_difference": number(-1, 1),
        "lower": number(-1, 1),
        "upper": number(-1, 1),
        "clustered_lower": number(-1, 1),
        "clustered_upper": number(-1, 1),
        "p_uncorrected": number(0, 1),
        "p_corrected": number(0, 1),
        "p_exact": number(0, 1),
        "p_mid": number(0, 1),
        "p_holm": number(0, 1),
        "patients_discordant": count(),
        "p_clustered": number(0, 1),
        "p_clustered_exact": number(0, 1),
        "p_clustered_holm": number(0, 1),
        "significant": one_of(["yes", "no"]),
        "status": one_of(STATUSES),
        **{
            f"{name}_{part}": column
            for name in CLASSES
            for part, column in {
                "n": count(),
                "only_a": count(),
                "only_b": count(),
                "difference": number(-1, 1),
                "lower": number(-1, 1),
                "upper": number(-1, 1),
                "clustered_lower": number(-1, 1),
                "clustered_upper": number(-1, 1),
                "p_exact": number(0, 1),
                "p_mid": number(0, 1),
                "p_clustered_exact": number(0, 1),
                "status": one_of(STATUSES),
            }.items()
        },
    },
    unique=["classifier_a", "classifier_b"],
)
"""One row per pair of a family. Differences are A less B: of accuracy, of sensitivity
(positive nodes alone) and of specificity (negative nodes alone). ``lower`` and
``upper`` are Tango's limits, ``clustered_lower`` and ``clustered_upper`` those of
Wald's interval over patients."""


def compare_classifiers(
    *,
    classifiers: Sequence[str],
    scores: Sequence[str | Path],
    statistics: Sequence[str | Path],
    significance: float,
    comparisons: str | Path,
    confidence_level: float = 0.95,
) -> None:
    """Test all pairs of classifiers on the test partition.

    Parameters
    ----------
    classifiers, scores, statistics
        Names, their ``tables.SCORES``, and their JSON, whose threshold decides
        where the scores hold no decision; in the same order.
    significance
        Level for the corrected p.
    comparisons
        Output, ``MCNEMAR``; pairs in the order of ``classifiers``.
    confidence_level
        Of the intervals of differences.

    Raises
    ------
    ScoreError
        If two classifiers have not scored the same nodes.
    """
    decisions = [
        read_called(*one) for one in zip(classifiers, scores, statistics, strict=True)
    ]
    pairs = [_pair(a, b, confidence_level) for a, b in combinations(decisions, 2)]
    frame = pd.DataFrame(pairs, columns=list(MCNEMAR.columns))
    frame["p_holm"] = holm(frame["p_exact"].to_numpy(float))
    frame["p_clustered_holm"] = holm(frame["p_clustered_exact"].to_numpy(float))
    frame["significant"] = np.where(
        frame["p_corrected"].to_numpy(float) < significance, "yes", "no"
    )
    tables.write(frame, comparisons, MCNEMAR)


def _pair(a: CalledNodes, b: CalledNodes, level: float) -> dict[str, object]:
    """Test one pair; Holm's adjustments need all pairs and come later."""
    of_a, of_b = comparable_nodes(a.classifier, a.scores, b.classifier, b.scores)
    a, b = a.only(of_a), b.only(of_b)
    everyone = np.ones(len(a.called), bool)
    found = _compare(a, b, everyone, level)
    pair = Discordance(found.only_a, found.only_b)
    row = {
        "classifier_a": a.classifier,
        "classifier_b": b.classifier,
        "n": found.n,
        "patients": len(np.unique(a.scores.patient_id)),
        "both_correct": int((a.correct & b.correct).sum()),
        "only_a_correct": found.only_a,
        "only_b_correct": found.only_b,
        "both_wrong": int((~a.correct & ~b.correct).sum()),
        "accuracy_difference": found.difference,
        "lower": found.lower,
        "upper": found.upper,
        "clustered_lower": found.clustered_lower,
        "clustered_upper": found.clustered_upper,
        **_over_patients(a, b, everyone),
        "p_uncorrected": p_uncorrected(pair),
        "p_corrected": p_corrected(pair),
        "p_exact": found.p_exact,
        "p_mid": found.p_mid,
        "p_clustered_exact": found.p_clustered_exact,
        "status": found.status,
    }
    for name, members in zip(
        CLASSES, (a.scores.positive, ~a.scores.positive), strict=True
    ):
        within = asdict(_compare(a, b, members, level))
        row |= {f"{name}_{part}": value for part, value in within.items()}
    return row


@dataclass(frozen=True, slots=True)
class Comparison:
    """Who alone is right among some nodes, and what follows; A less B."""

    n: int
    only_a: int
    only_b: int
    difference: float
    lower: float
    upper: float
    clustered_lower: float
    clustered_upper: float
    p_exact: float
    p_mid: float
    p_clustered_exact: float
    status: str


def _compare(
    a: CalledNodes, b: CalledNodes, among: BoolArray, level: float
) -> Comparison:
    """Compare two classifiers among some nodes ``(n,)``."""
    pair = Discordance(
        only_a=int((a.correct & ~b.correct & among).sum()),
        only_b=int((b.correct & ~a.correct & among).sum()),
    )
    n = int(among.sum())
    lower, upper = difference_interval(pair.only_a, pair.only_b, n, level=level)
    of_patients = _clustered_interval(a, b, among, level)
    return Comparison(
        n=n,
        only_a=pair.only_a,
        only_b=pair.only_b,
        difference=(pair.only_a - pair.only_b) / n,
        lower=lower,
        upper=upper,
        clustered_lower=of_patients[0],
        clustered_upper=of_patients[1],
        p_exact=p_exact(pair),
        p_mid=p_mid(pair),
        p_clustered_exact=sign_flip_p(_per_patient(a, b, among)),
        status=_status(a.called[among], b.called[among], pair),
    )


def _clustered_interval(
    a: CalledNodes, b: CalledNodes, among: BoolArray, level: float
) -> tuple[float, float]:
    """Return Wald's interval of a ratio of sums over the patients of some nodes."""
    gained = _per_patient(a, b, among)
    nodes = _per_patient_sum(a.scores, among)
    n, k = int(nodes.sum()), int((nodes > 0).sum())
    difference = float(gained.sum() / n)
    spread = ((gained - difference * nodes) ** 2).sum()
    half = normal_quantile(level) * sqrt(k / (k - 1) * spread) / n
    return max(difference - half, -1.0), min(difference + half, 1.0)


def _over_patients(
    a: CalledNodes, b: CalledNodes, everyone: BoolArray
) -> dict[str, object]:
    """Count patients with a difference, and test it by z squared."""
    gained = _per_patient(a, b, everyone)
    return {
        "patients_discordant": int((gained != 0).sum()),
        "p_clustered": p_clustered(gained),
    }


def _per_patient(a: CalledNodes, b: CalledNodes, among: BoolArray) -> IntArray:
    """Return, per patient, nodes that A alone has right less those of B alone."""
    alone = a.correct.astype(int) - b.correct.astype(int)
    return _per_patient_sum(a.scores, alone * among)


def _per_patient_sum(scores: LabelledScores, values: npt.ArrayLike) -> IntArray:
    """Sum integers over the nodes of each patient."""
    patient = np.unique(scores.patient_id, return_inverse=True)[1]
    summed = np.bincount(patient, weights=np.asarray(values, float))
    return np.asarray(summed.round(), np.int64)


def _status(called_a: BoolArray, called_b: BoolArray, pair: Discordance) -> str:
    """Say in a word whether the test had anything to test."""
    if np.array_equal(called_a, called_b):
        return "identical_predictions"
    return "ok" if pair.total else "no_discordant_pairs"
