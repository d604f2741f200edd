"""A kernel layer by itself: from the outputs of the one before to its own sums."""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal, cast

from keras import ops

from .chain import LinearChain, Weights, forward
from .steps import KernelStep, Step

Estimator = Literal["relu", "linear", "two_component", "relu.cond"]
Precision = Literal["float32", "float64"]


@dataclass(frozen=True, slots=True)
class KernelLayer:
    """The form of a kernel layer.

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


def outputs(layer: KernelLayer, weights: Any, inputs: Any) -> tuple[Any, list[Any]]:
    """Return outputs of a layer, and what their mean is made of.

    The mean to be subtracted is that over all rows, of ``relu.cond`` over open ones:
    a sum by unit and a number of rows.
    """
    lead, own, opening = weights
    y = forward((*layer.lead, layer.step), (*lead, *own), inputs)[-1]
    if layer.estimator != "relu.cond" or layer.opening is None:
        return y, [_over_rows(y), _count(y)]
    is_open = ops.cast(layer.gate(opening, y), layer.dtype)
    return y, [_over_rows(is_open * y), _over_rows(is_open)]


def covariances(layer: KernelLayer, weights: Any, inputs: Any, y: Any) -> list[Any]:
    """Return sums ``x m (y - centre)``; ``weights`` also hold the centre.

    Before them stand the numbers of open rows by unit, and of rows.
    """
    (lead, _, opening), centre = weights
    x = forward(layer.lead, lead, inputs)[-1]
    linear = layer.estimator == "linear"
    gate = ops.ones_like(y, "bool") if linear else layer.gate(opening, y)
    is_open, off = ops.cast(gate, layer.dtype), y - centre
    spoken = [is_open * off]
    if layer.estimator == "two_component":
        spoken.append(off - spoken[0])
    sums = [layer.step.kernel_sums(x, values) for values in spoken]
    return [_over_rows(is_open), _count(y), *sums]


def _over_rows(y: Any) -> Any:
    """Sum over rows, in float64 from one image to the next ``(units,)``."""
    places = tuple(range(1, len(y.shape) - 1))
    by_image = ops.sum(y, axis=places) if places else y
    return ops.sum(ops.cast(by_image, "float64"), axis=0)


def _count(y: Any) -> Any:
    """Return the number of rows, in float64."""
    places = math.prod(y.shape[1:-1])
    return ops.cast(ops.shape(y)[0] * places, "float64")
