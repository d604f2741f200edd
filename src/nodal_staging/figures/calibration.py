"""Calibration of the CNNs: what was foretold against what was found."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from scipy.special import expit, logit

from nodal_staging import tables
from nodal_staging.calibration import CALIBRATION
from nodal_staging.classifier_names import printed
from nodal_staging.figures import style
from nodal_staging.figures.legend import Legend
from nodal_staging.files import read_json

MIXES = {"test": "test set", "natural": "weighted to all nodes"}
STATUSES = {
    "constant": "no slope: all scores are equal",
    "perfectly_separated": "no slope: classes do not overlap",
}


LEGEND = Legend(
    "Calibration of the CNNs",
    "Observed share of positive nodes against predicted probability, in groups of as "
    "many nodes each with intervals, and the logistic line through all of them; above "
    "in the mix of the test set, below weighted to that of all nodes of the study. "
    "Grey: perfect calibration. The numbers stand with each panel.",
)


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
    figure = style.new_figure(style.DOUBLE_COLUMN_MM, 150)
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
        axes[0, column].text(
            0.5,
            1.30,
            printed(classifier),
            transform=axes[0, column].transAxes,
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
    style.save(figure, output, legend=LEGEND)


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
        line = block["intercept_beside_slope"]["estimate"] + block["slope"][
            "estimate"
        ] * logit(predicted)
        axes.plot(predicted, expit(line), color=colour, linewidth=1.0)
    axes.set(xlim=(-0.01, 1.01), ylim=(-0.01, 1.01))
    axes.set_title(_numbers(block), loc="left", size=5.6, linespacing=1.35)
    return axes


def _numbers(block: Mapping[str, Any]) -> str:
    """Print prevalence, intercept, slope and Brier's score."""
    if block["slope"] is None:
        slope = STATUSES[block["status"]]
    else:
        slope = f"slope {_with_interval(block['slope'])}"
    return (
        f"{100 * block['prevalence']:.1f} % positive, {slope}\n"
        f"intercept {_with_interval(block['intercept'])}\n"
        f"Brier {_with_interval(block['brier'], 3)}\n"
        f"scaled {_with_interval(block['scaled_brier'])}"
    )


def _with_interval(found: Mapping[str, float], digits: int = 2) -> str:
    """Print an estimate with its interval."""
    estimate, lower, upper = (
        f"{found[name]:.{digits}f}".replace("-", "\u2212")
        for name in ("estimate", "lower", "upper")
    )
    return f"{estimate} ({lower} to {upper})"


def _say(axes: Axes, words: str) -> None:
    """Say why there is nothing to draw."""
    axes.text(0.5, 0.5, words, ha="center", va="center", transform=axes.transAxes)
    axes.set(xlim=(-0.01, 1.01), ylim=(-0.01, 1.01))
