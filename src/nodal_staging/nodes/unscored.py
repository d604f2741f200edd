"""New exams and nodes that no CNN scores, with reason and fix."""

import logging
from pathlib import Path

import pandas as pd

from nodal_staging import tables
from nodal_staging.tables.columns import identifier, table, text
from nodal_staging.tables.loss_sentences import sentence

logger = logging.getLogger(__name__)

NONE = "-"
MOST_SHOWN = 50
"""Sentences on the terminal; the table has all."""
WITHOUT_SCORE = ("measurement", "patch")
"""Stages at which the loss of a node costs its score."""

UNSCORED = table(
    {
        "patient_id": identifier(),
        "exam_id": identifier(longest=80),
        "node_id": text(),
        "reason": text(),
        "problem": text(),
    },
)
"""New exams and nodes without a score: ``node_id`` is ``-`` for a whole exam, and
``problem`` the sentence with the fix."""


def list_unscored(*, exams: str | Path, lost: str | Path, output: str | Path) -> None:
    """Write which exams and nodes are not scored, and warn of each.

    Parameters
    ----------
    exams
        Every new exam, included or with the reason (``tables.EXAMS``).
    lost
        New nodes that were lost after inspection (``tables.LOSSES``).
    output
        ``UNSCORED``.
    """
    judged = tables.read(exams, tables.EXAMS)
    left_out = judged[judged["included"] == "no"].assign(node_id=NONE)
    losses = tables.read(lost, tables.LOSSES)
    losses = losses[losses["stage"].isin(WITHOUT_SCORE)]
    rows = losses.to_dict("records")
    losses = losses.assign(
        problem=[f"node {row['node_id']}, {sentence(row)}" for row in rows]
    )
    columns = list(UNSCORED.columns)
    found = pd.concat([left_out[columns], losses[columns]], ignore_index=True)
    for problem in found["problem"].iloc[:MOST_SHOWN]:
        logger.warning("not scored: %s", problem)
    if len(found) > MOST_SHOWN:
        logger.warning(
            "not scored: %d more, see %s", len(found) - MOST_SHOWN, Path(output).name
        )
    tables.write(found, output, UNSCORED)
