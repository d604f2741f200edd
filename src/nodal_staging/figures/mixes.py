"""The AUC of every classifier under other mixes of locations: a line each."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from nodal_staging import tables
from nodal_staging.audit.mixes.reweighting import OK, REWEIGHTED
from nodal_staging.audit.mixes.target_mixes import (
    AS_TESTED,
    BALANCED,
    NATURAL,
    REVERSED,
    UNIFORM,
)
from nodal_staging.figures import style
from nodal_staging.figures.legend import Legend
from nodal_staging.study.classifier_names import printed

HEIGHT_MM = 92
WORDS: Mapping[str, str] = {
    REVERSED: "reversed",
    BALANCED: "the same\nin both classes",
    UNIFORM: "all locations\nequally often",
    AS_TESTED: "as tested",
    NATURAL: "as in\nthe cohort",
}
LOCATION = "location"
LOOKS: Mapping[str, dict[str, Any]] = {
    **{name: {"color": style.COLOURS[name]} for name in style.COLOURS},
    LOCATION: {"color": "0.1", "linestyle": "--"},
}
"""Who stands out: the CNNs, and the location alone."""
APART = 0.07


def draw_mixes(
    *, reweighted: str | Path, synthetic: bool, output: Sequence[str | Path]
) -> None:
    """Draw a line per classifier over the mixes of locations.

    Parameters
    ----------
    reweighted
        ``REWEIGHTED``.
    synthetic
        Whether to mark the figure as synthetic.
    output
        Files; the suffix decides the format.
    """
    frame = tables.read(reweighted, REWEIGHTED)
    figure = style.new_figure(style.DOUBLE_COLUMN_MM, HEIGHT_MM)
    draw_areas(figure.subplots(), frame)
    figure.legend(loc="outside right center", frameon=False)
    if synthetic:
        style.mark_synthetic(figure, above=True)
    style.save(figure, output, legend=legend(frame))


def draw_areas(axes: Axes, frame: pd.DataFrame) -> Axes:
    """Draw the AUCs of all classifiers; open circles have no interval.

    Parameters
    ----------
    axes
        To draw on.
    frame
        ``REWEIGHTED``.
    """
    mixes = mixes_of(frame)
    axes.axhline(0.5, color="0.6", linewidth=0.6, linestyle=":")
    for label, name, rows in _shown(frame):
        areas = rows.set_index("mix").reindex(mixes)
        _draw(axes, areas, name, label)
    axes.set_xticks(range(len(mixes)), [WORDS.get(mix, mix) for mix in mixes])
    axes.set_xlim(-0.3, len(mixes) - 0.7)
    axes.set_xlabel("Mix of locations")
    axes.set_ylabel("AUC")
    return axes


def mixes_of(frame: pd.DataFrame) -> list[str]:
    """Return the mixes of a table, in its order, that have a number."""
    numbers = frame[frame["auc"].notna()]
    return [str(mix) for mix in numbers["mix"].unique()]


def _shown(frame: pd.DataFrame) -> Iterator[tuple[str, str, pd.DataFrame]]:
    """Yield label, name and rows of a classifier, those that stand out last."""
    by_name = dict(iter(frame.groupby("classifier", sort=False)))
    label = "other classifiers"
    for name, rows in by_name.items():
        if name not in LOOKS:
            yield label, str(name), rows
            # One entry of the legend is enough.
            label = ""
    for name in LOOKS:
        if name in by_name:
            yield printed(name), name, by_name[name]


def _draw(axes: Axes, areas: pd.DataFrame, name: str, label: str) -> None:
    """Draw a classifier by mix, with intervals if it stands out."""
    look = LOOKS.get(name, {"color": "0.8", "linewidth": 0.7, "zorder": 1})
    # Moved aside, so that intervals do not lie on each other.
    aside = APART * (list(LOOKS).index(name) - 1.5) if name in LOOKS else 0.0
    x, area = np.arange(len(areas)) + aside, areas["auc"].to_numpy(float)
    axes.plot(x, area, label=label or None, **look)
    if name not in LOOKS:
        return
    colour, sure = look["color"], areas["note"].eq(OK).to_numpy(bool)
    lower, upper = (areas[f"auc_{end}"].to_numpy(float) for end in ("lower", "upper"))
    axes.vlines(x[sure], lower[sure], upper[sure], color=colour, linewidth=1.0)
    for of, face in ((sure, colour), (~sure, "white")):
        axes.scatter(x[of], area[of], s=14, facecolor=face, edgecolor=colour, zorder=3)


def legend(frame: pd.DataFrame) -> Legend:
    """Say what is drawn, and which mixes have no number."""
    nodes = frame[["positive", "negative"]].iloc[0]
    missing = [
        WORDS.get(str(mix), str(mix)).replace("\n", " ")
        for mix in frame["mix"].unique()
        if mix not in mixes_of(frame)
    ]
    left_out = (
        f" Left out, since much of the mix has no tested node: {', '.join(missing)}."
        if missing
        else ""
    )
    caption = (
        f"The {nodes['positive']:,} positive and {nodes['negative']:,} negative test "
        "nodes, weighted to other mixes of locations, with intervals over patients. A "
        "classifier that does not use the location has a level line; a steep line "
        "depends on where nodes lie. Open circles: too few nodes carry the mix for an "
        f"interval.{left_out}"
    )
    return Legend("What would the AUC be if nodes lay at other locations?", caption)
