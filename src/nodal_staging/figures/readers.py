"""Readers' operating points and the networks, and networks less readers."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.patheffects import withStroke

from nodal_staging import tables
from nodal_staging.figures import style
from nodal_staging.figures.fonts import drawn
from nodal_staging.figures.legend import Legend
from nodal_staging.statistics.reader_study.areas import (
    DICHOTOMISED,
    MEAN,
    ORDINAL,
    POINTS,
)
from nodal_staging.statistics.reader_study.contrasts import FIXED
from nodal_staging.study.classifier_names import printed
from nodal_staging.study.reader_names import printed_reader
from nodal_staging.tables.intervals import percent_of

MARKERS = "osD^vPX*<>hd8p"
LABELS = {ORDINAL: "four ratings", DICHOTOMISED: "likely or not"}
OVER_LINES = [withStroke(linewidth=3, foreground="white")]
FILLED = {ORDINAL: True, DICHOTOMISED: False}


def draw_readers(
    *,
    points: str | Path,
    fixed: str | Path,
    networks: Sequence[str],
    roc: Sequence[str | Path],
    level: float,
    synthetic: bool,
    output: Sequence[str | Path],
) -> None:
    """Draw the reader study.

    Parameters
    ----------
    points, fixed
        ``POINTS`` and ``FIXED`` of the reader study.
    networks, roc
        Names, and their ``tables.ROC``.
    level
        Of the intervals, for the axis.
    synthetic
        Whether the figure must say that its data are synthetic.
    output
        Files to write; their suffixes (pdf, svg, png) say in which formats.
    """
    figure = style.new_figure(style.DOUBLE_COLUMN_MM, 100)
    panels: Any = figure.subfigures(1, 2)
    for panel, letter in zip(panels, "ab", strict=True):
        panel.text(0.01, 0.96, letter, fontweight="bold", size=9, va="top")
    left, right = (panel.subplots() for panel in panels)
    curves = {
        name: tables.read(path, tables.ROC)
        for name, path in zip(networks, roc, strict=True)
    }
    _draw_curves(left, curves)
    _draw_points(left, tables.read(points, POINTS))
    # Curves and readers may lie anywhere in the square.
    panels[0].legend(
        *left.get_legend_handles_labels(),
        loc="outside lower center",
        ncols=2,
        frameon=False,
    )
    _draw_contrasts(right, tables.read(fixed, FIXED), networks, level)
    if synthetic:
        style.mark_synthetic(figure, above=True)
    style.save(figure, output, legend=legend(len(networks), level))


def legend(networks: int, level: float) -> Legend:
    """Say what points and differences are.

    Parameters
    ----------
    networks
        How many are drawn.
    level
        Of the intervals.
    """
    caption = (
        f"(a) Operating points of the readers and the ROC curves of {networks} "
        "networks, on the test set. Each reader gave one of four ratings, from very "
        "unlikely to very likely; filled: likely or very likely counts as positive, as "
        "published; open: other cuts between two ratings. (b) AUC of each network less "
        "the mean AUC of the readers: “four ratings” sets whole curve against whole "
        "curve, “likely or not” the calls of both against each other. "
        f"{percent_of(level)} intervals take nodes as nested in patients, and "
        "these readers as fixed."
    )
    return Legend("Readers, and networks against them", caption)


def _draw_curves(axes: Axes, curves: dict[str, pd.DataFrame]) -> None:
    """Draw the networks' curves."""
    for name, curve in curves.items():
        axes.plot(
            curve["specificity"],
            curve["sensitivity"],
            color=style.COLOURS.get(name, "0.5"),
            label=printed(name),
            zorder=1,
        )
    axes.plot([1, 0], [0, 1], color="0.8", linewidth=0.6, zorder=0)
    # As in Figure 5.
    axes.set(
        xlabel="Specificity",
        ylabel="Sensitivity",
        xlim=(1.02, -0.02),
        ylim=(-0.02, 1.02),
        aspect="equal",
    )
    axes.set_title("Operating points")


def _draw_points(axes: Axes, points: pd.DataFrame) -> None:
    """Join each reader's three points; the published cut is filled."""
    for place, (name, rows) in enumerate(points.groupby("reader", sort=False)):
        marker = MARKERS[place % len(MARKERS)]
        x = np.array([0, *rows["specificity"], 1])
        y = np.array([1, *rows["sensitivity"], 0])
        axes.plot(x, y, color="black", linewidth=0.7, linestyle=":", zorder=2)
        for at, published in enumerate(rows["published"] == "yes", start=1):
            axes.plot(
                x[at],
                y[at],
                marker=marker,
                markersize=4.5,
                color="black",
                markerfacecolor="black" if published else "white",
                linestyle="none",
                label=drawn(printed_reader(str(name))) if published else None,
                zorder=3,
            )
    axes.plot(
        [],
        [],
        marker="o",
        markersize=4.5,
        color="black",
        markerfacecolor="white",
        linestyle="none",
        label="open: other cuts of the ratings",
    )


def _draw_contrasts(
    axes: Axes, fixed: pd.DataFrame, networks: Sequence[str], level: float
) -> None:
    """Draw differences with intervals over patients, the ratings’ above the calls’."""
    clustered = fixed[fixed["covariance"] == "clustered"].set_index(
        ["network", "basis"]
    )
    ticks = []
    for place, network in enumerate(networks):
        for shift, basis in ((-0.16, ORDINAL), (0.16, DICHOTOMISED)):
            row = clustered.loc[(network, basis)]
            colour = style.COLOURS.get(network, "0.5")
            at = place + shift
            ticks.append((at, LABELS[basis]))
            axes.plot([row["lower"], row["upper"]], [at, at], color=colour)
            axes.plot(
                row["difference"],
                at,
                marker="o",
                markersize=5,
                color=colour,
                markerfacecolor=colour if FILLED[basis] else "white",
            )
        axes.text(
            0.02,
            place - 0.36,
            printed(network),
            transform=axes.get_yaxis_transform(),
            va="center",
            path_effects=OVER_LINES,
        )
    axes.axvline(0, color="0.5", linewidth=0.6, zorder=0)
    axes.set_yticks([at for at, _ in ticks], [label for _, label in ticks])
    axes.set_ylim(len(networks) - 0.5, -0.6)
    axes.set_xlabel(
        f"AUC of the network less {MEAN} AUC of readers\n"
        f"({percent_of(level)} interval over patients, readers fixed)"
    )
    axes.set_title("Networks against readers")
