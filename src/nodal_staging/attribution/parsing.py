"""Reading a Keras model as a chain of steps, or naming the layer that forbids it."""

from dataclasses import dataclass
from typing import Any

import keras
import numpy as np

from .array_types import Float64Array
from .steps import (
    Convolution,
    Dense,
    Flatten,
    MaxPool,
    MeanPool,
    Normalisation,
    Rectifier,
    Step,
)

Weighted = tuple[Step, tuple[Float64Array, ...]]

layers = keras.layers

IDLE = (
    layers.InputLayer,
    layers.Dropout,
    layers.SpatialDropout2D,
    layers.GaussianDropout,
    layers.GaussianNoise,
)
"""Layers that do nothing at inference."""

SUPPORTED = (
    "Conv2D, Dense, BatchNormalization, ReLU, MaxPooling2D, Flatten, dropout and noise"
)

MEAN_POOLING = (
    ", or mean_pooling=True, which takes it for gradients and occlusion alone"
)


class UnsupportedLayerError(ValueError):
    """A layer is not part of a chain of linear layers and ReLU gates."""


@dataclass(frozen=True, slots=True, eq=False)
class Parsed:
    """Steps with their weights, and the shape of an image."""

    steps: list[Weighted]
    image_shape: tuple[int, ...]


def parse(model: keras.Model, *, mean_pooling: bool) -> Parsed:
    """Read the steps of a model in the order of computation."""
    found = _layers_of(model)
    steps: list[Weighted] = []
    for layer in found:
        if mean_pooling and type(layer) is layers.AveragePooling2D:
            steps.append(_pool(layer, MeanPool))
        else:
            steps += _steps_of(layer, last=layer is found[-1])
    return Parsed(_one_unit(steps, found[-1]), tuple(model.inputs[0].shape[1:]))


def _layers_of(model: keras.Model) -> list[Any]:
    """Walk from the output to the input; every layer has one predecessor."""
    if not getattr(model, "outputs", None) or len(model.outputs) != 1:
        raise UnsupportedLayerError(
            f"model {model.name}: expected a built model with one output, found "
            f"{len(getattr(model, 'outputs', None) or [])}"
        )
    tensor = model.outputs[0]
    found: list[Any] = []
    while True:
        layer, node_index, _ = tensor._keras_history
        if any(layer is other for other in found):
            raise _refused(layer, "is used more than once (shared)")
        found.append(layer)
        sources = layer._inbound_nodes[node_index].input_tensors
        if not sources:
            return found[::-1]
        if len(sources) > 1:
            raise _refused(layer, f"joins {len(sources)} inputs")
        tensor = sources[0]


def _steps_of(layer: Any, *, last: bool) -> list[Weighted]:
    """Turn one layer to steps."""
    kind = type(layer)
    if kind in IDLE:
        return []
    if kind is layers.Conv2D:
        return [_convolution(layer), *_activation(layer, last=last)]
    if kind is layers.Dense:
        return [_dense(layer), *_activation(layer, last=last)]
    # A layer that trains otherwise is the same at inference.
    if issubclass(kind, layers.BatchNormalization):
        return [_normalisation(layer)]
    if kind is layers.Activation:
        return _activation(layer, last=last)
    if kind is layers.ReLU:
        return [_rectifier(layer)]
    if kind is layers.Softmax:
        _require(layer, last, "is a softmax inside the network")
        return []
    if kind is layers.MaxPooling2D:
        return [_pool(layer, MaxPool)]
    if kind is layers.Flatten:
        _require_channels_last(layer)
        return [(Flatten(layer.name), ())]
    if kind is layers.AveragePooling2D:
        raise _refused(layer, "is an AveragePooling2D", MEAN_POOLING)
    raise _refused(layer, f"is a {kind.__name__}")


def _convolution(layer: Any) -> Weighted:
    _require_channels_last(layer)
    _require(layer, layer.groups == 1, f"has {layer.groups} groups")
    kernel, bias = _kernel_and_bias(layer)
    step = Convolution(
        layer.name,
        kernel.shape,
        tuple(layer.strides),
        tuple(layer.dilation_rate),
        layer.padding,
    )
    return step, (kernel, bias)


def _dense(layer: Any) -> Weighted:
    axes = len(layer.input.shape)
    _require(layer, axes == 2, f"is dense over an input of {axes} axes")
    kernel, bias = _kernel_and_bias(layer)
    return Dense(layer.name, kernel.shape), (kernel, bias)


def _normalisation(layer: Any) -> Weighted:
    axes = len(layer.input.shape)
    _require(layer, layer.axis in {-1, axes - 1}, f"normalises axis {layer.axis}")
    mean, variance = _array(layer.moving_mean), _array(layer.moving_variance)
    gamma = _array(layer.gamma) if layer.scale else np.ones_like(mean)
    beta = _array(layer.beta) if layer.center else np.zeros_like(mean)
    scale = gamma / np.sqrt(variance + layer.epsilon)
    step = Normalisation(layer.name, scale.shape)
    return step, (scale, beta - scale * mean)


def _rectifier(layer: Any) -> Weighted:
    plain = not layer.negative_slope and not layer.threshold
    plain = plain and layer.max_value is None
    _require(layer, plain, "is a ReLU with a slope, a threshold or a largest value")
    return Rectifier(layer.name), ()


def _pool(layer: Any, kind: type[MaxPool] | type[MeanPool]) -> Weighted:
    _require_channels_last(layer)
    _require(layer, layer.padding == "valid", f"pools with padding {layer.padding}")
    return kind(layer.name, tuple(layer.pool_size), tuple(layer.strides)), ()


def _activation(layer: Any, *, last: bool) -> list[Weighted]:
    """Return the activation of a layer as a step; the last sigmoid is dropped."""
    function = layer.activation
    if function is keras.activations.linear:
        return []
    if function is keras.activations.relu:
        return [(Rectifier(layer.name), ())]
    final = function in {keras.activations.sigmoid, keras.activations.softmax}
    name = getattr(function, "__name__", str(function))
    _require(layer, final and last, f"has the activation {name}")
    return []


def _one_unit(steps: list[Weighted], last: Any) -> list[Weighted]:
    """Turn two units under a softmax to one: their difference decides."""
    function = getattr(last, "activation", None)
    softmax = type(last) is layers.Softmax or function is keras.activations.softmax
    if not softmax or not steps:
        return steps
    step, weights = steps[-1]
    _require(
        last,
        isinstance(step, Dense) and step.shape[-1] == 2,
        "is a softmax over other than two dense units",
    )
    kernel, bias = (array[..., 1:] - array[..., :1] for array in weights)
    return [*steps[:-1], (Dense(step.name, kernel.shape), (kernel, bias))]


def _kernel_and_bias(layer: Any) -> tuple[Float64Array, Float64Array]:
    kernel = _array(layer.kernel)
    bias = _array(layer.bias) if layer.use_bias else np.zeros(kernel.shape[-1])
    return kernel, bias


def _array(variable: Any) -> Float64Array:
    return np.array(keras.ops.convert_to_numpy(variable), dtype=np.float64)


def _require_channels_last(layer: Any) -> None:
    form = layer.data_format
    _require(layer, form == "channels_last", f"has the data format {form}")


def _require(layer: Any, condition: bool, problem: str) -> None:
    if not condition:
        raise _refused(layer, problem)


def _refused(layer: Any, problem: str, way_out: str = "") -> UnsupportedLayerError:
    return UnsupportedLayerError(
        f"layer {layer.name} {problem}; expected a chain of {SUPPORTED}{way_out}"
    )
