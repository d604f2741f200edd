"""Radiologists as classifiers: a rating is an ordinal score."""

from pathlib import Path

from nodal_staging import tables
from nodal_staging.problems import InputError
from nodal_staging.reader_names import reader_names
from nodal_staging.scores import score_table


class ReadingError(InputError):
    """The readings do not cover the study."""

    reason = "incomplete_readings"


def score_reader(
    *,
    number: int,
    readings: str | Path,
    test: str | Path,
    scores: str | Path,
) -> None:
    """Turn the ratings of one reader on the test set to scores (``tables.SCORES``).

    A score is 1 (very unlikely) to 4 (very likely); likely and very likely count as
    positive, as in the paper.

    Parameters
    ----------
    number
        Which reader, counted from 1 in alphabetical order of names.
    readings, test
        ``tables.READING_SHEET`` and ``tables.DATASET``.
    scores
        Output.

    Raises
    ------
    ReadingError
        If the reader has not rated every test node.
    """
    sheet = tables.read(readings, tables.READING_SHEET)
    reader = reader_names(readings)[number - 1]
    ratings = sheet[sheet["reader"] == reader].set_index("node_id")["rating"]
    tested = tables.read(test, tables.DATASET)
    unread = tested[~tested["node_id"].isin(ratings.index)]
    if len(unread):
        raise ReadingError(
            f"{Path(readings).name}, reader {reader}: no rating of test node "
            f"{unread['node_id'].iloc[0]} (and {len(unread) - 1} more); "
            "complete the sheet"
        )
    rating = ratings.loc[tested["node_id"]].map(_ordinal).to_numpy(float)
    frame = score_table(tested, rating, "test", positive=rating >= 3)
    tables.write(frame, scores, tables.SCORES)


def _ordinal(rating: str) -> int:
    """Return 1 to 4 for a word or a number."""
    return int(rating) if rating.isdigit() else tables.RATINGS.index(rating) + 1
