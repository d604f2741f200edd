"""Faithfulness: the support of the CNNs while pixels are replaced by relevance."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.lines import Line2D
from matplotlib.ticker import FixedLocator

from nodal_staging import tables
from nodal_staging.figures import style
from nodal_staging.figures.legend import Legend
from nodal_staging.heatmaps.heatmap_files import CURVES
from nodal_staging.heatmaps.options import method_name
from nodal_staging.study.classifier_names import printed

# Tol's muted colours, safe for colour-blind readers, and a blue of Okabe and Ito.
COLOURS = {
    "pattern_attribution": "#332288",
    "pattern_net": "#CC6677",
    "integrated_gradients": "#117733",
    "gradient_x_input": "#AA4499",
    "gradient": "#882255",
    "smoothgrad": "#44AA99",
    "grad_cam": "#999933",
    "occlusion": "#0072B2",
}
RANDOM = "random"
CONTROLS = {"edges": "0.15", "centre": "0.45", RANDOM: "0.7"}
MARKERS = ("o", "^")
"""Of the methods of a panel: distinguishable without colours."""

SIDES: dict[str, Any] = {"most_first": "-", "least_first": (0, (3, 1.5))}
MOST_MARKS = 11
"""More points on a curve are drawn without marks, which would hide it."""

ROW_MM = 42
ABOVE: dict[str, Any] = {
    "loc": "lower left",
    "bbox_to_anchor": (-0.03, 1.0),
    "frameon": False,
    "handlelength": 1.5,
    "handletextpad": 0.4,
    "borderpad": 0.0,
    "borderaxespad": 0.3,
}
"""Where the names of a column stand."""


def draw_faithfulness(
    *, curves: Mapping[str, str | Path], synthetic: bool, output: Sequence[str | Path]
) -> None:
    """Draw a row per CNN, and a column per two methods, each with a random map.

    Parameters
    ----------
    curves
        CNN to ``heatmap_files.CURVES``.
    synthetic
        Whether to mark the figure as synthetic.
    output
        Files; the suffix decides the format.
    """
    found = {cnn: tables.read(path, CURVES) for cnn, path in curves.items()}
    columns = in_columns(next(iter(found.values()))["method"].unique())
    figure = style.new_figure(style.DOUBLE_COLUMN_MM, 22 + ROW_MM * len(found))
    axes = figure.subplots(
        len(found), len(columns), sharex=True, sharey="row", squeeze=False
    )
    for row, (cnn, frame) in zip(axes, found.items(), strict=True):
        for panel, methods in zip(row, columns, strict=True):
            draw_curves(panel, frame, methods)
        name = printed(f"cnn_{cnn}")
        row[0].set_ylabel(f"{name}\nMean support (logits)")
    for panel in axes[0]:
        panel.legend(**ABOVE)
    for panel in axes[-1]:
        panel.set_xlabel("Pixels replaced (%)")
    figure.legend(handles=_sides(), loc="outside lower center", ncols=4, frameon=False)
    if synthetic:
        style.mark_synthetic(figure, above=True)
    style.save(figure, output, legend=legend())


def legend() -> Legend:
    """Say what is replaced, in which order, and how the curves are read."""
    caption = (
        "Pixels of the CT are replaced by the mean training image, most relevant first "
        "(solid) or least relevant first (dashed). Mean over all test nodes of the "
        "support for the side of 0.5 on which the output for the whole image lies: "
        "logit times its sign, which passes zero where the output passes 0.5. A map "
        "that names the pixels that matter has a solid curve far below its dashed one: "
        "the area between them, below zero where the solid one is above, is the gap, "
        "of which the audit gives an interval. Grey: controls that know of no network, "
        "the random map in every panel. Each row has a scale of its own."
    )
    return Legend(
        "Scores of the CNNs while pixels are replaced in the order of relevance",
        caption,
    )


def in_columns(methods: Sequence[str]) -> list[list[str]]:
    """Set two methods to a column, in their order, and the controls into the last."""
    drawn = [name for name in methods if name not in CONTROLS]
    pairs = [drawn[place : place + 2] for place in range(0, len(drawn), 2)]
    return [*pairs, [name for name in CONTROLS if name != RANDOM]]


def draw_curves(axes: Axes, curves: pd.DataFrame, methods: Sequence[str]) -> Axes:
    """Draw the curves of some methods over those of the random map.

    Parameters
    ----------
    axes
        To draw on.
    curves
        ``heatmap_files.CURVES`` of one CNN.
    methods
        At most two.
    """
    axes.axhline(0, color="0.6", linewidth=0.6, linestyle=":")
    for method in (RANDOM, *methods):
        rows = curves[curves["method"] == method]
        look = _look(method)
        if method in methods and len(rows) <= MOST_MARKS:
            look |= {"marker": MARKERS[methods.index(method)], "markersize": 2.2}
        for side, line in SIDES.items():
            named = method in methods and side == "most_first"
            axes.plot(
                100 * rows["share_replaced"],
                rows[side],
                linestyle=line,
                label=method_name(method) if named else None,
                **look,
            )
    axes.xaxis.set_major_locator(FixedLocator([0, 25, 50, 75, 100]))
    return axes


def _look(method: str) -> dict[str, Any]:
    """Return the colour of a method."""
    return {"color": (COLOURS | CONTROLS)[method], "linewidth": 1.0}


def _sides() -> list[Artist]:
    """Return what kinds of lines mean, for all panels."""
    black: dict[str, Any] = {"color": "black", "linewidth": 1.0}
    return [
        Line2D([], [], linestyle="-", label="most relevant first", **black),
        Line2D(
            [],
            [],
            linestyle=SIDES["least_first"],
            label="least relevant first",
            **black,
        ),
        Line2D([], [], label="random map (control)", **_look(RANDOM)),
        Line2D(
            [], [], color="0.6", linewidth=0.6, linestyle=":", label="output of 0.5"
        ),
    ]
