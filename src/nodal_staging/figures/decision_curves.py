"""Decision curves: net benefit of acting on each classifier, on all, on none."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd
from matplotlib.axes import Axes

from nodal_staging import tables
from nodal_staging.figures import style
from nodal_staging.figures.fonts import drawn
from nodal_staging.figures.legend import Legend
from nodal_staging.statistics.decision_curve import DECISION_CURVE
from nodal_staging.study.classifier_names import is_reader, printed
from nodal_staging.study.files import read_json
from nodal_staging.tables.intervals import percent_of

HIGHEST = 0.6
"""Threshold probability up to which is drawn; few would wait for more."""

FOREST = "#E69F00"
FORESTS: dict[str, Any] = {
    "rf_status_balanced": "-.",
    "rf_location_balanced": (0, (4, 1, 1, 1, 1, 1)),
}
READERS = ("black", "0.45")
DASHES = ("--", ":")


def draw_decision_curves(
    *,
    cnns: Mapping[str, str | Path],
    others: Mapping[str, str | Path],
    statistics: str | Path,
    synthetic: bool,
    output: list[str],
) -> None:
    """Draw the CNNs with intervals, and again with forests and readers.

    Parameters
    ----------
    cnns, others
        Classifier to ``DECISION_CURVE``.
    statistics
        JSON of any of them, for the prevalence.
    synthetic
        Whether to mark the figure as synthetic.
    output
        Files; the suffix decides the format.
    """
    block = read_json(statistics)["decision_curve"]
    figure = style.new_figure(style.DOUBLE_COLUMN_MM, 90)
    left, right = figure.subplots(1, 2, sharex=True, sharey=True)
    networks = {name: _read(path) for name, path in cnns.items()}
    rest = {name: _read(path) for name, path in others.items()}
    for axes in (left, right):
        draw_simple(axes, next(iter(networks.values())))
    for name, curve in networks.items():
        _draw(left, name, curve, band=True)
        _draw(right, name, curve)
    readers = [name for name in rest if is_reader(name)]
    for name, curve in rest.items():
        place = readers.index(name) if name in readers else 0
        _draw(right, name, curve, place=place)
    prevalence = block["prevalence"]
    source = "all nodes" if block["prevalence_of"] == "natural" else "test nodes"
    left.set(
        xlim=(0, HIGHEST),
        ylim=(-0.12 * prevalence, 1.08 * prevalence),
        xlabel="Threshold probability",
        ylabel=f"Net benefit per node, {100 * prevalence:.1f}% of {source} positive",
        title=f"CNNs, pointwise {percent_of(block['level'])} band over patients",
    )
    right.set(xlabel="Threshold probability", title="With forests and readers")
    figure.legend(
        *right.get_legend_handles_labels(),
        loc="outside lower center",
        ncols=4,
        frameon=False,
    )
    if synthetic:
        style.mark_synthetic(figure, above=True)
    style.save(figure, output, legend=legend(block))


def legend(block: Mapping[str, Any]) -> Legend:
    """Say what net benefit is counted in."""
    source = "all nodes" if block["prevalence_of"] == "natural" else "test nodes"
    caption = (
        "Net benefit per node of acting on a classifier, on all nodes and on none, by "
        "the probability from which one would act, at the prevalence of "
        f"{source} ({100 * block['prevalence']:.1f}%). Left the CNNs with pointwise "
        f"{percent_of(block['level'])} bands over patients, right next to forests and "
        "readers. It is a scale of usefulness, and no proof of it."
    )
    return Legend("Decision curves", caption)


def draw_simple(axes: Axes, curve: pd.DataFrame) -> Axes:
    """Draw what needs no classifier: acting on all nodes, and on none."""
    axes.axhline(0, color="0.2", linewidth=0.7, label="act on none")
    axes.plot(
        curve["threshold_probability"],
        curve["treat_all"],
        color="0.6",
        linewidth=0.9,
        label="act on all",
    )
    return axes


def _draw(
    axes: Axes, name: str, curve: pd.DataFrame, *, band: bool = False, place: int = 0
) -> None:
    """Draw the net benefit of one classifier, a reader in the look of its place."""
    look = _look(name, place)
    threshold = curve["threshold_probability"]
    if band:
        axes.fill_between(
            threshold,
            curve["lower"],
            curve["upper"],
            color=look["color"],
            alpha=0.13,
            lw=0,
        )
    axes.plot(threshold, curve["net_benefit"], label=drawn(printed(name)), **look)


def _look(name: str, place: int) -> dict[str, Any]:
    """Return colour and line: networks are solid, what others decide is dashed."""
    if is_reader(name):
        turn = place % len(READERS)
        return {"color": READERS[turn], "linestyle": DASHES[turn], "linewidth": 1.0}
    if name in FORESTS:
        return {"color": FOREST, "linestyle": FORESTS[name], "linewidth": 1.0}
    return {"color": style.COLOURS.get(name, "0.3")}


def _read(path: str | Path) -> pd.DataFrame:
    """Read a decision curve as far as it is drawn."""
    curve = tables.read(path, DECISION_CURVE)
    return curve[curve["threshold_probability"] <= HIGHEST + 1e-9]
