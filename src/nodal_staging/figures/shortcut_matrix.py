"""The shortcut matrix: a row per training, a column per view of the test set."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.colors import Normalize
from matplotlib.patches import Rectangle

from nodal_staging import tables
from nodal_staging.audit.shortcut_matrix.image_views import VIEWS
from nodal_staging.audit.shortcut_matrix.matrix_tables import KEY, MATRIX
from nodal_staging.figures import style
from nodal_staging.figures.legend import Legend
from nodal_staging.study.files import read_json
from nodal_staging.tables.intervals import interval
from nodal_staging.tables.rounding import number

HEIGHT_MM = 105
WORDS = {
    "full": "full image",
    "node": "node alone",
    "surroundings": "surroundings alone",
}
SETS = {
    "status_balanced": "status balanced",
    "location_balanced": "location balanced",
}
COLOURS = "PuOr"
DARK = 0.3
"""Distance of an AUC from 0.5 from which letters are white."""


def draw_shortcut_matrix(
    *,
    matrix: str | Path,
    reading: str | Path,
    synthetic: bool,
    output: Sequence[str | Path],
) -> None:
    """Draw the AUC of every network on every view.

    Parameters
    ----------
    matrix, reading
        ``MATRIX``, and what it says (JSON).
    synthetic
        Whether to mark the figure as synthetic.
    output
        Files; the suffix decides the format.
    """
    frame = tables.read(matrix, MATRIX)
    figure = style.new_figure(style.DOUBLE_COLUMN_MM, HEIGHT_MM)
    axes = figure.subplots()
    draw_tiles(axes, frame)
    if synthetic:
        style.mark_synthetic(figure, above=True)
    style.save(figure, output, legend=legend(frame, read_json(reading)))


def draw_tiles(axes: Axes, frame: pd.DataFrame) -> Axes:
    """Draw a tile per network and view; a frame marks the view of the training.

    Parameters
    ----------
    axes
        To draw on.
    frame
        ``MATRIX``.
    """
    networks = list(frame[KEY[:2]].drop_duplicates().itertuples(index=False, name=None))
    colours, scale = style.colour_map(COLOURS), Normalize(0, 1)
    rows = frame.set_index(KEY)
    heights = []
    for place, (trained_on, trained_view) in enumerate(networks):
        # A gap parts the training sets.
        top = place + 0.25 * (trained_on != networks[0][0])
        heights.append(top + 0.5)
        for column, view in enumerate(VIEWS):
            row = rows.loc[trained_on, trained_view, view]
            own = view == trained_view
            tile = Rectangle(
                (column + 0.02, top + 0.03),
                0.96,
                0.94,
                facecolor=colours(scale(1 - row["auc"])),
                edgecolor="0.1" if own else "none",
                linewidth=1.6,
            )
            axes.add_patch(tile)
            _write(axes, row, column + 0.5, top + 0.5)
    axes.set_xlim(0, len(VIEWS))
    axes.set_ylim(heights[-1] + 0.55, -0.05)
    axes.set_xticks(
        [place + 0.5 for place in range(len(VIEWS))], [WORDS[view] for view in VIEWS]
    )
    axes.set_yticks(heights, [f"{WORDS[v]}\n({SETS[s]})" for s, v in networks])
    axes.xaxis.tick_top()
    axes.xaxis.set_label_position("top")
    axes.set_xlabel("Tested on")
    axes.set_ylabel("Trained on")
    axes.tick_params(length=0)
    axes.spines[:].set_visible(False)
    return axes


def _write(axes: Axes, row: Mapping[str, float], x: float, y: float) -> None:
    """Write the AUC of a tile, and below it that of pairs of the same location."""
    colour = "white" if abs(row["auc"] - 0.5) > DARK else "0.1"
    ends = interval(row["auc_lower"], row["auc_upper"], 2)
    ceiling = row["ceiling"]
    best = "" if pd.isna(ceiling) else f"; best possible {number(ceiling, 2)}"
    matched = interval(row["site_matched_auc_lower"], row["site_matched_auc_upper"], 2)
    lines = [
        (-0.2, 9, number(row["auc"], 2)),
        (0.06, 6, f"({ends}{best})"),
        (0.28, 6, f"same location: {number(row['site_matched_auc'], 2)} ({matched})"),
    ]
    for below, size, words in lines:
        axes.text(
            x, y + below, words, size=size, color=colour, ha="center", va="center"
        )


def legend(frame: pd.DataFrame, reading: Mapping[str, object]) -> Legend:
    """Say what is drawn, and what it shows."""
    nodes, patients = frame["nodes"].iloc[0], frame["patients"].iloc[0]
    sentences = reading["sentences"]
    shown = " ".join(map(str, sentences)) if isinstance(sentences, list) else ""
    caption = (
        f"AUC of {nodes:,} test nodes of {patients:,} patients, with its interval over "
        "patients, and below it the AUC over pairs of the same location. The "
        f"surroundings are what lies outside a ball of {reading['ball_mm']:g} mm, the "
        "same for small and large nodes. Frames: tested on the "
        "view of the training; only these say what a view holds, since a network may "
        f"fail on images that it was not trained on. {shown}"
    )
    return Legend("Is it learned from the node, or from its surroundings?", caption)
