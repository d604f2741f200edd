"""The learning curve: AUC on the test set against the number of training nodes."""

from collections.abc import Sequence
from pathlib import Path

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.ticker import FixedLocator, NullLocator

from nodal_staging import tables
from nodal_staging.figures import style
from nodal_staging.study.classifier_names import printed

CEILING = "0.35"
LOWEST_AUC = 0.4
"""Axes of AUC reach down to here, or to what was found below."""


def draw_learning_curve(
    *, table: str | Path, synthetic: bool, output: Sequence[str | Path]
) -> None:
    """Draw one panel per CNN: every training, their means, and the ceiling.

    Parameters
    ----------
    table
        ``tables.LEARNING_CURVE``.
    synthetic
        Whether to mark the figure as synthetic.
    output
        Files; the suffix decides the format.
    """
    frame = tables.read(table, tables.LEARNING_CURVE)
    names = [name for name in style.COLOURS if name[4:] in set(frame["cnn"])]
    figure = style.new_figure(style.DOUBLE_COLUMN_MM, 62)
    axes = figure.subplots(1, len(names), sharey=True, squeeze=False)[0]
    for axis, name in zip(axes, names, strict=True):
        axis.set_title(printed(name))
        _draw_points(axis, frame[frame["cnn"] == name[4:]], style.COLOURS[name])
        axis.set_xlabel("Training nodes (mean of the draws)")
    axes[0].set_ylim(min(LOWEST_AUC, frame["lower"].min()), 1)
    axes[0].set_ylabel("AUC on the test set")
    axes[0].legend(frameon=False, loc="lower right")
    if synthetic:
        style.mark_synthetic(figure, above=True)
    style.save(figure, output)


def _draw_points(axes: Axes, rows: pd.DataFrame, colour: str) -> None:
    """Draw trainings as points with intervals, means as a line."""
    means = rows.groupby("percent")[["nodes", "auc"]].mean()
    axes.errorbar(
        rows["nodes"],
        rows["auc"],
        yerr=[rows["auc"] - rows["lower"], rows["upper"] - rows["auc"]],
        fmt="o",
        markersize=3,
        color=colour,
        ecolor=colour,
        elinewidth=0.5,
        alpha=0.6,
        label="one training",
    )
    axes.plot(means["nodes"], means["auc"], color=colour, label="mean")
    if rows["realistic_ceiling"].notna().all():
        ceiling = rows["realistic_ceiling"].iloc[0]
        axes.axhline(ceiling, color=CEILING, linestyle="--", label="realistic ceiling")
    axes.set_xscale("log")
    axes.xaxis.set_major_locator(FixedLocator(list(means["nodes"].round())))
    axes.xaxis.set_minor_locator(NullLocator())
    axes.xaxis.set_major_formatter(lambda value, _: f"{value:.0f}")
