"""Ratings of readers and scores of networks on the nodes that they have in common."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from nodal_staging.classifiers.called_nodes import CalledNodes
from nodal_staging.classifiers.labelled_scores import (
    MIN_PER_CLASS,
    ScoreError,
    node_counts,
    read_partition,
    scarce_class,
)
from nodal_staging.classifiers.scores import called_positive
from nodal_staging.study.arrays import BoolArray, FloatArray, TextArray

LEVELS = 4
"""Ratings go from 1 (very unlikely) to 4 (very likely)."""

CALLED_FROM = 3
"""Likely and very likely count as positive, as published."""


@dataclass(frozen=True, slots=True, eq=False)
class CommonNodes:
    """Nodes that all raters scored, sorted by ``node_id``.

    Attributes
    ----------
    raters
        Names, in the order of the rows of ``scores`` and ``called``.
    node_id, patient_id, positive
        ``(n,)``.
    scores, called
        ``(raters, n)``.
    """

    raters: tuple[str, ...]
    node_id: TextArray
    patient_id: TextArray
    positive: BoolArray
    scores: FloatArray
    called: BoolArray

    @property
    def sizes(self) -> dict[str, int]:
        """Count nodes by status, and patients."""
        return node_counts(self.positive, self.patient_id)


def read_reader(classifier: str, scores: str | Path) -> CalledNodes:
    """Read the ratings of a reader.

    Raises
    ------
    ScoreError
        If a score is no rating.
    """
    rated = read_partition(scores, "test", classifier=classifier)
    wrong = ~np.isin(rated.score, np.arange(1, LEVELS + 1))
    if wrong.any():
        first = int(wrong.argmax())
        raise ScoreError(
            f"scores of {classifier}, node {rated.node_id[first]}: expected a rating "
            f"from 1 to {LEVELS}, found {rated.score[first]:g}; correct it"
        )
    return CalledNodes(classifier, rated, called_positive(rated.score, CALLED_FROM))


def in_common(raters: Sequence[CalledNodes]) -> CommonNodes:
    """Keep the nodes that every rater scored.

    Raises
    ------
    ScoreError
        If two raters differ on a node's status, or too few nodes are left.
    """
    names = tuple(rater.classifier for rater in raters)
    first, *others = (rater.scores for rater in raters)
    common = first.node_id
    for other in others:
        common = np.intersect1d(common, other.node_id)
    places = [np.searchsorted(rater.scores.node_id, common) for rater in raters]
    status = np.array(
        [r.scores.positive[at] for r, at in zip(raters, places, strict=True)]
    )
    _require_same_status(names, common, status)
    patient_id = first.patient_id[places[0]]
    _require_enough(names, status[0], patient_id)
    return CommonNodes(
        raters=names,
        node_id=common,
        patient_id=patient_id,
        positive=status[0],
        scores=np.array(
            [r.scores.score[at] for r, at in zip(raters, places, strict=True)]
        ),
        called=np.array([r.called[at] for r, at in zip(raters, places, strict=True)]),
    )


def _require_same_status(
    names: Sequence[str], node_id: TextArray, status: BoolArray
) -> None:
    """Refuse files that say different things of the same node."""
    differs = (status != status[:1]).any(axis=0)
    if differs.any():
        raise ScoreError(
            f"scores of {' and '.join(names)}, node "
            f"{node_id[int(differs.argmax())]}: the column status differs; correct it "
            "in one of the files"
        )


def _require_enough(
    names: Sequence[str], positive: BoolArray, patient_id: TextArray
) -> None:
    """Refuse common nodes on which no variance can be estimated."""
    scarce = scarce_class(positive, patient_id)
    if scarce is not None:
        raise ScoreError(
            f"scores of {' and '.join(names)}: expected {scarce.name} nodes of at "
            f"least {MIN_PER_CLASS} patients that all of them scored, found "
            f"{scarce.nodes} of {scarce.patients}; complete readings.tsv"
        )
