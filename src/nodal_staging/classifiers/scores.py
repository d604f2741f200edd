"""One file format for every classifier, human or not."""

import numpy as np
import numpy.typing as npt
import pandas as pd

from nodal_staging.study.arrays import BoolArray


def called_positive(score: npt.ArrayLike, threshold: float) -> BoolArray:
    """Call nodes positive whose score is at or above a threshold.

    Every call at a threshold of the statistics or of a rating scale is made here, also
    that of a single node. Forests and cut-offs have rules of their own for ties.

    Parameters
    ----------
    score
        A higher score indicates a positive node ``(n,)``.
    threshold
        On the scale of the scores.
    """
    return np.asarray(score, float) >= threshold


def score_table(
    dataset: pd.DataFrame,
    score: npt.ArrayLike,
    partition: str,
    *,
    positive: npt.ArrayLike | None = None,
) -> pd.DataFrame:
    """Put the scores of a dataset in the form of ``tables.SCORES``.

    Parameters
    ----------
    dataset
        ``tables.DATASET`` of n nodes.
    score
        A higher score indicates a positive node ``(n,)``.
    partition
        ``test``, ``out_of_fold`` or ``external``.
    positive
        Decisions ``(n,)``; left out where the statistics choose the threshold.
    """
    frame = dataset[["node_id", "patient_id", "status"]].reset_index(drop=True)
    decision = (
        None
        if positive is None
        else np.where(np.asarray(positive, dtype=bool), "positive", "negative")
    )
    frame.insert(2, "partition", partition)
    frame["score"] = np.asarray(score, dtype=float)
    frame["prediction"] = pd.Series(decision, index=frame.index, dtype="str")
    return frame
