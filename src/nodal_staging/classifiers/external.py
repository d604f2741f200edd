"""Scores of a user's own classifier, found to fit the study or refused in a sentence.

Once taken, they are scores like any other: what follows does not know whose they are.
"""

import logging
from pathlib import Path

import numpy as np
import pandas as pd

from nodal_staging import tables
from nodal_staging.classifiers.labelled_scores import ScoredClassifier, ScoreError
from nodal_staging.tables.columns import sheet
from nodal_staging.tables.rounding import and_more

logger = logging.getLogger(__name__)

SUBMITTED = sheet(dict(tables.SCORES.columns), "scores")
"""Scores as a person saved them; a node that occurs twice is refused later."""


def import_scores(
    *, name: str, source: str | Path, test: str | Path, scores: str | Path
) -> None:
    """Check the scores of a classifier against the study and copy them.

    Parameters
    ----------
    name
        Of the classifier.
    source
        The columns of ``tables.SCORES``, as saved by any program. Rows of the
        partition ``test`` are the nodes of the test set, each once; rows
        ``out_of_fold``, if any, are other nodes and choose the threshold; without
        them ``prediction`` must be filled in.
    test
        The test set (``tables.DATASET``).
    scores
        Output, ``tables.SCORES``, test nodes in the order of the test set.

    Raises
    ------
    ScoreError
        If nodes are missing, repeated, foreign, of another status or patient, or
        used both to test and to choose a threshold; or if they cannot be evaluated.
    TableError
        If the file is not of that form.
    """
    frame = _read(name, source)
    tested = tables.read(test, tables.DATASET)
    mine = frame[frame["partition"] == "test"].set_index("node_id")
    _require_test_nodes(name, mine, tested)
    for column in ("status", "patient_id"):
        _require_same(name, mine, tested, column)
    _require_apart(name, frame, tested)
    ScoredClassifier(name, frame).partition("test")
    ordered = mine.loc[tested["node_id"]].reset_index()
    rest = frame[frame["partition"] != "test"]
    tables.write(pd.concat([ordered, rest]), scores, tables.SCORES)


def _read(name: str, source: str | Path) -> pd.DataFrame:
    """Read the file; refuse a node that occurs twice."""
    frame = tables.read_sheet(source, SUBMITTED)
    for remark in tables.sheet_remarks(source, SUBMITTED):
        logger.warning("scores of %s: %s", name, remark)
    again = frame.duplicated(["node_id", "partition"])
    if again.any():
        first = frame[again].iloc[0]
        raise ScoreError(
            f"scores of {name}, partition {first['partition']}: node "
            f"{first['node_id']} stands in more than one row"
            f"{and_more(int(again.sum()) - 1)}; keep one row per node"
        )
    return frame


def _require_test_nodes(name: str, mine: pd.DataFrame, tested: pd.DataFrame) -> None:
    """Refuse scores of more or fewer nodes than the test set has."""
    wanted, found = set(tested["node_id"]), set(mine.index)
    for left_out, words in (
        (
            wanted - found,
            "no score of test node {}{}; score every node of the test set",
        ),
        (
            found - wanted,
            "node {}{} is not of the test set; leave it out, or give it "
            "another partition",
        ),
    ):
        if left_out:
            sentence = words.format(min(left_out), and_more(len(left_out) - 1))
            raise ScoreError(f"scores of {name}, partition test: {sentence}")


def _require_same(
    name: str, mine: pd.DataFrame, tested: pd.DataFrame, column: str
) -> None:
    """Refuse a node whose patient or status differs from that of the study."""
    known = tested.set_index("node_id")[column]
    differs = mine.loc[known.index, column] != known
    if differs.any():
        node = known.index[int(np.argmax(differs.to_numpy()))]
        raise ScoreError(
            f"scores of {name}, partition test, node {node}: {column} is "
            f"{mine.loc[node, column]}, in the study {known[node]}"
            f"{and_more(int(differs.sum()) - 1)}; correct the file"
        )


def _require_apart(name: str, frame: pd.DataFrame, tested: pd.DataFrame) -> None:
    """Refuse a threshold that would be chosen on test nodes."""
    tuning = frame.loc[frame["partition"] == "out_of_fold", "node_id"]
    shared = sorted(set(tuning) & set(tested["node_id"]))
    if shared:
        raise ScoreError(
            f"scores of {name}, partition out_of_fold: node {shared[0]} is of the test "
            f"set{and_more(len(shared) - 1)}, on which no threshold may be chosen; "
            "leave it out"
        )
