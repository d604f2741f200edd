"""The scores of a classifier, read and found fit for evaluation.

A node is called positive at and above a threshold, or where the file itself holds
the decision. What follows does not know which classifier is human.
"""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd

from nodal_staging import tables
from nodal_staging.study.classifier_names import is_reader
from nodal_staging.study.errors import InputError

BoolArray = npt.NDArray[np.bool_]
FloatArray = npt.NDArray[np.float64]
TextArray = npt.NDArray[np.str_]

MIN_PER_CLASS = 2
"""Fewer have no variance, and R's ``sample(x)`` of one number x draws from 1 to x."""


class ScoreError(InputError):
    """The scores of a classifier cannot be evaluated."""

    reason = "unusable_scores"


@dataclass(frozen=True, slots=True, eq=False)
class LabelledScores:
    """The nodes of one partition, sorted by ``node_id``; all arrays ``(n,)``.

    Attributes
    ----------
    node_id, patient_id
        Pseudonyms.
    positive
        The status of the node.
    score
        Higher speaks for a positive node.
    decided
        The decisions that the file holds, or None where a threshold must decide.
    """

    node_id: TextArray
    patient_id: TextArray
    positive: BoolArray
    score: FloatArray
    decided: BoolArray | None

    def calls(self, threshold: float | None) -> BoolArray:
        """Return who is called positive: as decided, or ``score >= threshold``."""
        if self.decided is not None:
            return self.decided
        if threshold is None:
            raise ScoreError(
                "scores without predictions need a threshold; found none; "
                "fill in the column prediction or choose a threshold"
            )
        return self.score >= threshold

    def only(self, members: BoolArray) -> "LabelledScores":
        """Return some of the nodes ``(n,)``."""
        return LabelledScores(
            self.node_id[members],
            self.patient_id[members],
            self.positive[members],
            self.score[members],
            None if self.decided is None else self.decided[members],
        )


def read_partition(
    path: str | Path, partition: str, *, classifier: str
) -> LabelledScores:
    """Read the nodes of one partition and make sure that they can be evaluated.

    Parameters
    ----------
    path
        A file of the form ``tables.SCORES``.
    partition
        One of ``tables.PARTITIONS``.
    classifier
        Name for messages.

    Raises
    ------
    ScoreError
        If a score is not finite, predictions are filled in for some nodes only, or
        a class has fewer than two nodes or stems from a single patient.
    """
    frame = tables.read(path, tables.SCORES)
    rows = frame[frame["partition"] == partition].sort_values("node_id")
    where = f"scores of {classifier}, partition {partition}"
    scores = LabelledScores(
        node_id=rows["node_id"].to_numpy(str),
        patient_id=rows["patient_id"].to_numpy(str),
        positive=np.asarray(rows["status"] == "positive", bool),
        score=rows["score"].to_numpy(float),
        decided=_decisions(rows, where),
    )
    _require_finite(scores, where)
    _require_both_classes(scores, where)
    return scores


def comparable_nodes(
    name_a: str, a: LabelledScores, name_b: str, b: LabelledScores
) -> tuple[BoolArray, BoolArray]:
    """Return on which of their nodes two classifiers are compared.

    All, which must be the same for both; but a reader may have left out nodes
    (``readers.unread``), and is compared on the others.

    Raises
    ------
    ScoreError
        If the nodes differ in another way, or too few are left.
    """
    of_a, of_b = np.ones(len(a.node_id), bool), np.ones(len(b.node_id), bool)
    if is_reader(name_a) or is_reader(name_b):
        of_a, of_b = np.isin(a.node_id, b.node_id), np.isin(b.node_id, a.node_id)
        _require_both_classes(a.only(of_a), f"nodes that {name_a} and {name_b} share")
    require_same_nodes(name_a, a.only(of_a), name_b, b.only(of_b))
    return of_a, of_b


def require_same_nodes(
    name_a: str, a: LabelledScores, name_b: str, b: LabelledScores
) -> None:
    """Refuse two classifiers that did not score the same test nodes of one status.

    Raises
    ------
    ScoreError
        Naming both classifiers and the first node.
    """
    names = f"scores of {name_a} and {name_b}, partition test"
    only = np.setxor1d(a.node_id, b.node_id)
    if len(only):
        raise ScoreError(
            f"{names}: expected the same nodes, found {only[0]} in one of them only "
            f"(and {len(only) - 1} more); score every test node"
        )
    for column, differs in (
        ("status", a.positive != b.positive),
        ("patient_id", a.patient_id != b.patient_id),
    ):
        if differs.any():
            raise ScoreError(
                f"{names}, node {a.node_id[int(differs.argmax())]}: the column "
                f"{column} differs; correct it in one of the files"
            )


def _decisions(rows: pd.DataFrame, where: str) -> BoolArray | None:
    """Return the decisions of all rows, or None if no row holds one."""
    empty = rows["prediction"].isna().to_numpy(bool)
    if empty.all():
        return None
    if empty.any():
        raise ScoreError(
            f"{where}: prediction is empty for node "
            f"{rows['node_id'].iloc[int(empty.argmax())]} and filled in for others; "
            "fill it in for all nodes or for none"
        )
    return np.asarray(rows["prediction"] == "positive", bool)


def _require_finite(scores: LabelledScores, where: str) -> None:
    """Refuse infinite scores, which pROC would turn into a silent NaN."""
    wrong = ~np.isfinite(scores.score)
    if wrong.any():
        first = int(wrong.argmax())
        raise ScoreError(
            f"{where}, node {scores.node_id[first]}: expected a finite score, found "
            f"{scores.score[first]}; correct it or leave the node out"
        )


def _require_both_classes(scores: LabelledScores, where: str) -> None:
    """Refuse classes without a variance between nodes and between patients."""
    for name, members in (
        ("positive", scores.positive),
        ("negative", ~scores.positive),
    ):
        nodes = int(members.sum())
        patients = len(np.unique(scores.patient_id[members]))
        if nodes < MIN_PER_CLASS or patients < MIN_PER_CLASS:
            raise ScoreError(
                f"{where}: expected at least {MIN_PER_CLASS} {name} nodes of "
                f"{MIN_PER_CLASS} patients, found {nodes} nodes of {patients} "
                "patients; evaluate on a larger partition"
            )
