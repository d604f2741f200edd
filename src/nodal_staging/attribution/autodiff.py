"""Gradients and traced graphs of the library that computes for Keras.

This is the only module here that names TensorFlow.
"""

from collections.abc import Callable
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from .array_types import AnyArray

Tensor = Any
Weights = Any
"""Any nest of tuples of tensors."""


def pull_back(
    function: Callable[[Tensor], Tensor], at: Tensor, cotangent: Tensor
) -> Tensor:
    """Return the gradient of ``sum(function(at) * cotangent)`` with respect to ``at``.

    Inside a traced function the value of a linear ``function`` is never computed.
    """
    with tf.GradientTape() as tape:
        tape.watch(at)
        value = function(at)
    return tape.gradient(value, at, output_gradients=cotangent)


def kernel_pull_back(
    x: Tensor,
    kernel_shape: tuple[int, ...],
    cotangent: Tensor,
    *,
    strides: tuple[int, int],
    padding: str,
) -> Tensor:
    """Return the gradient of ``sum((kernel x) * cotangent)`` for the kernel.

    Of a convolution ``(n, y, x, channels)`` without dilation, whose product is not
    computed.
    """
    return tf.raw_ops.Conv2DBackpropFilter(
        input=x,
        filter_sizes=kernel_shape,
        out_backprop=cotangent,
        strides=(1, *strides, 1),
        padding=padding.upper(),
    )


def tensors(arrays: Any, dtype: str) -> Weights:
    """Turn a nest of tuples of arrays to one of tensors."""
    return tf.nest.map_structure(lambda a: tf.convert_to_tensor(a, dtype), arrays)


def evaluate(function: Callable[..., Any], weights: Weights, *batches: AnyArray) -> Any:
    """Compute a function of weights and batches operation by operation.

    Tracing takes longer than a few batches do: ``Compiled`` is for functions that are
    called hundreds of times.
    """
    _require_tensorflow()
    found = function(weights, *map(tf.convert_to_tensor, batches))
    return tf.nest.map_structure(_array, found)


class Compiled:
    """A function of weights and of batches, traced once for any number of images."""

    def __init__(self, function: Callable[..., Any]) -> None:
        """Take a function of weights and batches with images along their first axis."""
        _require_tensorflow()
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


def _require_tensorflow() -> None:
    if keras.backend.backend() != "tensorflow":
        raise RuntimeError(
            "expected Keras on TensorFlow, whose gradients are used here, found "
            f"{keras.backend.backend()}; set KERAS_BACKEND=tensorflow"
        )


def _spec(tensor: Tensor) -> Any:
    return tf.TensorSpec(tensor.shape, tensor.dtype)


def _array(tensor: Tensor) -> AnyArray:
    found: AnyArray = np.asarray(tensor.numpy())
    return found
