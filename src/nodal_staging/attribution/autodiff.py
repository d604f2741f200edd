"""What is asked of the library that computes for Keras: gradients and graphs.

This is the only module here that names TensorFlow.
"""

from collections.abc import Callable
from typing import Any

import keras
import numpy as np
import tensorflow as tf

Tensor = Any
Weights = Any
"""Any nest of tuples of tensors."""


def pull_back(
    function: Callable[[Tensor], Tensor], at: Tensor, cotangent: Tensor
) -> Tensor:
    """Return the gradient of ``sum(function(at) * cotangent)`` with respect to ``at``.

    Inside a compiled function the value of a linear ``function`` is never computed.
    """
    with tf.GradientTape() as tape:
        tape.watch(at)
        value = function(at)
    return tape.gradient(value, at, output_gradients=cotangent)


def tensors(arrays: Any, dtype: str) -> Weights:
    """Turn a nest of tuples of arrays to one of tensors."""
    return tf.nest.map_structure(lambda a: tf.convert_to_tensor(a, dtype), arrays)


class Compiled:
    """A function of weights and of batches, traced once for any number of images."""

    def __init__(self, function: Callable[..., Any]) -> None:
        """Take a function of weights and batches with images along their first axis."""
        if keras.backend.backend() != "tensorflow":
            raise RuntimeError(
                "expected Keras on TensorFlow, whose gradients are used here, found "
                f"{keras.backend.backend()}; set KERAS_BACKEND=tensorflow"
            )
        self._function = function
        self._graph: Callable[..., Any] | None = None

    def __call__(self, weights: Weights, *batches: Tensor) -> Any:
        """Compute, with results as NumPy arrays."""
        if self._graph is None:
            signature = (
                tf.nest.map_structure(_spec, weights),
                *(tf.TensorSpec((None, *b.shape[1:]), b.dtype) for b in batches),
            )
            graph = tf.function(self._function, input_signature=signature)
            # Called by itself, it does not take each layer for one traced again.
            self._graph = graph.get_concrete_function()
        found = self._graph(weights, *map(tf.convert_to_tensor, batches))
        return tf.nest.map_structure(_array, found)


def _spec(tensor: Tensor) -> Any:
    return tf.TensorSpec(tensor.shape, tensor.dtype)


def _array(tensor: Tensor) -> np.ndarray[Any, Any]:
    return np.asarray(tensor.numpy())
