"""Rows of heatmaps: the CT of a node, and what CNNs are said to look at there."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Self

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.colors import Normalize
from matplotlib.figure import Figure

from nodal_staging import tables
from nodal_staging.attribution.localisation import localise
from nodal_staging.classifiers.called_nodes import chosen_threshold
from nodal_staging.classifiers.scores import called_positive
from nodal_staging.figures import style
from nodal_staging.figures.figure_1 import OUTLINE, described
from nodal_staging.figures.pictures import (
    Extent,
    mark_right,
    outline,
    scale_bar,
    show,
    window_in_words,
    write_below,
)
from nodal_staging.heatmaps.heatmap_files import (
    DIRECTED,
    Heatmap,
    Heatmaps,
    read_heatmaps,
)
from nodal_staging.heatmaps.shown_nodes import Example
from nodal_staging.study.arrays import Float32Array
from nodal_staging.study.classifier_names import printed

PERCENTILE = 99.5
"""Of the absolute values of a map; what is at it or above has the end's colour."""
SIGNED = {"logit", "signal"}
"""What maps explain whose sign supports a status; they are drawn in two colours."""
SEQUENTIAL, DIVERGING = "inferno", "RdBu_r"
ON_MAP, AROUND = "white", "black"
"""Outline of the node and its edge: no colour of a status, seen on light and dark."""

LEFT_MM, RIGHT_MM, TOP_MM, GAP_MM = 5.0, 13.0, 4.5, 1.5
PANEL_MM, TITLE_MM, FOOT_MM = 39.0, 4.0, 14.5
BAR_MM = 10
LINESPACING = 1.3
KEY_MM, KEY_PT = 5.5, 6.0
"""Lines below all panels: height, and size of type in points."""


@dataclass(frozen=True, slots=True)
class NetworkFiles:
    """Files of one CNN: ``heatmap_files.Heatmaps``, ``tables.SCORES``, statistics."""

    heatmaps: str | Path
    scores: str | Path
    statistics: str | Path


def network_files(
    cnns: Iterable[str],
    heatmaps: Iterable[str | Path],
    scores: Iterable[str | Path],
    statistics: Iterable[str | Path],
) -> dict[str, NetworkFiles]:
    """Return the files of each CNN, in the order of ``cnns``."""
    files = zip(cnns, heatmaps, scores, statistics, strict=True)
    return {cnn: NetworkFiles(*own) for cnn, *own in files}


@dataclass(frozen=True, slots=True, eq=False)
class Network:
    """What is drawn of one CNN: maps, outputs by node, and who is called positive."""

    classifier: str
    drawn: Heatmaps
    score: Mapping[str, float]
    threshold: float

    @classmethod
    def read(cls, cnn: str, files: NetworkFiles, *, signed: bool = False) -> Self:
        """Read the artefacts of a CNN; its maps as parts of the logit, if signed.

        The threshold of its statistics decides who is called positive.
        """
        frame = tables.read(files.scores, tables.SCORES)
        tested = frame[frame["partition"] == "test"].set_index("node_id")
        drawn = read_heatmaps(files.heatmaps)
        if signed:
            maps = {
                name: one.for_positive(drawn.logit) for name, one in drawn.maps.items()
            }
            drawn = replace(drawn, maps=maps)
        return cls(
            f"cnn_{cnn}",
            drawn,
            tested["score"].to_dict(),
            chosen_threshold(files.statistics),
        )

    @property
    def method(self) -> str:
        """The first configured method."""
        return next(iter(self.drawn.maps))

    @property
    def first(self) -> Heatmap:
        """The maps of that method."""
        return self.drawn.maps[self.method]

    def place(self, node_id: str) -> int:
        """Return where a node stands among the maps."""
        return list(self.drawn.node_ids).index(node_id)

    def correct(self, node: pd.Series) -> bool:
        """Tell whether the CNN calls a node what it is."""
        called = called_positive(self.score[node["node_id"]], self.threshold)
        return bool(called == (node["status"] == "positive"))


def lay_out(
    networks: Sequence[Network],
    examples: Sequence[Example],
    window_hu: tuple[float, float],
) -> Figure:
    """Place a row per node: its CT, then the map of each CNN."""
    width = LEFT_MM + RIGHT_MM + (len(networks) + 1) * PANEL_MM + len(networks) * GAP_MM
    row = TITLE_MM + PANEL_MM + FOOT_MM
    height = TOP_MM + len(examples) * row + KEY_MM
    figure = style.new_figure(width, height, placed=True)
    for number, example in enumerate(examples):
        top = TOP_MM + number * row + TITLE_MM
        style.mark_panel(figure, "abcd"[number], 0.9, top - TITLE_MM + 0.4)
        places = [LEFT_MM + k * (PANEL_MM + GAP_MM) for k in range(len(networks) + 1)]
        axes = [style.add_axes(figure, x, top, PANEL_MM, PANEL_MM) for x in places]
        draw_ct(axes[0], networks[0].drawn, example.node, window_hu)
        for panel, network in zip(axes[1:], networks, strict=True):
            draw_map(panel, network, example.node)
    _add_scale(figure, networks[0].first, width)
    words = key(networks[0].first.explains, window_hu)
    place = LEFT_MM / width, 1 / height
    figure.text(*place, words, size=KEY_PT, va="bottom", linespacing=LINESPACING)
    return figure


