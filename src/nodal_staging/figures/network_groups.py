"""A network as groups of bars: one bar per layer, one group per block or dense layer.

Whatever was built is drawn: groups follow from the layers, not from a configuration.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from nodal_staging.figures.text_boxes import text_width_mm

Layer = Mapping[str, Any]
"""As ``cnn.layers.describe_layers`` has it."""

COLOURS = {
    "convolution": "#56B4E9",
    "dense": "#0072B2",
    "ReLU": "#E69F00",
    "batch normalisation": "#009E73",
    "max pooling": "#D55E00",
    "average pooling": "#D55E00",
    "dropout": "#F0E442",
    "flatten": "#999999",
    "sigmoid": "#CC79A7",
}
"""What a bar stands for; anything else is drawn in white."""

OPERATIONS = {
    "Conv2D": "convolution",
    "Dense": "dense",
    "ReLU": "ReLU",
    "BatchNormalization": "batch normalisation",
    "MaxPooling2D": "max pooling",
    "AveragePooling2D": "average pooling",
    "Dropout": "dropout",
    "Flatten": "flatten",
}
ACTIVATIONS = {"relu": "ReLU"}
WIDTHS_MM = {"convolution": 2.2, "dense": 2.2, "ReLU": 0.6}
OTHER_WIDTH_MM = 0.8

IMAGE_MM = 30.0
"""Height of a map as large as the input."""

LOWEST_MM = 1.2
UNIT_MM = 2.0
"""Height of a dense layer of one unit, and what each doubling adds."""

LABEL_SIZE = 6.0


@dataclass(frozen=True, slots=True)
class Bar:
    """One operation: ``layer`` is the layer that does it; sizes in mm."""

    layer: str
    operation: str
    width_mm: float
    height_mm: float


@dataclass(frozen=True, slots=True)
class Group:
    """Bars that belong together, their title above, and lines of text below."""

    title: str
    lines: tuple[str, ...]
    bars: tuple[Bar, ...]

    @property
    def bars_mm(self) -> float:
        """Width of the bars."""
        return sum(bar.width_mm for bar in self.bars)

    @property
    def width_mm(self) -> float:
        """Width of bars or text, whichever is more."""
        texts = [text_width_mm(line, LABEL_SIZE) for line in self.lines]
        title = text_width_mm(self.title, LABEL_SIZE, "bold")
        return max(self.bars_mm, title, *texts)


def groups_of(layers: Sequence[Layer]) -> list[Group]:
    """Group the layers behind the input, and name the groups.

    A group ends with a pooling layer, or before the next dense layer and what
    prepares its input.
    """
    side = max(layers[0]["output"][0], 1)
    parts = _parts([layer for layer in layers if layer["kind"] != "InputLayer"])
    numbers = {"Block": 0, "Dense": 0}
    groups = []
    for place, part in enumerate(parts):
        kinds = {layer["kind"] for layer in part}
        kind = "Block" if "Conv2D" in kinds else "Dense" if "Dense" in kinds else ""
        if kind:
            numbers[kind] += 1
        title = f"{kind} {numbers[kind]}" if kind else " "
        if kind == "Dense" and place == len(parts) - 1:
            title = "Output"
        bars = tuple(bar for layer in part for bar in _bars(layer, side))
        groups.append(Group(title, _lines(part), bars))
    return groups


def _parts(layers: Sequence[Layer]) -> list[list[Layer]]:
    """Cut the layers into groups."""
    parts: list[list[Layer]] = [[]]
    for layer in layers:
        kinds = {one["kind"] for one in parts[-1]}
        pooled = any("Pooling" in kind for kind in kinds)
        prepares = layer["kind"] in {"Dense", "Dropout", "Flatten"}
        if pooled or (prepares and kinds & {"Dense", "Conv2D"}):
            parts.append([])
        parts[-1].append(layer)
    return parts


def operation(layer: Layer) -> str:
    """Say in words what a layer does."""
    kind = str(layer["kind"])
    if kind == "Activation":
        return activation(layer)
    return OPERATIONS.get(kind, kind)


def activation(layer: Layer) -> str:
    """Name the activation of a layer; one without has ``linear``."""
    name = str(layer.get("activation", "linear"))
    return ACTIVATIONS.get(name, name)


def _bars(layer: Layer, side: int) -> list[Bar]:
    """Return the bar of a layer, and one of its activation if it has one inside."""
    height = _height(layer["output"], side)
    operations = [operation(layer)]
    if layer["kind"] != "Activation" and activation(layer) != "linear":
        operations.append(activation(layer))
    return [
        Bar(layer["name"], words, WIDTHS_MM.get(words, OTHER_WIDTH_MM), height)
        for words in operations
    ]


def _height(output: Sequence[int], side: int) -> float:
    """Return the height of a bar: size of a map, or logarithm of a number of units."""
    if len(output) > 1:
        return max(IMAGE_MM * output[0] / side, LOWEST_MM)
    return UNIT_MM * (1 + math.log2(output[0]))


def _lines(part: Sequence[Layer]) -> tuple[str, ...]:
    """Describe a group: its shape, its operations, its parameters."""
    shown = [layer for layer in part if "Pooling" not in layer["kind"]] or list(part)
    shape = shown[-1]["output"]
    lines = [_times(shape)] if len(shape) > 1 else []
    words = [line for layer in part for line in _words(layer)]
    for line, same in groupby(words):
        count = len(list(same))
        lines.append(line if count == 1 else f"{count} × {line}")
    parameters = sum(layer["parameters"] for layer in part)
    return (*lines, f"{parameters:,} par.")


def _words(layer: Layer) -> list[str]:
    """Return what the label of a group says of a layer."""
    kind = layer["kind"]
    if kind == "Conv2D":
        return [f"conv {_times(layer['kernel_size'])}"]
    if "pool_size" in layer:
        return [f"{operation(layer).split()[0]} pool {_times(layer['pool_size'])}"]
    if kind == "Dropout":
        return [f"dropout {layer['rate']:g}"]
    if kind == "Dense":
        return [f"{layer['units']:,} unit" + ("s" if layer["units"] > 1 else "")]
    if kind == "BatchNormalization":
        return []
    return [operation(layer)]


def _times(sizes: Sequence[int]) -> str:
    return " × ".join(f"{size:,}" for size in sizes)
