"""Forest plot: how the CNNs do by location and by size of the node."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from nodal_staging import tables
from nodal_staging.figures import style
from nodal_staging.figures.fonts import drawn
from nodal_staging.figures.legend import Legend
from nodal_staging.statistics.subgroups import SUBGROUPS
from nodal_staging.study.arrays import FloatArray
from nodal_staging.study.classifier_names import printed

PANELS = {"auc": "AUC", "sensitivity": "Sensitivity", "specificity": "Specificity"}
HEADINGS = {"location": "Location", "short_axis": "Short axis"}
ROW_MM = 7.5
COLUMNS = (-0.36, -0.21, -0.05)
"""Where name and counts end, as parts of the width of a panel."""


def draw_subgroups(
    *,
    classifiers: Sequence[str],
    subgroups: str | Path,
    synthetic: bool,
    output: list[str],
) -> None:
    """Draw one row per subgroup and one panel per measure.

    Parameters
    ----------
    classifiers
        Who is drawn, in this order.
    subgroups
        ``SUBGROUPS``.
    synthetic
        Whether to mark the figure as synthetic.
    output
        Files; the suffix decides the format.
    """
    table = tables.read(subgroups, SUBGROUPS)
    table = table[table["classifier"].isin(classifiers)]
    rows = table[table["classifier"] == classifiers[0]].reset_index(drop=True)
    height = _heights(rows)
    figure = style.new_figure(
        style.DOUBLE_COLUMN_MM, 24 + ROW_MM * (float(height.max()) + 1)
    )
    axes = figure.subplots(1, len(PANELS), sharey=True)
    for panel, measure in zip(axes, PANELS, strict=True):
        draw_measure(panel, table, classifiers, rows, measure)
        panel.set(title=PANELS[measure], xlim=(-0.02, 1.02))
    _name_rows(axes[0], rows, height)
    axes[0].set_ylim(float(height.max()) + 0.7, -1.4)
    handles, labels = axes[0].get_legend_handles_labels()
    figure.legend(
        handles, labels, loc="outside lower center", ncols=len(labels), frameon=False
    )
    if synthetic:
        style.mark_synthetic(figure, above=True)
    style.save(figure, output, legend=legend(rows))


def legend(rows: pd.DataFrame) -> Legend:
    """Say what is drawn, of how many nodes."""
    whole = rows[rows["grouping"] == "all"].iloc[0]
    caption = (
        f"Of {whole['n_positive']:,} positive and {whole['n_negative']:,} negative "
        f"test nodes of {whole['n_patients']:,} patients, by location and by short "
        "axis. AUC with an interval over patients, hollow where it has none; "
        "sensitivity and specificity with Wilson’s intervals; dotted the value of all "
        "test nodes."
    )
    return Legend("The CNNs by location and size", caption)


def draw_measure(
    axes: Axes,
    table: pd.DataFrame,
    classifiers: Sequence[str],
    rows: pd.DataFrame,
    measure: str,
) -> Axes:
    """Draw one measure of all classifiers, side by side in each row.

    An area without an interval is drawn hollow; where there is no area, nothing is.
    """
    height = _heights(rows)
    step = 0.26
    for number, classifier in enumerate(classifiers):
        mine = table[table["classifier"] == classifier].reset_index(drop=True)
        y = height + step * (number - (len(classifiers) - 1) / 2)
        colour = style.COLOURS.get(classifier, "0.3")
        estimate, lower, upper = (
            mine[f"{measure}{end}"].to_numpy(float) for end in ("", "_lower", "_upper")
        )
        whole = ~np.isnan(lower)
        axes.hlines(y[whole], lower[whole], upper[whole], color=colour, linewidth=0.9)
        axes.scatter(
            estimate[whole],
            y[whole],
            s=11,
            color=colour,
            zorder=3,
            label=drawn(printed(classifier)),
            clip_on=False,
        )
        axes.scatter(
            estimate[~whole],
            y[~whole],
            s=11,
            facecolor="white",
            edgecolor=colour,
            linewidth=0.8,
            zorder=3,
            clip_on=False,
        )
        axes.axvline(estimate[0], color=colour, linewidth=0.5, linestyle=":", zorder=0)
    axes.tick_params(axis="y", length=0)
    return axes


def _heights(rows: pd.DataFrame) -> FloatArray:
    """Place rows one below the other, with room for a heading before a grouping."""
    new = (rows["grouping"] != rows["grouping"].shift()).to_numpy(copy=True)
    new[0] = False
    return np.asarray(np.arange(len(rows)) + np.cumsum(new), float)


def _name_rows(axes: Axes, rows: pd.DataFrame, height: FloatArray) -> None:
    """Write what each row is, and how many positive and negative nodes it has."""
    axes.set_yticks([])
    for place, row in zip(height, rows.to_dict("records"), strict=True):
        name = "All test nodes" if row["grouping"] == "all" else row["subgroup"]
        counts = (str(row["n_positive"]), str(row["n_negative"]))
        _write_row(axes, place, (name, *counts))
    _write_row(axes, height[0] - 1, ("", "pos.", "neg."), bold=True)
    for grouping, heading in HEADINGS.items():
        places = height[(rows["grouping"] == grouping).to_numpy()]
        if len(places):
            _write_row(axes, places[0] - 1, (heading,), bold=True)


def _write_row(
    axes: Axes, place: float, cells: Sequence[str], *, bold: bool = False
) -> None:
    """Write cells left of the panel, right-aligned."""
    for across, cell in zip(COLUMNS, cells, strict=False):
        axes.text(
            across,
            place,
            cell,
            # Across as parts of the panel, down as rows.
            transform=axes.get_yaxis_transform(),
            ha="right",
            va="center",
            size=6.5,
            fontweight="bold" if bold else "normal",
        )
