"""Test nodes as a classifier calls them: positive or negative, right or wrong."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from nodal_staging.classifiers.labelled_scores import (
    LabelledScores,
    ScoreError,
    read_partition,
)
from nodal_staging.study.arrays import BoolArray, TextArray
from nodal_staging.study.files import read_json

OUTCOMES = ["true_positive", "false_positive", "true_negative", "false_negative"]


@dataclass(frozen=True, slots=True, eq=False)
class CalledNodes:
    """The test nodes of a classifier, and which of them it calls positive.

    Attributes
    ----------
    classifier
        Name.
    scores
        Test nodes, sorted by ``node_id``.
    called
        Whether each node is called positive ``(n,)``.
    """

    classifier: str
    scores: LabelledScores
    called: BoolArray

    @property
    def correct(self) -> BoolArray:
        """Whether each node is called what it is."""
        return np.equal(self.called, self.scores.positive)

    @property
    def outcomes(self) -> TextArray:
        """One of ``OUTCOMES`` for each node ``(n,)``."""
        right = np.where(self.correct, "true", "false")
        side = np.where(self.called, "positive", "negative")
        return np.char.add(np.char.add(right, "_"), side)

    def only(self, members: BoolArray) -> "CalledNodes":
        """Return some of the nodes ``(n,)``."""
        return CalledNodes(
            self.classifier, self.scores.only(members), self.called[members]
        )

    def outcomes_of(self, node_ids: Sequence[str]) -> TextArray:
        """Return the outcomes of some test nodes, in the order of their names."""
        found = pd.Series(self.outcomes, index=self.scores.node_id)
        return np.asarray(found.loc[list(node_ids)], str)


def chosen_threshold(statistics: str | Path) -> float:
    """Read the threshold from the statistics of a classifier.

    Raises
    ------
    ScoreError
        If none was chosen, since the scores hold decisions.
    """
    value = read_json(statistics)["threshold"]["value"]
    if value is None:
        raise ScoreError(
            f"{statistics}: expected a threshold, found none; empty the column "
            "prediction of the scores so that one is chosen"
        )
    return float(value)


def read_called(
    classifier: str, scores: str | Path, statistics: str | Path
) -> CalledNodes:
    """Read the test nodes, called as decided or at the threshold of the statistics.

    Parameters
    ----------
    classifier
        Name.
    scores
        ``tables.SCORES``.
    statistics
        JSON of the classifier, from ``statistics.classifier``.
    """
    tested = read_partition(scores, "test", classifier=classifier)
    threshold = None if tested.decided is not None else chosen_threshold(statistics)
    return CalledNodes(classifier, tested, tested.calls(threshold))
