"""Radiologists as classifiers: a rating is an ordinal score."""

import logging
from pathlib import Path

import pandas as pd

from nodal_staging import tables
from nodal_staging.classifiers.scores import score_table
from nodal_staging.study.errors import InputError
from nodal_staging.tables.rounding import and_more

logger = logging.getLogger(__name__)


class ReadingError(InputError):
    """The readings do not cover the study."""

    reason = "incomplete_readings"


def score_reader(
    *,
    reader: str,
    readings: str | Path,
    test: str | Path,
    unread: str,
    scores: str | Path,
) -> None:
    """Turn the ratings of one reader on the test set to scores (``tables.SCORES``).

    A score is 1 (very unlikely) to 4 (very likely); likely and very likely count as
    positive, as in the paper.

    Parameters
    ----------
    reader
        Name in the sheet.
    readings, test
        ``tables.READING_SHEET`` and ``tables.DATASET``.
    unread
        ``refuse`` a reader who skipped test nodes, or ``leave_out`` these nodes: what
        the reader found too hard to rate is then missing from the result, which
        therefore states its number of nodes.
    scores
        Output.

    Raises
    ------
    ReadingError
        If the reader skipped test nodes and that is refused, or rated none of them.
    """
    sheet = tables.read(readings, tables.READING_SHEET)
    ratings = sheet[sheet["reader"] == reader].set_index("node_id")["rating"]
    tested = tables.read(test, tables.DATASET)
    read = tested["node_id"].isin(ratings.index)
    if not read.all():
        _report_unread(tested.loc[~read, "node_id"], reader, readings, unread)
    if not read.any():
        raise ReadingError(
            f"{Path(readings).name}, reader {reader}: no rating of any test node; "
            "complete the sheet or remove the reader"
        )
    tested = tested[read]
    rating = ratings.loc[tested["node_id"]].map(_ordinal).to_numpy(float)
    frame = score_table(tested, rating, "test", positive=rating >= 3)
    tables.write(frame, scores, tables.SCORES)


def _ordinal(rating: str) -> int:
    """Return 1 to 4 for a word or a number."""
    return int(rating) if rating.isdigit() else tables.RATINGS.index(rating) + 1


def _report_unread(
    missing: pd.Series, reader: str, readings: str | Path, unread: str
) -> None:
    """Refuse test nodes without a rating, or say that they are left out."""
    words = (
        f"{Path(readings).name}, reader {reader}: no rating of test node "
        f"{missing.iloc[0]}{and_more(len(missing) - 1)}"
    )
    if unread == "refuse":
        raise ReadingError(
            f"{words}; complete the sheet, or set readers.unread to leave_out"
        )
    logger.warning("%s; the reader is evaluated on the other nodes", words)
