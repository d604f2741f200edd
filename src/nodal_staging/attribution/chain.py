"""A network as a chain of linear steps and gates, read from a Keras model."""

import hashlib
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Self

import keras
import numpy as np

from .array_types import Float64Array
from .parsing import UnsupportedLayerError, parse
from .steps import Convolution, Dense, Flatten, MaxPool, MeanPool, Rectifier, Step

Weights = tuple[tuple[Float64Array, ...], ...]


@dataclass(frozen=True, eq=False)
class LinearChain:
    """What a network computes before its sigmoid, one logit per image.

    Attributes
    ----------
    steps
        Their forms, in the order of computation.
    weights
        Kernel and bias ``(..., units)``, scale and shift, or nothing; float64.
    image_shape
        ``(y, x, channels)``.
    """

    steps: tuple[Step, ...]
    weights: Weights
    image_shape: tuple[int, ...]

    @classmethod
    def from_keras(cls, model: keras.Model, *, mean_pooling: bool = False) -> Self:
        """Read a model; its weights are copied, the model is not touched.

        Parameters
        ----------
        model
            A chain of Conv2D, Dense, BatchNormalization, ReLU, MaxPooling2D, Flatten
            and layers that do nothing at inference, with one output. A last sigmoid
            is dropped; of a softmax over two units z0 and z1, ``z1 - z0`` is
            explained, the logit of the second.
        mean_pooling
            Whether to take AveragePooling2D too, which gradients pass and patterns
            are not defined for. GlobalAveragePooling2D is refused even then.

        Raises
        ------
        UnsupportedLayerError
            Naming the layer that is not part of such a chain.
        """
        parsed = parse(model, mean_pooling=mean_pooling)
        chain = cls(
            tuple(step for step, _ in parsed.steps),
            tuple(weights for _, weights in parsed.steps),
            parsed.image_shape,
        )
        chain._require_one_output()
        chain.gates()
        return chain

    @property
    def kernels(self) -> list[int]:
        """Places of the convolutions and dense layers among the steps."""
        return [
            place
            for place, step in enumerate(self.steps)
            if isinstance(step, Convolution | Dense)
        ]

    def gates(self) -> dict[int, int | None]:
        """Return the ReLU that each kernel layer feeds, both by their places.

        Raises
        ------
        UnsupportedLayerError
            If pooling or flattening stands between a layer and its ReLU.
        """
        return {place: self._gate(place) for place in self.kernels}

    def _gate(self, place: int) -> int | None:
        between: Step | None = None
        for later in range(place + 1, len(self.steps)):
            step = self.steps[later]
            if isinstance(step, Convolution | Dense):
                return None
            if isinstance(step, Rectifier):
                if between is None:
                    return later
                raise UnsupportedLayerError(
                    f"layer {step.name}: expected the ReLU of "
                    f"{self.steps[place].name} before {between.name}, found it "
                    "after; move the activation"
                )
            if isinstance(step, MaxPool | MeanPool | Flatten):
                between = between or step
        return None

    @cached_property
    def sha256(self) -> str:
        """Return the sum of all that the chain computes with."""
        total = hashlib.sha256(repr(self.image_shape).encode())
        for step, weights in zip(self.steps, self.weights, strict=True):
            total.update(repr(step).encode())
            for array in weights:
                total.update(np.ascontiguousarray(array).tobytes())
        return total.hexdigest()

    def require_patterns(self) -> None:
        """Refuse a chain that patterns are not defined for."""
        for step in self.steps:
            if isinstance(step, MeanPool):
                raise UnsupportedLayerError(
                    f"layer {step.name} is an AveragePooling2D, for which patterns are "
                    "not defined; use max-pooling or another method"
                )

    def _require_one_output(self) -> None:
        if not self.kernels:
            raise UnsupportedLayerError(
                "model: expected at least one Conv2D or Dense layer, found none"
            )
        last = self.kernels[-1]
        units, name = self.weights[last][1].size, self.steps[last].name
        followed = [s for s in self.steps[last + 1 :] if not isinstance(s, Flatten)]
        if units != 1 or followed:
            found = f"{units} units" + "".join(f", then {s.name}" for s in followed)
            raise UnsupportedLayerError(
                f"layer {name}: expected the network to end in one linear unit, before "
                f"any sigmoid, found {found}"
            )


def forward(steps: tuple[Step, ...], weights: Any, images: Any) -> list[Any]:
    """Return the input of every step and, last, the output.

    Parameters
    ----------
    steps, weights
        Of a chain; weights as tensors.
    images
        Tensor ``(n, y, x, channels)``.
    """
    inputs = [images]
    for step, own in zip(steps, weights, strict=True):
        inputs.append(step.forward(own, inputs[-1]))
    return inputs
