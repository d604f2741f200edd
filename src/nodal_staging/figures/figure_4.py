"""Figure 4: the network, drawn from the layers that were built."""

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from nodal_staging import tables
from nodal_staging.classifiers.cnn.inputs import ImageOptions, ImageSource
from nodal_staging.classifiers.cnn.recipes import read_recipe
from nodal_staging.figures import style
from nodal_staging.figures.legend import Legend
from nodal_staging.figures.network_drawing import Input, lay_out, parameters
from nodal_staging.figures.network_groups import Layer
from nodal_staging.nodes.example_nodes import EXAMPLES
from nodal_staging.study.files import read_json


def draw_figure_4(
    *,
    card: str | Path,
    recipe: str | Path,
    chosen: str | Path,
    patches: Iterable[str | Path],
    synthetic: bool,
    output: Sequence[str | Path],
) -> None:
    """Draw Figure 4.

    Parameters
    ----------
    card
        What a training wrote of the network that it built.
    recipe
        How that network's input is made.
    chosen, patches
        The node whose image is shown (panel a of ``EXAMPLES``), and the patch files.
    synthetic
        Whether the figure must say that its data are synthetic.
    output
        Files to write; their suffixes (pdf, svg, png) say in which formats.
    """
    layers = read_json(card)["layers"]
    options = read_recipe(recipe).image
    node = tables.read(chosen, EXAMPLES).set_index("panel").loc["a"]
    figure = lay_out(layers, example_input(layers, options, patches, node["node_id"]))
    if synthetic:
        style.mark_synthetic(figure)
    style.save(figure, output, legend=legend(layers, options, node))


def example_input(
    layers: Sequence[Layer],
    options: ImageOptions,
    patches: Iterable[str | Path],
    node_id: str,
) -> Input:
    """Return the channels of a node's image, as the network is fed it."""
    image = ImageSource.read(patches, [node_id], options).plain()[0]
    return Input(
        layers[0]["name"],
        {name: image[..., k] for k, name in enumerate(options.channel_names)},
    )


def legend(layers: Sequence[Layer], options: ImageOptions, node: Any) -> Legend:
    """Say what is drawn, with the numbers of this network."""
    kinds = [layer["kind"] for layer in layers]
    low, high = options.window_hu
    caption = (
        f"{kinds.count('Conv2D')} convolutional and {kinds.count('Dense')} dense "
        "layers, drawn from the network as it was built: a bar per layer, in the "
        "order of the data; height of bars: size of the maps, of dense layers the "
        "logarithm of the units; below: shape (rows × columns × filters) before "
        "pooling. The last unit gives the probability of a positive node. "
        f"{parameters(layers)}. Input ({' and '.join(options.channel_names)}): the "
        f"central axial slice of a {node['status']} {node['location']} node at 1 mm, "
        f"window {low:g} to {high:g} HU."
    )
    return Legend("The network", caption.replace(" -", " −"))
