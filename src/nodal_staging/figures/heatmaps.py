"""Heatmaps of some CNNs for two nodes: what Figures 6 and 7 have in common."""

import math
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path

import pandas as pd

from nodal_staging import tables
from nodal_staging.figures import style
from nodal_staging.figures.heatmap_panels import (
    PERCENTILE,
    SIGNED,
    Network,
    NetworkFiles,
    lay_out,
)
from nodal_staging.figures.legend import Legend
from nodal_staging.figures.pictures import window_in_words
from nodal_staging.heatmaps.heatmap_files import DIRECTED
from nodal_staging.heatmaps.options import method_name
from nodal_staging.heatmaps.shown_nodes import (
    Example,
    paired_examples,
    rule,
    single_examples,
)
from nodal_staging.study.classifier_names import printed

CAUTION = (
    "Two nodes show what such maps look like and prove nothing: a map can stay the "
    "same whatever the later layers decide, and can lie where the image is empty. "
    "Where the maps of all test nodes lie, compared with maps without a network and of "
    "networks that learned nothing, is measured in the audit."
)


def draw_heatmaps(
    *,
    choose: Callable[[pd.DataFrame], Sequence[Example]],
    networks: Mapping[str, NetworkFiles],
    nodes: str | Path,
    window_hu: tuple[float, float],
    synthetic: bool,
    output: Sequence[str | Path],
    signed: bool = True,
) -> None:
    """Draw the heatmaps of two nodes from the heatmap files.

    Parameters
    ----------
    choose
        Rule that takes a positive and a negative one of the test nodes
        (``tables.NODES``).
    networks
        CNN to its files, in the order in which they are drawn.
    nodes
        ``tables.NODES``.
    window_hu
        What is black and what is white on CT.
    synthetic
        Whether the figure must say that its data are synthetic.
    output
        Files to write; their suffixes (pdf, svg, png) say in which formats.
    signed
        Draw what supports a positive and a negative node in two colours; otherwise
        how much a pixel contributes to the output, in one colour as in the paper.
    """
    shown = [Network.read(cnn, files, signed=signed) for cnn, files in networks.items()]
    measured = tables.read(nodes, tables.NODES)
    tested = measured[measured["node_id"].isin(shown[0].drawn.node_ids)]
    examples = choose(tested)
    figure = lay_out(shown, examples, window_hu)
    if synthetic:
        style.mark_synthetic(figure)
    first, second = (one.node for one in examples)
    title = (
        f"Heatmaps of {len(shown)} CNNs for a {first['status']} "
        f"{first['location']} and a {second['status']} {second['location']} node"
    )
    words = caption(shown, examples, window_hu)
    style.save(figure, output, legend=Legend(title, words))


draw_figure_6 = partial(draw_heatmaps, choose=single_examples)
draw_figure_7 = partial(draw_heatmaps, choose=paired_examples)


def caption(
    networks: Sequence[Network],
    examples: Sequence[Example],
    window_hu: tuple[float, float],
) -> str:
    """Say what is drawn, how it is scaled, which nodes these are, and the caution."""
    thresholds = ", ".join(f"{one.threshold:.3f}" for one in networks)
    return (
        f"Left the axial CT of the node, {window_in_words(window_hu)}, with its "
        f"outline; to its right the {method_name(networks[0].method)} maps of "
        f"the CNNs {_listed([one.classifier for one in networks])}. "
        f"{_meaning(networks[0].first.explains)}{_channels(networks, examples)} "
        f"Each map is divided by the {PERCENTILE:g}th percentile of its absolute "
        "values. Below each map the "
        "output of the CNN, with a star where the call at the threshold "
        f"({thresholds}) is correct, a cross where it is wrong; the share of the "
        "absolute relevance that lies on the node and the node’s share of the area"
        f"{_opposing(networks[0].first.explains)}. "
        f"The bar is 10 mm long; R: the patient’s right. {rule(examples)} {CAUTION}"
    )


def _meaning(explains: str) -> str:
    """Say what the colours mean."""
    if explains in SIGNED:
        return "Red supports a positive node, blue a negative one."
    if explains in DIRECTED:
        return (
            "Light contributes to the output, for or against the side of 0.5 on which "
            "it lies, dark little."
        )
    return "Light contributes to the output, dark little."


def _opposing(explains: str) -> str:
    """Name the last number below each map, where there is one."""
    if explains not in DIRECTED:
        return ""
    return "; and the share that contradicts the side of 0.5 of the output"


def _channels(networks: Sequence[Network], examples: Sequence[Example]) -> str:
    """Say how much a map of the CT channel leaves out, where there are others."""
    shares = [
        1 - network.first.ct_share[network.place(one.node["node_id"])]
        for network in networks
        for one in examples
    ]
    known = [share for share in shares if not math.isnan(share)]
    if not known:
        return ""
    return (
        " The mask is a channel of the input too; the maps are of the CT channel, and "
        f"{_range(known)} of the absolute relevance lie on the other."
    )


def _range(shares: Sequence[float]) -> str:
    """Write the least and the largest of some shares in percent."""
    low, high = (f"{100 * end:.0f}" for end in (min(shares), max(shares)))
    return f"{low}%" if low == high else f"{low}% to {high}%"


def _listed(classifiers: Sequence[str]) -> str:
    """Join the names of CNNs without saying of each that it is one."""
    names = [printed(one).removeprefix("CNN, ") for one in classifiers]
    return ", ".join(names[:-1]) + f" and {names[-1]}"
