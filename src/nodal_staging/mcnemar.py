"""McNemar's test of two classifiers on the same nodes, on being right or wrong.

The published study compares error rates, so a pair is discordant where one
classifier is right and the other wrong. Three p values stand side by side:

- corrected: chi-square with continuity correction, R's default and most likely the
  paper's; conservative;
- exact: binomial given the discordant pairs; conservative;
- mid: exact with half the probability of what was seen; nearest to its level.

``significant`` is the corrected p below the configured level, as published: 0.005 is
0.05 divided by the 10 pairs of three networks and two readers. ``p_holm`` adjusts
the exact p values for all pairs of the table, whatever their number, and is to be
held against 0.05.

References
----------
McNemar, Psychometrika 1947;12:153. Edwards, Psychometrika 1948;13:185 (correction).
Fagerland et al., BMC Med Res Methodol 2013;13:91 (mid-p). Holm, Scand J Stat
1979;6:65.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations
from math import comb, erfc, sqrt
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd

from nodal_staging import tables
from nodal_staging.files import read_json
from nodal_staging.labelled_scores import LabelledScores, ScoreError, read_partition

BoolArray = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Discordance:
    """How often one of two classifiers alone is right."""

    only_a: int
    only_b: int

    @property
    def total(self) -> int:
        """Number of discordant pairs."""
        return self.only_a + self.only_b


@dataclass(frozen=True, slots=True, eq=False)
class Decisions:
    """What a classifier calls positive among the test nodes."""

    classifier: str
    scores: LabelledScores
    called: BoolArray

    @property
    def correct(self) -> BoolArray:
        """Whether each node is called what it is."""
        return np.equal(self.called, self.scores.positive)


def compare_classifiers(
    *,
    classifiers: Sequence[str],
    scores: Sequence[str | Path],
    statistics: Sequence[str | Path],
    significance: float,
    comparisons: str | Path,
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
        Output, ``tables.MCNEMAR``; pairs in the order of ``classifiers``.

    Raises
    ------
    ScoreError
        If two classifiers have not scored the same nodes.
    """
    decisions = [
        _decide(*one) for one in zip(classifiers, scores, statistics, strict=True)
    ]
    pairs = [_pair(a, b) for a, b in combinations(decisions, 2)]
    frame = pd.DataFrame(pairs, columns=list(tables.MCNEMAR.columns))
    frame["p_holm"] = holm(frame["p_exact"].to_numpy(float))
    frame["significant"] = np.where(
        frame["p_corrected"].to_numpy(float) < significance, "yes", "no"
    )
    tables.write(frame, comparisons, tables.MCNEMAR)


def p_corrected(pair: Discordance) -> float:
    """Return the chi-square p with continuity correction; 1 without discordance.

    As R's ``mcnemar.test``, the correction is left out where both counts are equal.
    """
    difference = abs(pair.only_a - pair.only_b)
    if not difference:
        return 1.0
    # The upper tail of chi-square with one degree of freedom.
    return erfc((difference - 1) / sqrt(2 * pair.total))


def p_exact(pair: Discordance) -> float:
    """Return the two-sided binomial p; 1 without discordance."""
    smaller = min(pair.only_a, pair.only_b)
    ways = sum(_ways(pair.total, smaller))
    return min(1.0, 2 * ways / (1 << pair.total))


def p_mid(pair: Discordance) -> float:
    """Return the exact p less half the probability of what was seen, per tail.

    Without discordance nothing was seen, and p is 1.
    """
    if not pair.total:
        return 1.0
    seen = comb(pair.total, pair.only_a) / (1 << pair.total)
    if pair.only_a == pair.only_b:
        return 1 - seen / 2
    return p_exact(pair) - seen


def holm(p: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Adjust p values for their number by Holm's step-down method.

    Parameters
    ----------
    p
        ``(k,)``.

    Returns
    -------
    Adjusted values in the same order, at most 1.
    """
    order = np.argsort(p, kind="stable")
    steps = np.arange(len(p), 0, -1) * p[order]
    adjusted = np.empty(len(p))
    adjusted[order] = np.minimum(np.maximum.accumulate(steps), 1)
    return adjusted


def _decide(classifier: str, scores: str | Path, statistics: str | Path) -> Decisions:
    """Apply the threshold that the statistics report."""
    tested = read_partition(scores, "test", classifier=classifier)
    threshold = read_json(statistics)["threshold"]["value"]
    return Decisions(classifier, tested, tested.calls(threshold))


def _pair(a: Decisions, b: Decisions) -> dict[str, object]:
    """Test one pair; Holm's adjustment needs all pairs and comes later."""
    _require_same_nodes(a, b)
    pair = Discordance(
        only_a=int((a.correct & ~b.correct).sum()),
        only_b=int((b.correct & ~a.correct).sum()),
    )
    n = len(a.called)
    return {
        "classifier_a": a.classifier,
        "classifier_b": b.classifier,
        "n": n,
        "only_a_correct": pair.only_a,
        "only_b_correct": pair.only_b,
        "accuracy_difference": (pair.only_a - pair.only_b) / n,
        "p_corrected": p_corrected(pair),
        "p_exact": p_exact(pair),
        "p_mid": p_mid(pair),
        "status": _status(a, b, pair),
    }


def _status(a: Decisions, b: Decisions, pair: Discordance) -> str:
    """Say in a word whether the test had anything to test."""
    if np.array_equal(a.called, b.called):
        return "identical_predictions"
    return "ok" if pair.total else "no_discordant_pairs"


def _require_same_nodes(a: Decisions, b: Decisions) -> None:
    """Refuse pairs that were not scored on the same nodes with the same status."""
    names = f"scores of {a.classifier} and {b.classifier}, partition test"
    only = np.setxor1d(a.scores.node_id, b.scores.node_id)
    if len(only):
        raise ScoreError(
            f"{names}: expected the same nodes, found {only[0]} in one of them only "
            f"(and {len(only) - 1} more); score every test node"
        )
    differs = a.scores.positive != b.scores.positive
    if differs.any():
        raise ScoreError(
            f"{names}, node {a.scores.node_id[int(differs.argmax())]}: the column "
            "status differs; correct it in one of the files"
        )


def _ways(total: int, most: int) -> Iterator[int]:
    """Count the ways to have 0, 1, ... ``most`` of ``total``, in exact integers."""
    ways = 1
    for chosen in range(most + 1):
        yield ways
        ways = ways * (total - chosen) // (chosen + 1)
