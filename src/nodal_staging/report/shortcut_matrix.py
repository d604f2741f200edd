"""The section on CNNs that saw the node, its surroundings, or both."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from nodal_staging import tables
from nodal_staging.audit.shortcut_matrix.matrix_tables import KEY, MATRIX
from nodal_staging.report.artefacts import Artefacts, Intervals, intervals
from nodal_staging.report.illustrations import picture
from nodal_staging.study.files import read_json
from nodal_staging.tables.grid import Grid, lay_out
from nodal_staging.tables.grid_columns import decimals, estimates
from nodal_staging.tables.parts import Heading, Items, Part
from nodal_staging.tables.rounding import MISSING, number, percentage

VIEWS = {
    "full": "full image",
    "node": "node",
    "surroundings": "surroundings",
}
SETS = {
    "status_balanced": "status balanced",
    "location_balanced": "location balanced",
}


def shortcut_matrix(study: Artefacts) -> list[Part]:
    """Return the parts of the section; nothing unless the study has a matrix."""
    if study.matrix is None or study.matrix_reading is None:
        return []
    reading = read_json(study.matrix_reading)
    return [
        Heading("Audit: the node, or its surroundings?", "shortcut_matrix"),
        "CNNs are trained and tested on the full image, on the node alone, and on the "
        f"surroundings alone: a ball of {number(reading['ball_mm'], 0)} mm, the same "
        "for small and large nodes, is filled with one value. Only a CNN that is "
        "tested on the view of its training tells what the view holds; on another "
        "view, a low AUC is no proof that it ignores what is hidden.",
        Items((*reading["sentences"], _sticking_out(reading["sticks_out"]))),
        picture(study.figures["shortcut_matrix"]),
        matrix(study.matrix, intervals(study)),
    ]


def _sticking_out(names: list[str]) -> str:
    """Say whether the ball hides the whole of every test node."""
    if not names:
        return "The ball hides the whole of every test node."
    return f"Test nodes that stick out of the ball: {', '.join(names)}."


def matrix(path: str | Path, of: Intervals) -> Grid:
    """Lay out every training, tested on every view.

    Parameters
    ----------
    path
        ``MATRIX``.
    of
        The intervals of the study.
    """
    frame = tables.read(path, MATRIX)
    trainings = frame.groupby(KEY[:2], sort=False)
    return lay_out(
        "shortcut_matrix",
        "What is learned from the node, and what from its surroundings? AUC of each "
        "training on each view of the test nodes, over all pairs and over pairs of the "
        f"same location, with its {of.ci} (bootstrap of patients, {of.replicates}). "
        "Share kept: of what the AUC exceeds 0.5 by on the view of the training. "
        "Ceiling: the best AUC that the view of the training allows, where the truth "
        "is known. Called: scores of at least 0.5; near 0 or 100%, the CNN calls all "
        "nodes alike, as it may on a view that it was not trained on.",
        [
            ("Trained on", _trained),
            ("Tested on", lambda row: VIEWS[row["tested_view"]]),
            estimates("AUC", "auc"),
            estimates("Same location", "site_matched_auc"),
            ("Share kept", _kept),
            decimals("Ceiling", "ceiling"),
            decimals("Mean score", "mean_score"),
            ("Called, %", lambda row: percentage(row["called_positive"], 0)),
        ],
        [rows.to_dict("records") for _, rows in trainings],
    )


def _kept(row: Mapping[Any, Any]) -> str:
    """Write what is kept of the AUC on another view than that of the training."""
    if row["tested_view"] == row["trained_view"]:
        return MISSING
    _, cell = estimates("Share kept", "kept_share", 2)
    return cell(row)


def _trained(row: Mapping[Any, Any]) -> str:
    return f"{VIEWS[row['trained_view']]}, {SETS[row['trained_on']]}"
