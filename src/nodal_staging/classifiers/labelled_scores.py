"""The scores of a classifier, read once and checked before evaluation.

``ScoredClassifier`` is a file of scores; ``LabelledScores`` is one partition of it with
what statistics derive from it (ROC curve, areas), each computed once. The statistics
are the same for networks and for readers.
"""

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
import pandas as pd

from nodal_staging import tables
from nodal_staging.classifiers.scores import called_positive
from nodal_staging.estimates.curve import Curve, empirical_curve
from nodal_staging.estimates.delong import (
    Areas,
    ClusteredArea,
    clustered_areas,
    clustered_contrast,
    delong_areas,
)
from nodal_staging.study.arrays import BoolArray, FloatArray, TextArray
from nodal_staging.study.classifier_names import is_reader
from nodal_staging.study.errors import InputError
from nodal_staging.tables.rounding import and_more

MIN_PER_CLASS = 2
"""Fewer have no variance, and R's ``sample(x)`` of one number x draws from 1 to x."""


class ScoreError(InputError):
    """The scores of a classifier cannot be evaluated."""

    reason = "unusable_scores"


def node_counts(positive: BoolArray, patient_id: TextArray) -> dict[str, int]:
    """Count nodes by status, and patients; status and patient per node ``(n,)``."""
    return {
        "n_positive": int(positive.sum()),
        "n_negative": int((~positive).sum()),
        "n_patients": len(np.unique(patient_id)),
    }


@dataclass(frozen=True, slots=True)
class ScarceClass:
    """A class (``positive`` or ``negative``) with too few patients."""

    name: str
    nodes: int
    patients: int


def scarce_class(positive: BoolArray, patient_id: TextArray) -> ScarceClass | None:
    """Return the first class of fewer than ``MIN_PER_CLASS`` patients, if any.

    Parameters
    ----------
    positive, patient_id
        Status and patient of each node ``(n,)``.
    """
    for name, members in (("positive", positive), ("negative", ~positive)):
        patients = len(np.unique(patient_id[members]))
        if patients < MIN_PER_CLASS:
            return ScarceClass(name, int(members.sum()), patients)
    return None


@dataclass(frozen=True, eq=False)
class LabelledScores:
    """The nodes of one partition, sorted by ``node_id``; all arrays ``(n,)``.

    Curve and areas are computed when they are first needed, and kept.

    Attributes
    ----------
    node_id, patient_id
        Pseudonyms.
    positive
        The status of the node.
    score
        Higher values indicate a positive node.
    decided
        The decisions that the file holds, or None where a threshold must decide.
    """

    node_id: TextArray
    patient_id: TextArray
    positive: BoolArray
    score: FloatArray
    decided: BoolArray | None

    @cached_property
    def curve(self) -> Curve:
        """The empirical ROC curve."""
        return empirical_curve(self.score, self.positive)

    @cached_property
    def by_node(self) -> Areas:
        """The AUC ``(1,)`` with DeLong's variance."""
        return delong_areas(self.score[np.newaxis], self.positive)

    @cached_property
    def area(self) -> ClusteredArea:
        """The AUC with its standard error over patients."""
        scores = self.score[np.newaxis]
        by_patient = clustered_areas(scores, self.positive, self.patient_id)
        return clustered_contrast(by_patient, self.by_node, [1.0])

    @property
    def sizes(self) -> dict[str, int]:
        """Count nodes by status, and patients."""
        return node_counts(self.positive, self.patient_id)

    def calls(self, threshold: float | None) -> BoolArray:
        """Return which nodes are called positive: as decided, or by a threshold."""
        if self.decided is not None:
            return self.decided
        if threshold is None:
            raise ScoreError(
                "scores without predictions need a threshold; found none; "
                "fill in the column prediction or choose a threshold"
            )
        return called_positive(self.score, threshold)

    def dichotomised(self, called: BoolArray) -> "LabelledScores":
        """Return the nodes with their calls ``(n,)`` as scores of 0 and 1."""
        return LabelledScores(
            self.node_id, self.patient_id, self.positive, called.astype(float), called
        )

    def only(self, members: BoolArray) -> "LabelledScores":
        """Return some of the nodes ``(n,)``."""
        return LabelledScores(
            self.node_id[members],
            self.patient_id[members],
            self.positive[members],
            self.score[members],
            None if self.decided is None else self.decided[members],
        )


@dataclass(frozen=True, eq=False)
class ScoredClassifier:
    """A classifier and its scores of all partitions.

    Attributes
    ----------
    name
        As in the names of files.
    rows
        ``tables.SCORES``.
    """

    name: str
    rows: pd.DataFrame

    @classmethod
    def read(cls, name: str, path: str | Path) -> "ScoredClassifier":
        """Read a file of the form ``tables.SCORES``."""
        return cls(name, tables.read(path, tables.SCORES))

    @cached_property
    def test(self) -> LabelledScores:
        """The test partition; raises as ``partition``."""
        return self.partition("test")

    @cached_property
    def out_of_fold(self) -> LabelledScores:
        """The nodes that folds held out; raises as ``partition``."""
        return self.partition("out_of_fold")

    def partition(self, name: str) -> LabelledScores:
        """Take the nodes of one partition, and check that they can be evaluated.

        Parameters
        ----------
        name
            One of ``tables.PARTITIONS``.

        Raises
        ------
        ScoreError
            If a score is not finite, predictions are filled in for some nodes only, or
            a class has fewer than two nodes or stems from a single patient.
        """
        rows = self.rows[self.rows["partition"] == name].sort_values("node_id")
        where = f"scores of {self.name}, partition {name}"
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


def read_partition(
    path: str | Path, partition: str, *, classifier: str
) -> LabelledScores:
    """Read one partition of a file of scores; see ``ScoredClassifier``.

    Parameters
    ----------
    path
        A file of the form ``tables.SCORES``.
    partition
        One of ``tables.PARTITIONS``.
    classifier
        Name for messages.
    """
    return ScoredClassifier.read(classifier, path).partition(partition)


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
            f"{names}: expected the same nodes, found {only[0]} in one of them only"
            f"{and_more(len(only) - 1)}; score every test node"
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
    scarce = scarce_class(scores.positive, scores.patient_id)
    if scarce is not None:
        raise ScoreError(
            f"{where}: expected at least {MIN_PER_CLASS} {scarce.name} nodes of "
            f"{MIN_PER_CLASS} patients, found {scarce.nodes} nodes of "
            f"{scarce.patients} patients; evaluate on a larger partition"
        )
