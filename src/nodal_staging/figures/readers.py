"""Readers' operating points beside the networks, and networks less readers."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from nodal_staging import tables
from nodal_staging.classifier_names import printed
from nodal_staging.figures import style
from nodal_staging.reader_study.areas import DICHOTOMISED, MEAN, ORDINAL, POINTS
from nodal_staging.reader_study.contrasts import FIXED

MARKERS = "osD^vP"
LABELS = {ORDINAL: "ratings", DICHOTOMISED: "calls"}
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
    figure = style.new_figure(style.DOUBLE_COLUMN_MM, 82)
    left, right = figure.subplots(1, 2)
    curves = {
        name: tables.read(path, tables.ROC)
        for name, path in zip(networks, roc, strict=True)
    }
    _draw_curves(left, curves)
    _draw_points(left, tables.read(points, POINTS))
    _draw_contrasts(right, tables.read(fixed, FIXED), networks, level)
    if synthetic:
        style.mark_synthetic(figure, above=True)
    style.save(figure, output)


def _draw_curves(axes: Axes, curves: dict[str, pd.DataFrame]) -> None:
    """Draw the networks' curves."""
    for name, curve in curves.items():
        axes.plot(
            100 * (1 - curve["specificity"]),
            100 * curve["sensitivity"],
            color=style.COLOURS.get(name, "0.5"),
            label=printed(name),
            zorder=1,
        )
    axes.plot([0, 100], [0, 100], color="0.8", linewidth=0.6, zorder=0)
    axes.set(
        xlabel="100 − specificity (%)",
        ylabel="Sensitivity (%)",
        xlim=(-2, 102),
        ylim=(-2, 102),
        aspect="equal",
    )
    axes.set_title("a  Operating points", loc="left", weight="bold")


def _draw_points(axes: Axes, points: pd.DataFrame) -> None:
    """Join each reader's three points; the published cut is filled."""
    for place, (name, rows) in enumerate(points.groupby("reader", sort=False)):
        marker = MARKERS[place % len(MARKERS)]
        x = np.array([100, *100 * (1 - rows["specificity"]), 0])
        y = np.array([100, *100 * rows["sensitivity"], 0])
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
                label=printed(str(name)) if published else None,
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
    axes.legend(loc="lower right", frameon=False)


def _draw_contrasts(
    axes: Axes, fixed: pd.DataFrame, networks: Sequence[str], level: float
) -> None:
    """Draw the differences with intervals over patients, ratings above calls."""
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
        )
    axes.axvline(0, color="0.5", linewidth=0.6, zorder=0)
    axes.set_yticks([at for at, _ in ticks], [label for _, label in ticks])
    axes.set_ylim(len(networks) - 0.5, -0.6)
    axes.set_xlabel(
        f"AUC of the network less {MEAN} AUC of readers\n"
        f"({100 * level:g} % interval over patients, readers fixed)"
    )
    axes.set_title("b  Networks against readers", loc="left", weight="bold")