def draw_ct(
    axes: Axes, drawn: Heatmaps, node: pd.Series, window_hu: tuple[float, float]
) -> Axes:
    """Draw the CT that the first CNN saw, with the outline of the node."""
    place = list(drawn.node_ids).index(node["node_id"])
    low, high = window_hu
    image = drawn.images[place] * (high - low) + low
    extent = _extent(image)
    show(axes, image, extent, limits=window_hu, colours="gray")
    mask = drawn.masks[place].astype(np.float32)
    outline(axes, mask, extent, colour=OUTLINE[node["status"]])
    scale_bar(axes, BAR_MM, labelled=True)
    mark_right(axes)
    axes.set_title("CT", loc="left", pad=2)
    words = described(node).replace(f"{node['location']}, ", f"{node['location']},\n")
    write_below(axes, words, linespacing=LINESPACING)
    return axes


def draw_map(axes: Axes, network: Network, node: pd.Series) -> Axes:
    """Draw the map of a node, its output and where the map lies."""
    place = network.place(node["node_id"])
    shown = scaled(network.first.map[place])
    extent = _extent(shown)
    limits, colours = colouring(network.first.explains)
    if colours == SEQUENTIAL:
        # What is light is what counts below the map. The CT of a network that sees
        # the mask may speak against the output as a whole.
        shown = np.abs(shown)
    show(axes, shown, extent, limits=limits, colours=colours)
    masks = network.drawn.masks[place]
    ink, edge = ("black", None) if colours == DIVERGING else (ON_MAP, AROUND)
    outline(axes, masks.astype(np.float32), extent, colour=ink, edge=edge)
    axes.set_title(printed(network.classifier), loc="left", pad=2)
    where = localise(network.first.map[[place]], masks[None])
    mark = "★" if network.correct(node) else "✗"
    write_below(
        axes,
        f"output {network.score[node['node_id']]:.3f} {mark}\n"
        f"{100 * where.share[0, 0]:.0f}% on node, "
        f"{100 * where.area[0, 0]:.0f}% of area"
        f"{_opposing(network, node)}",
        linespacing=LINESPACING,
    )
    return axes


def _opposing(network: Network, node: pd.Series) -> str:
    """Return a line on the share of a map that contradicts the output, if parts can."""
    if network.first.explains not in DIRECTED:
        return ""
    return f"\n{100 * against(network, node):.0f}% against the output"


def key(explains: str, window_hu: tuple[float, float]) -> str:
    """Say what marks, colours and words mean, for readers of the figure alone."""
    colours = (
        "Red supports a positive node, blue a negative one"
        if explains in SIGNED
        else "Light contributes to the output, dark little"
    )
    side = "; against the output: against the side of 0.5 on which it lies"
    return (
        f"CT: {window_in_words(window_hu)}. "
        "★ right, ✗ wrong call at the threshold of the CNN.\n"
        f"{colours}{side if explains in DIRECTED else ''}."
    )


def scaled(values: Float32Array) -> Float32Array:
    """Divide a map by the percentile of its absolute values that is drawn as 1."""
    highest = float(np.percentile(np.abs(values), PERCENTILE))
    return np.asarray(values / highest if highest > 0 else values, np.float32)


def colouring(explains: str) -> tuple[tuple[float, float], str]:
    """Return limits and colours: a sequential scale unless the sign has a meaning."""
    return ((-1, 1), DIVERGING) if explains in SIGNED else ((0, 1), SEQUENTIAL)


def against(network: Network, node: pd.Series) -> float:
    """Return the share of the absolute values that contradicts the own side of 0.5.

    The map must be directed (``DIRECTED``).
    """
    place = network.place(node["node_id"])
    return float(np.nan_to_num(network.first.against(network.drawn.logit)[place]))


def _extent(image: Float32Array) -> Extent:
    """Return the edges of an axial image in mm; its pixels measure 1 mm."""
    rows, columns = image.shape
    return 0.0, float(columns), 0.0, float(rows)


def _add_scale(figure: Figure, first: Heatmap, width: float) -> None:
    """Add the scale of the maps to the right of the first row."""
    (low, high), colours = colouring(first.explains)
    place = style.add_axes(
        figure, width - RIGHT_MM + 2, TOP_MM + TITLE_MM, 2.5, PANEL_MM
    )
    scale: Any = figure.colorbar(
        ScalarMappable(Normalize(low, high), colours), cax=place, ticks=[low, high]
    )
    scale.outline.set_linewidth(0.4)
    place.tick_params(length=2, width=0.5)
    name = "relevance" if colours == DIVERGING else "|relevance|"
    place.set_ylabel(f"{name} / {PERCENTILE:g}th percentile", size=6, labelpad=-3)
