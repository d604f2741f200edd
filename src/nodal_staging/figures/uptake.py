"""SUVmax by status and location: where PET and readers disagree."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from nodal_staging import tables
from nodal_staging.figures import style
from nodal_staging.figures.legend import Legend
from nodal_staging.study.seeds import stream
from nodal_staging.tables.rounding import grouped

LOWEST_SUV = 0.1
"""What is drawn at the lower end of the logarithmic axis."""

JITTER = 0.16
COLOURS = {"negative": style.NEGATIVE, "positive": style.POSITIVE}


def draw_uptake(
    *,
    nodes: str | Path,
    disagreements: str | Path,
    cutoff_suv: float,
    synthetic: bool,
    output: Sequence[str | Path],
) -> None:
    """Draw every node's SUVmax; ring those that disagree with their status.

    Parameters
    ----------
    nodes, disagreements
        Measured nodes, and those listed by ``uptake_check``.
    cutoff_suv
        The cut-off of the list.
    synthetic
        Whether the figure must say that its data are synthetic.
    output
        Files to write; their suffixes (pdf, svg, png) say in which formats.
    """
    measured = tables.read(nodes, tables.NODES)
    frame = measured[measured["status"].ne(tables.UNKNOWN)]
    listed = set(tables.read(disagreements, tables.DISAGREEMENTS)["node_id"])
    known = frame[frame["suv_max"].notna()]
    figure = style.new_figure(style.DOUBLE_COLUMN_MM, 75)
    axes = figure.subplots()
    _draw_nodes(axes, known, listed)
    axes.axhline(cutoff_suv, color="0.3", linewidth=0.8, linestyle="--")
    axes.set_yscale("log")
    axes.set_ylabel("SUVmax (g/ml)")
    axes.yaxis.set_major_formatter("{x:g}")
    axes.set_xticks(range(len(tables.SHOWN_LOCATIONS)), _ticks(frame))
    axes.legend(
        loc="upper left", bbox_to_anchor=(1.0, 1.0), frameon=False, handletextpad=0.3
    )
    if synthetic:
        style.mark_synthetic(figure, above=True)
    style.save(figure, output, legend=legend(frame, known, listed, cutoff_suv))


def _draw_nodes(axes: Axes, nodes: pd.DataFrame, listed: set[str]) -> None:
    """Draw the nodes in the column of their location, negative ones left."""
    places = {name: place for place, name in enumerate(tables.SHOWN_LOCATIONS)}
    jitter = stream(0, "figures", "uptake").uniform(-JITTER, JITTER, len(nodes))
    side = np.where(nodes["status"] == "positive", 0.2, -0.2)
    x = nodes["location"].map(places).to_numpy() + side + jitter
    y = nodes["suv_max"].clip(lower=LOWEST_SUV).to_numpy()
    for status, colour in COLOURS.items():
        own = (nodes["status"] == status).to_numpy()
        axes.scatter(x[own], y[own], s=5, color=colour, linewidths=0, label=status)
    ringed = nodes["node_id"].isin(listed).to_numpy()
    axes.scatter(
        x[ringed],
        y[ringed],
        s=22,
        facecolors="none",
        edgecolors="black",
        linewidths=0.6,
        label="disagrees",
    )


def _ticks(nodes: pd.DataFrame) -> list[str]:
    counts = nodes["location"].value_counts()
    printed = {
        name: name.replace("clavic", "-\nclavic") for name in tables.SHOWN_LOCATIONS
    }
    return [
        f"{printed[name]}\n(n = {grouped(int(counts.get(name, 0)))})"
        for name in printed
    ]


def legend(
    nodes: pd.DataFrame, known: pd.DataFrame, listed: set[str], cutoff_suv: float
) -> Legend:
    """Say how many disagree, and how many cannot.

    Parameters
    ----------
    nodes, known
        ``tables.NODES``: all of them, and those with SUV.
    listed
        Names of those that disagree.
    cutoff_suv
        The dashed line.
    """
    unknown = len(nodes) - len(known)
    without = f"; {grouped(unknown)} without SUV" if unknown else ""
    return Legend(
        "Status and uptake of the nodes",
        "SUVmax of every node by location and status. Status and SUVmax (cut-off "
        f"{cutoff_suv:g}, dashed) disagree in {grouped(len(listed))} of "
        f"{grouped(len(known))} nodes, which are ringed{without}. The status is the "
        "readers’ and stays as it is.",
    )
