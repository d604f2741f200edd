"""Figure 3: where the nodes of the datasets lie, and how large they are."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Patch
from matplotlib.ticker import MaxNLocator

from nodal_staging import tables
from nodal_staging.figures import style
from nodal_staging.figures.legend import Legend

STATUS_COLOURS = {"negative": style.NEGATIVE, "positive": style.POSITIVE}
PRINTED = {
    "status_balanced": "Status balanced",
    "location_balanced": "Location balanced",
    "test": "Test",
}
TRAINING = ("status_balanced", "location_balanced")
BAR = 0.4
BOX = 0.32
SIDE = 0.2
"""Distance of the box of a status from the middle of its set."""

WHISKERS = (5, 95)
"""Percentiles at which whiskers end; what lies beyond is drawn as points."""


def draw_figure_3(
    *,
    nodes: str | Path,
    datasets: Mapping[str, str | Path],
    synthetic: bool,
    output: Sequence[str | Path],
) -> None:
    """Draw Figure 3 from the datasets.

    Parameters
    ----------
    nodes
        Measured nodes (``tables.NODES``).
    datasets
        Files of ``status_balanced``, ``location_balanced`` and ``test``
        (``tables.DATASET``).
    synthetic
        Whether the figure must say that its data are synthetic.
    output
        Files to write; their suffixes (pdf, svg, png) say in which formats.
    """
    measured = tables.read(nodes, tables.NODES)
    sets = {
        name: measured[
            measured["node_id"].isin(
                tables.read(datasets[name], tables.DATASET)["node_id"]
            )
        ]
        for name in PRINTED
    }
    figure = lay_out(sets)
    if synthetic:
        style.mark_synthetic(figure, above=True)
    style.save(figure, output, legend=legend(sets, synthetic=synthetic))


def lay_out(sets: Mapping[str, pd.DataFrame]) -> Figure:
    """Place the bars of the training sets and the boxes of all sets in one row."""
    figure = style.new_figure(style.DOUBLE_COLUMN_MM, 82)
    parts: Any = figure.subfigures(1, 2, width_ratios=[1.65, 1])
    left, right = parts
    panels = left.subplots(1, 2, sharex=True, sharey=True)
    for axes, name in zip(panels, TRAINING, strict=True):
        draw_locations(axes, sets[name])
        axes.set_title(f"{PRINTED[name]} (n = {len(sets[name]):,})", loc="left")
    draw_volumes(right.subplots(), sets)
    keys = [Patch(color=colour) for colour in STATUS_COLOURS.values()]
    labels = [f"{status} nodes" for status in STATUS_COLOURS]
    left.legend(keys, labels, loc="outside lower center", ncols=2, frameon=False)
    for part, letter in ((left, "a"), (right, "b")):
        part.text(0.005, 0.995, letter, fontweight="bold", size=9, va="top")
    return figure


def count_locations(nodes: pd.DataFrame) -> pd.DataFrame:
    """Count nodes by location (rows, in the order of every table) and status."""
    return (
        pd.crosstab(nodes["location"], nodes["status"])
        .reindex(
            index=tables.SHOWN_LOCATIONS, columns=list(STATUS_COLOURS), fill_value=0
        )
        .astype(int)
    )


def draw_locations(axes: Axes, nodes: pd.DataFrame) -> Axes:
    """Draw the nodes of a set by location and status as bars with their counts."""
    counts = count_locations(nodes)
    for place, (status, colour) in enumerate(STATUS_COLOURS.items()):
        rows = [row + (place - 0.5) * BAR for row in range(len(counts))]
        bars = axes.barh(rows, counts[status], height=BAR, color=colour)
        axes.bar_label(bars, padding=1.5, size=5.5)
    axes.set_yticks(range(len(counts)), list(counts.index))
    axes.set_ylim(len(counts) - 0.4, -0.6)
    axes.set_xlabel("Nodes")
    axes.margins(x=0.14)
    axes.xaxis.set_major_locator(MaxNLocator(nbins=5, integer=True))
    axes.tick_params(axis="y", length=0)
    return axes


def draw_volumes(axes: Axes, sets: Mapping[str, pd.DataFrame]) -> Axes:
    """Draw the volumes of each set by status as boxes on a logarithmic axis."""
    for place, nodes in enumerate(sets.values()):
        for side, (status, colour) in zip((-1, 1), STATUS_COLOURS.items(), strict=True):
            volumes = nodes.loc[nodes["status"] == status, "volume_mm3"]
            _draw_box(axes, place + side * SIDE, volumes, colour)
    axes.set_yscale("log")
    axes.yaxis.set_major_formatter("{x:,.0f}")
    axes.set_ylabel("Volume (mm³)")
    sizes = {
        place + side * SIDE: f"n =\n{(nodes['status'] == status).sum():,}"
        for place, nodes in enumerate(sets.values())
        for side, status in zip((-1, 1), STATUS_COLOURS, strict=True)
    }
    axes.set_xticks(list(sizes), list(sizes.values()), size=6)
    names = [PRINTED[name].replace(" ", "\n") for name in sets]
    axes.set_xticks(range(len(sets)), names, minor=True)
    axes.tick_params(axis="x", which="both", length=0)
    axes.tick_params(axis="x", which="minor", pad=21)
    axes.set_xlim(-0.5, len(sets) - 0.5)
    return axes


def _draw_box(axes: Axes, place: float, volumes: pd.Series, colour: str) -> None:
    axes.boxplot(
        [volumes.to_numpy()],
        positions=[place],
        widths=BOX,
        whis=WHISKERS,
        patch_artist=True,
        manage_ticks=False,
        boxprops={"facecolor": colour, "edgecolor": "black", "linewidth": 0.6},
        medianprops={"color": "black", "linewidth": 1.1},
        whiskerprops={"linewidth": 0.6},
        capprops={"linewidth": 0.6},
        flierprops={
            "marker": "o",
            "markersize": 1.6,
            "markerfacecolor": colour,
            "markeredgewidth": 0,
        },
    )


def legend(sets: Mapping[str, pd.DataFrame], *, synthetic: bool) -> Legend:
    """Say what bars and boxes are, and what they show."""
    whose = "synthetic nodes" if synthetic else "nodes"
    medians = "; ".join(
        f"{PRINTED[name].lower()}, {_medians(nodes)}" for name, nodes in sets.items()
    )
    low, high = WHISKERS
    caption = (
        f"(a) {whose.capitalize()} by location and status in the two training sets "
        f"({len(sets['status_balanced']):,} and {len(sets['location_balanced']):,} "
        "nodes). (b) Volume by status in these and in the test set "
        f"({len(sets['test']):,} nodes), on a logarithmic scale; n: nodes of "
        "each box. Boxes: quartiles and median; whiskers: "
        f"{low}th and {high}th percentile; points: nodes beyond. Median volume of "
        f"negative and positive nodes in mm³: {medians}."
    )
    return Legend("Location, status and volume of the nodes", caption)


def _medians(nodes: pd.DataFrame) -> str:
    medians = nodes.groupby("status")["volume_mm3"].median()
    values = [medians.get(status) for status in STATUS_COLOURS]
    return " and ".join("none" if v is None else f"{v:,.0f}" for v in values)
