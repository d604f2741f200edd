"""Heatmaps of some CNNs for two nodes: what Figures 6 and 7 have in common."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import pandas as pd

from nodal_staging import tables
from nodal_staging.figures import style
from nodal_staging.figures.heatmap_legend import caption
from nodal_staging.figures.heatmap_panels import Network, lay_out
from nodal_staging.figures.legend import Legend
from nodal_staging.heatmaps.shown_nodes import Example


def draw_heatmaps(
    *,
    choose: Callable[[pd.DataFrame], Sequence[Example]],
    heatmaps: Mapping[str, str | Path],
    scores: Mapping[str, str | Path],
    statistics: Mapping[str, str | Path],
    nodes: str | Path,
    window_hu: tuple[float, float],
    synthetic: bool,
    output: Sequence[str | Path],
    signed: bool = False,
) -> None:
    """Draw the heatmaps of two nodes from the heatmap files.

    Parameters
    ----------
    choose
        Rule that takes a positive and a negative one of the test nodes
        (``tables.NODES``).
    heatmaps, scores, statistics
        CNN to its ``heatmap_files.Heatmaps``, its ``tables.SCORES`` and its
        statistics, whose threshold decides who is called positive.
    nodes
        ``tables.NODES``.
    window_hu
        What is black and what is white on CT.
    synthetic
        Whether the figure must say that its data are synthetic.
    output
        Files to write; their suffixes (pdf, svg, png) say in which formats.
    signed
        Draw what speaks for and against a positive node in two colours, instead of
        how much a pixel contributes in one.
    """
    networks = [
        Network.read(cnn, path, scores[cnn], statistics[cnn], signed=signed)
        for cnn, path in heatmaps.items()
    ]
    measured = tables.read(nodes, tables.NODES)
    tested = measured[measured["node_id"].isin(networks[0].drawn.node_ids)]
    examples = choose(tested)
    figure = lay_out(networks, examples, window_hu)
    if synthetic:
        style.mark_synthetic(figure)
    first, second = (one.node for one in examples)
    title = (
        f"Heatmaps of {len(networks)} CNNs for a {first['status']} "
        f"{first['location']} and a {second['status']} {second['location']} node"
    )
    words = caption(networks, examples, window_hu)
    style.save(figure, output, legend=Legend(title, words))
