"""Robustness: sensitivity, specificity and AUC when HU, centre or mask change."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from nodal_staging import tables
from nodal_staging.audit.robustness.robustness_tables import (
    IDENTITY,
    RETRAINED,
    ROBUSTNESS,
)
from nodal_staging.audit.robustness.step_names import step_name
from nodal_staging.figures import style
from nodal_staging.figures.fonts import drawn
from nodal_staging.figures.legend import Legend
from nodal_staging.study.classifier_names import printed

MEASURES: Mapping[str, dict[str, Any]] = {
    "sensitivity": {"color": style.POSITIVE, "marker": "o", "label": "Sensitivity"},
    "specificity": {"color": style.NEGATIVE, "marker": "s", "label": "Specificity"},
    "auc": {"color": "0.25", "marker": "D", "label": "AUC"},
}
STEP = 0.24
"""Between the measures of a perturbation, which are 1 apart."""

ROW_MM = 6.5


def draw_robustness(
    *,
    classifiers: Sequence[str],
    robustness: str | Path,
    synthetic: bool,
    output: Sequence[str | Path],
) -> None:
    """Draw a panel per classifier, and a row per perturbation.

    Parameters
    ----------
    classifiers
        Who is drawn, in this order.
    robustness
        ``ROBUSTNESS``.
    synthetic
        Whether to mark the figure as synthetic.
    output
        Files; the suffix decides the format.
    """
    table = tables.read(robustness, ROBUSTNESS)
    table = table[table["perturbation"] != IDENTITY]
    own = [table[table["classifier"] == name] for name in classifiers]
    rows = max(len(own[0]), 1)
    figure = style.new_figure(style.DOUBLE_COLUMN_MM, 24 + ROW_MM * rows)
    axes = figure.subplots(1, len(classifiers), sharex=True, sharey=True, squeeze=False)
    for panel, name, frame in zip(axes[0], classifiers, own, strict=True):
        draw_changes(panel, frame)
        panel.set_title(drawn(printed(name)))
        panel.set_xlabel("Change (percentage points)")
    axes[0][0].set_ylim(rows - 0.4, -0.6)
    handles, labels = axes[0][0].get_legend_handles_labels()
    figure.legend(
        handles, labels, loc="outside lower center", ncols=len(labels), frameon=False
    )
    if synthetic:
        style.mark_synthetic(figure, above=True)
    style.save(figure, output, legend=legend(own[0]))


def legend(rows: pd.DataFrame) -> Legend:
    """Say what is drawn, of how many nodes."""
    nodes = f"{int(rows['nodes'].iloc[0]):,} test nodes" if len(rows) else "test nodes"
    caption = (
        f"Changes on the same {nodes}, with intervals over patients. Sensitivity and "
        "specificity are those at the threshold that the study chose, which is not "
        "chosen again. A mask is wider (+) or narrower by a ball; images, volume and "
        "attenuation follow it. A shift of the centre is the mean of six directions."
    )
    if rows["perturbation"].eq(RETRAINED).any():
        caption += " Training 2 and higher: the same nodes, another training."
    return Legend("Do calls stay when images or masks change?", caption)


def draw_changes(axes: Axes, rows: pd.DataFrame) -> Axes:
    """Draw the changes of one classifier, a row per perturbation.

    Parameters
    ----------
    axes
        To draw on.
    rows
        ``ROBUSTNESS`` of one classifier without the identity.
    """
    axes.axvline(0, color="0.6", linewidth=0.6, linestyle=":")
    for number, (measure, look) in enumerate(MEASURES.items()):
        y = np.arange(len(rows)) + STEP * (number - 1)
        change, lower, upper = (
            100 * rows[f"{measure}_change{end}"].to_numpy(float)
            for end in ("", "_lower", "_upper")
        )
        axes.hlines(y, lower, upper, color=look["color"], linewidth=0.9)
        axes.scatter(change, y, s=11, linewidth=0, zorder=3, clip_on=False, **look)
    pairs = zip(rows["perturbation"], rows["strength"], strict=True)
    axes.set_yticks(range(len(rows)), [step_name(*pair) for pair in pairs])
    axes.tick_params(axis="y", length=0)
    return axes
