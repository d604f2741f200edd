"""Architecture selection: candidates compared on the nodes that folds held out.

The paper chose its architecture by k-fold cross-validation (k = 10). The test set
takes no part. What a choice costs is its difference from the configured candidate on
the same nodes; where the interval of that covers zero, chance may have decided. The
interval covers the nodes alone: first weights of another seed move an AUC too. The
out-of-fold AUC of the winner is optimistic for having been chosen.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from nodal_staging import tables
from nodal_staging.estimates.auc_intervals import logit_interval
from nodal_staging.estimates.delong import clustered_auc, clustered_difference
from nodal_staging.estimates.proportions import normal_quantile
from nodal_staging.study.files import write_json
from nodal_staging.study.fold_jobs import folds_of
from nodal_staging.tables.columns import count, number, table, text

CONFIGURED = "configured"
"""The candidate that the configuration describes without any change."""

LEADERBOARD = table(
    {
        "rank": count(),
        "candidate": text(),
        "mean_auc": number(0, 1),
        "cnn": text(),
        "auc": number(0, 1),
        "lower": number(0, 1),
        "upper": number(0, 1),
        "difference": number(-1, 1),
        "difference_lower": number(),
        "difference_upper": number(),
        "cross_entropy": number(0),
        "folds": count(),
        "nodes": count(),
    },
    unique=["candidate", "cnn"],
)
"""Out-of-fold quality of each candidate and CNN, best mean AUC first. ``difference``
is the AUC less that of the configured candidate on the same nodes."""


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
        Score files of all folds for each candidate and CNN, named after their folds.
    options
        Sections of the configuration as each candidate has them.
    level
        Of the intervals, for nodes nested in patients.
    leaderboard, chosen
        Outputs: ``LEADERBOARD``, best first; the first candidate and its
        options (JSON).
    """
    read = {names: _out_of_fold(paths) for names, paths in scores.items()}
    rows = [
        {"candidate": candidate, "cnn": cnn, "folds": _count(scores[candidate, cnn])}
        | _quality(frame, level)
        | _difference(frame, read[CONFIGURED, cnn], level)
        for (candidate, cnn), frame in read.items()
    ]
    frame = pd.DataFrame(rows)
    means = frame.groupby("candidate")["auc"].mean()
    frame = _best_first(frame.assign(mean_auc=frame["candidate"].map(means)))
    tables.write(frame[list(LEADERBOARD.columns)], leaderboard, LEADERBOARD)
    best = str(frame["candidate"].iloc[0])
    write_json(chosen, {"candidate": best, "options": dict(options[best])})


def _count(paths: Sequence[str | Path]) -> int:
    """Count the folds by the names of their files."""
    return sum(len(folds_of(Path(path).stem)) for path in paths)


def _out_of_fold(paths: Sequence[str | Path]) -> pd.DataFrame:
    """Return the scores of all folds together, in the order of the nodes."""
    frame = pd.concat([tables.read(path, tables.SCORES) for path in paths])
    return frame.sort_values("node_id", ignore_index=True)


def _quality(frame: pd.DataFrame, level: float) -> dict[str, Any]:
    """Return AUC with interval, and cross-entropy."""
    score = frame["score"].to_numpy()
    positive = (frame["status"] == "positive").to_numpy()
    area = clustered_auc(score, positive, frame["patient_id"].to_numpy(str))
    lower, upper = logit_interval(area, level=level)
    right = np.where(positive, score, 1 - score)
    return {
        "auc": area.estimate,
        "lower": lower,
        "upper": upper,
        "cross_entropy": float(-np.log(np.maximum(right, 1e-7)).mean()),
        "nodes": len(frame),
    }


def _difference(
    frame: pd.DataFrame, configured: pd.DataFrame, level: float
) -> dict[str, float]:
    """Return the AUC less that of the configured candidate, with interval."""
    positive = (frame["status"] == "positive").to_numpy()
    score, other = frame["score"].to_numpy(), configured["score"].to_numpy()
    patient_id = frame["patient_id"].to_numpy(str)
    found = clustered_difference(score, other, positive, patient_id)
    half = normal_quantile(level) * found.standard_error
    return {
        "difference": found.estimate,
        "difference_lower": found.estimate - half,
        "difference_upper": found.estimate + half,
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
