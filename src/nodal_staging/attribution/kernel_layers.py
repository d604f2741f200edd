"""A kernel layer by itself: from the outputs of the one before to its own sums."""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any, Literal, cast

from keras import ops

from .autodiff import Compiled
from .chain import LinearChain, Weights, forward
from .steps import KernelStep, Step

Estimator = Literal["relu", "linear", "two_component", "relu.cond"]
Precision = Literal["float32", "float64"]


@dataclass(frozen=True, slots=True)
class KernelLayer:
    """The form of a kernel layer; networks of the same form share its graphs.

    Attributes
    ----------
    lead
        Steps from the output of the kernel layer before, or from the image.
    step
        The layer.
    opening
        Steps from its output to the input of its ReLU, or nothing without one.
    estimator, dtype
        How its pattern is estimated.
    """

    lead: tuple[Step, ...]
    step: KernelStep
    opening: tuple[Step, ...] | None
    estimator: Estimator
    dtype: Precision

    def gate(self, weights: Any, y: Any) -> Any:
        """Tell where the ReLU of the layer is open, everywhere without one."""
        if self.opening is None:
            return ops.ones_like(y, "bool")
        return forward(self.opening, weights, y)[-1] > 0


def kernel_layers(
    chain: LinearChain, estimator: Estimator, dtype: Precision
) -> Iterator[tuple[KernelLayer, tuple[Weights, Weights, Weights]]]:
    """Yield each kernel layer with the weights of lead, layer and opening."""
    before = 0
    for place, gate in chain.gates().items():
        after = slice(place + 1, gate)
        layer = KernelLayer(
            lead=chain.steps[before:place],
            step=cast(KernelStep, chain.steps[place]),
            opening=None if gate is None else chain.steps[after],
            estimator=estimator,
            dtype=dtype,
        )
        opening = () if gate is None else chain.weights[after]
        own = chain.weights[place : place + 1]
        yield layer, (chain.weights[before:place], own, opening)
        before = place + 1


@cache
def outputs_graph(layer: KernelLayer, _input_shape: tuple[int, ...]) -> Compiled:
    """Compile ``(weights, inputs)`` to outputs, and what their mean is made of.

    The mean to be subtracted is that over all rows, of ``relu.cond`` over open ones:
    a sum by unit and a number of rows.
    """

    def outputs(weights: Any, inputs: Any) -> tuple[Any, list[Any]]:
        lead, own, opening = weights
        y = forward((*layer.lead, layer.step), (*lead, *own), inputs)[-1]
        if layer.estimator != "relu.cond" or layer.opening is None:
            return y, [_over_rows(y), _count(y)]
        is_open = ops.cast(layer.gate(opening, y), layer.dtype)
        return y, [_over_rows(is_open * y), _over_rows(is_open)]

    return Compiled(outputs)


@cache
def covariance_graph(layer: KernelLayer, _input_shape: tuple[int, ...]) -> Compiled:
    """Compile ``(weights and centre, inputs, outputs)`` to sums ``x m (y - centre)``.

    Before them stand the numbers of open rows by unit, and of rows.
    """

    def covariances(weights: Any, inputs: Any, y: Any) -> list[Any]:
        (lead, _, opening), centre = weights
        x = forward(layer.lead, lead, inputs)[-1]
        linear = layer.estimator == "linear"
        is_open = ops.ones_like(y, "bool") if linear else layer.gate(opening, y)
        off, nothing = y - centre, ops.zeros_like(y)
        spoken = [ops.where(is_open, off, nothing)]
        if layer.estimator == "two_component":
            spoken.append(ops.where(is_open, nothing, off))
        sums = [layer.step.kernel_sums(x, values) for values in spoken]
        return [_over_rows(ops.cast(is_open, layer.dtype)), _count(y), *sums]

    return Compiled(covariances)


def _over_rows(y: Any) -> Any:
    """Sum over rows, in float64 from one image to the next ``(units,)``."""
    places = tuple(range(1, len(y.shape) - 1))
    by_image = ops.sum(y, axis=places) if places else y
    return ops.sum(ops.cast(by_image, "float64"), axis=0)


def _count(y: Any) -> Any:
    """Return the number of rows, in float64."""
    places = math.prod(y.shape[1:-1])
    return ops.cast(ops.shape(y)[0] * places, "float64")
