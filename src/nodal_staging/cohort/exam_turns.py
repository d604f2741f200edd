"""Which of a patient's exams came first."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import pandas as pd


def exam_turns(
    moments: Mapping[str, datetime | None], sheet: pd.DataFrame
) -> list[int]:
    """Count the exams of each patient in time, 0 if the order is unknown.

    The sheet's day counts; where it is absent or the same for two exams, the date and
    time of the images.

    Parameters
    ----------
    moments
        When the images of each exam_id were made, None if unknown. It must have all
        exams of a patient or none.
    sheet
        ``tables.EXAM_SHEET``, indexed by exam_id.

    Returns
    -------
    One number per exam, from 1, in the order of ``moments``.
    """
    rows = sheet.loc[list(moments)]
    frame = pd.DataFrame(
        {
            "patient_id": rows["patient_id"].to_list(),
            "day": rows["day"].to_list() if "day" in rows else None,
            "moment": pd.Series(list(moments.values()), dtype=object),
        }
    )
    turns = pd.Series(0, index=frame.index)
    for _, own in frame.groupby("patient_id"):
        turns[own.index] = _order(own["day"].tolist(), own["moment"].tolist())
    return [int(turn) for turn in turns]


def _order(days: list[Any], moments: list[Any]) -> list[int]:
    """Rank by days, or by moments, whichever distinguishes all exams."""
    if len(days) == 1:
        return [1]
    for keys in (days, moments):
        if all(not pd.isna(key) for key in keys) and len(set(keys)) == len(keys):
            return [sorted(keys).index(key) + 1 for key in keys]
    return [0] * len(days)
