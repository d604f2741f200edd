"""Architecture selection: candidates compared on the nodes that folds held out.

The paper chose its architecture by k-fold cross-validation (k = 10). The test set
takes no part. A candidate that wins by less than its interval wins by chance as much
as by merit, and its out-of-fold AUC is optimistic for having been chosen.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from nodal_staging import tables
from nodal_staging.clustered import clustered_auc, logit_interval
from nodal_staging.files import write_json

CONFIGURED = "configured"
"""The candidate that the configuration describes without any change."""


def rank_candidates(
    *,
    scores: Mapping[tuple[str, str], Sequence[str | Path]],
    options: Mapping[str, Mapping[str, Any]],
    level: float,
    leaderboard: str | Path,
    chosen: str | Path,
) -> None:
    """Rank candidates by their mean out-of-fold AUC over the CNNs that compete.

    Parameters
    ----------
    scores
        Score files of all folds for each candidate and CNN.
    options
        Sections of the configuration as each candidate has them.
    level
        Of the intervals, for nodes nested in patients.
    leaderboard, chosen
        Outputs: ``tables.LEADERBOARD``, best first; the first candidate and its
        options (JSON).
    """
    rows = [_quality(*names, paths, level) for names, paths in scores.items()]
    frame = pd.DataFrame(rows)
    means = frame.groupby("candidate")["auc"].mean()
    frame.insert(1, "mean_auc", frame["candidate"].map(means))
    frame = _best_first(frame)
    tables.write(frame, leaderboard, tables.LEADERBOARD)
    best = str(frame["candidate"].iloc[0])
    write_json(chosen, {"candidate": best, "options": dict(options[best])})


def _quality(
    candidate: str, cnn: str, paths: Sequence[str | Path], level: float
) -> dict[str, Any]:
    """Return AUC with interval and cross-entropy of a candidate's folds together."""
    frame = pd.concat([tables.read(path, tables.SCORES) for path in paths])
    score = frame["score"].to_numpy()
    positive = (frame["status"] == "positive").to_numpy()
    area = clustered_auc(score, positive, frame["patient_id"].to_numpy(str))
    lower, upper = logit_interval(area, level=level)
    right = np.where(positive, score, 1 - score)
    return {
        "candidate": candidate,
        "cnn": cnn,
        "auc": area.estimate,
        "lower": lower,
        "upper": upper,
        "cross_entropy": float(-np.log(np.maximum(right, 1e-7)).mean()),
        "folds": len(paths),
        "nodes": len(frame),
    }


def _best_first(frame: pd.DataFrame) -> pd.DataFrame:
    """Sort by mean AUC; of equals the configured one, then the first by name."""
    order = frame.assign(other=frame["candidate"] != CONFIGURED).sort_values(
        ["mean_auc", "other", "candidate", "cnn"], ascending=[False, True, True, True]
    )
    ranks = order["candidate"].map(
        {name: rank for rank, name in enumerate(order["candidate"].unique(), start=1)}
    )
    order.insert(0, "rank", ranks)
    return order.drop(columns="other").reset_index(drop=True)
