"""Scores of all nodes of the test patients, in files of their own.

No statistic of a classifier reads them: their partition is ``tables.ALL_TEST_NODES``,
and the audit alone asks for it.
"""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy.typing as npt
import pandas as pd

from nodal_staging import tables
from nodal_staging.classifiers.scores import score_table


@dataclass(frozen=True, slots=True)
class AllTestNodes:
    """All nodes of the test patients, and where their scores go.

    Attributes
    ----------
    nodes
        ``tables.DATASET``; the nodes of the test set are among them.
    scores
        Output: ``tables.SCORES`` without predictions.
    """

    nodes: str | Path
    scores: str | Path

    def write(
        self, scored: pd.DataFrame, score: Callable[[pd.DataFrame], npt.ArrayLike]
    ) -> None:
        """Join scores of the test set, as they are, with those of the other nodes.

        Parameters
        ----------
        scored
            ``tables.SCORES`` of the test set; other partitions are left out.
        score
            Returns the scores ``(n,)`` of ``tables.DATASET`` of n nodes.
        """
        parts = [scored[scored["partition"] == "test"]]
        every = tables.read(self.nodes, tables.DATASET)
        others = every[~every["node_id"].isin(parts[0]["node_id"])]
        if len(others):
            parts.append(score_table(others, score(others), tables.ALL_TEST_NODES))
        joined = pd.concat(parts).assign(partition=tables.ALL_TEST_NODES)
        undecided = pd.Series(None, index=joined.index, dtype="str")
        rows = joined.assign(prediction=undecided).sort_values("node_id")
        tables.write(rows, self.scores, tables.SCORES)
