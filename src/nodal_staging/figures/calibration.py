"""Calibration of the CNNs: predicted probability against observed share."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from scipy.special import expit, logit

from nodal_staging import tables
from nodal_staging.figures import style
from nodal_staging.figures.fonts import drawn
from nodal_staging.figures.legend import Legend
from nodal_staging.statistics.calibration import CALIBRATION
from nodal_staging.study.classifier_names import printed
from nodal_staging.study.files import read_json
from nodal_staging.tables.intervals import percent_of, with_interval
from nodal_staging.tables.rounding import MISSING

MIXES = {"test": "test set", "natural": "weighted to all nodes"}
STATUSES = {
    "constant": "no slope: all scores are equal",
    "perfectly_separated": "no slope: classes do not overlap",
    "not_identified": "no slope: scores hardly differ",
    "nearly_separated": "classes overlap in one patient",
}

NUMBERS_PT, LINE_HEIGHT = 6.5, 1.3
NAME_PT = 5 * NUMBERS_PT * LINE_HEIGHT + 14
"""Height of a classifier's name above its upper panel and the five lines there."""


@dataclass(frozen=True, slots=True, eq=False)
class Calibration:
    """What is drawn of one classifier and one mix."""

    classifier: str
    groups: pd.DataFrame
    block: Mapping[str, Any]


def draw_calibration(
    *,
    statistics: Mapping[str, str | Path],
    calibration: Mapping[str, str | Path],
    synthetic: bool,
    output: list[str],
) -> None:
    """Draw one column per classifier, the mix of the test set above all nodes.

    Parameters
    ----------
    statistics, calibration
        Classifier to its JSON and to ``CALIBRATION``.
    synthetic
        Whether to mark the figure as synthetic.
    output
        Files; the suffix decides the format.
    """
    figure = style.new_figure(style.DOUBLE_COLUMN_MM, 164)
    axes = figure.subplots(
        len(MIXES), len(statistics), sharex=True, sharey=True, squeeze=False
    )
    for column, (classifier, path) in enumerate(statistics.items()):
        found = read_json(path)["calibration"]
        groups = tables.read(calibration[classifier], CALIBRATION)
        for row, mix in enumerate(MIXES):
            panel = axes[row, column]
            if mix in found["mixes"]:
                members = groups[groups["mix"] == mix]
                draw_mix(panel, Calibration(classifier, members, found["mixes"][mix]))
            else:
                _say(panel, found["status"].replace("_", " "))
        axes[0, column].annotate(
            drawn(printed(classifier)),
            (0.5, 1),
            xycoords="axes fraction",
            xytext=(0, NAME_PT),
            textcoords="offset points",
            ha="center",
            size=7.5,
        )
        axes[-1, column].set_xlabel("Predicted probability")
    for row in range(len(MIXES)):
        axes[row, 0].set_ylabel(
            f"Observed share positive,\n{list(MIXES.values())[row]}"
        )
    if synthetic:
        style.mark_synthetic(figure, above=True)
    style.save(figure, output, legend=legend(list(statistics.values())))


def legend(statistics: Sequence[str | Path]) -> Legend:
    """Say what groups, line and numbers are.

    Parameters
    ----------
    statistics
        JSON of each classifier that is drawn.
    """
    mixes = [
        m for p in statistics for m in read_json(p)["calibration"]["mixes"].values()
    ]
    level = f"{percent_of(mixes[0]['brier']['level'])} " if mixes else ""
    caption = (
        "Observed share of positive nodes against predicted probability, in groups of "
        f"as many nodes each with {level}intervals, and the logistic line through all "
        "of them; above in the mix of the test set, below weighted to that of all "
        "nodes of the study. Networks were trained on as many positive as negative "
        "nodes, so their predictions are first moved to the prevalence of the mix. "
        "Slope: 1 where predictions are spread as they should be, below 1 where they "
        "are too extreme; intercept: 0 where they are right on average, above 0 where "
        f"they are too low; both with {level}intervals over patients. Brier: the mean "
        "squared error; scaled, the share of it that is gone against predicting the "
        "prevalence for every node. Grey: perfect calibration."
    )
    return Legend("Calibration of the CNNs", caption)


def draw_mix(axes: Axes, shown: Calibration) -> Axes:
    """Draw reliability groups with intervals, and the logistic line through them."""
    colour = style.COLOURS.get(shown.classifier, "0.3")
    groups, block = shown.groups, shown.block
    axes.plot([0, 1], [0, 1], color="0.75", linewidth=0.6, zorder=0)
    observed = groups["observed"].to_numpy()
    axes.errorbar(
        groups["mean_predicted"],
        observed,
        yerr=[
            np.maximum(observed - groups["lower"], 0),
            np.maximum(groups["upper"] - observed, 0),
        ],
        fmt="o",
        markersize=3.2,
        color=colour,
        elinewidth=0.7,
        clip_on=False,
    )
    if block["slope"] is not None:
        ends = groups["lowest"].min(), groups["highest"].max()
        predicted = np.linspace(*ends, 200)
        line = block["intercept_with_slope"]["estimate"] + block["slope"][
            "estimate"
        ] * logit(predicted)
        axes.plot(predicted, expit(line), color=colour, linewidth=1.0)
    axes.set(xlim=(-0.01, 1.01), ylim=(-0.01, 1.01))
    axes.set_title(
        _numbers(block), loc="left", size=NUMBERS_PT, linespacing=LINE_HEIGHT
    )
    return axes


def _numbers(block: Mapping[str, Any]) -> str:
    """Print prevalence, slope, intercept and Brier's score, each on its line."""
    if block["slope"] is None:
        slope = STATUSES[block["status"]]
    else:
        slope = f"slope {_with_interval(block['slope'])}"
        if block["status"] in STATUSES:
            slope += f": {STATUSES[block['status']]}"
    return (
        f"{100 * block['prevalence']:.1f}% positive\n{slope}\n"
        f"intercept {_with_interval(block['intercept'])}\n"
        f"Brier {_with_interval(block['brier'], 3)}\n"
        f"scaled {_with_interval(block['scaled_brier'])}"
    )


def _with_interval(found: Mapping[str, float] | None, digits: int = 2) -> str:
    """Print an estimate with its interval, a dash where there is none."""
    if found is None:
        return MISSING
    ends = found["lower"], found["upper"]
    return with_interval(found["estimate"], *ends, digits)


def _say(axes: Axes, words: str) -> None:
    """Say why there is nothing to draw."""
    axes.text(0.5, 0.5, words, ha="center", va="center", transform=axes.transAxes)
    axes.set(xlim=(-0.01, 1.01), ylim=(-0.01, 1.01))
