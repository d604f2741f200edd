"""Epochs of training as one call, where the library that computes allows it.

TensorFlow runs all batches of an epoch in one graph: the steps of a small network are
so short that returning to Python between them takes a noticeable part of the time.
Other libraries, and XLA, whose graphs need batches of one size, take step by step.
"""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from nodal_staging.classifiers.cnn import backend
from nodal_staging.classifiers.cnn.backend import keras
from nodal_staging.study.arrays import Float32Array, IntArray

LARGEST_PART = 64 * 2**20
"""Bytes of images that lie in the memory of the device at a time."""

Epoch = Callable[[Float32Array, Float32Array, Sequence[IntArray]], dict[str, float]]
"""Takes images ``(n, y, x, channels)``, targets ``(n,)`` and the batches of row
numbers; trains on one batch after the other and returns the means of the metrics over
all rows."""


def epochs_of(model: keras.Model, *, xla: bool = False) -> Epoch:
    """Return the function that trains a compiled network for an epoch.

    It keeps its graph, so that one function serves all epochs of a network, also after
    its variables were set to other values.
    """
    if keras.backend.backend() == "tensorflow" and not xla:
        return _in_one_graph(model)
    return step_by_step(model)


def step_by_step(model: keras.Model) -> Epoch:
    """Return an epoch that returns to Python after each batch."""

    def epoch(
        images: Float32Array, target: Float32Array, batches: Sequence[IntArray]
    ) -> dict[str, float]:
        total: dict[str, float] = {}
        for batch in batches:
            # Whether results speak of a batch or of the epoch so far, backends decide.
            model.reset_metrics()
            found = model.train_on_batch(images[batch], target[batch], return_dict=True)
            for name, value in found.items():
                total[name] = total.get(name, 0.0) + float(value) * len(batch)
        return {name: value / sum(map(len, batches)) for name, value in total.items()}

    return epoch


def _in_one_graph(model: keras.Model) -> Epoch:
    tf = backend.tf
    # Metrics that made their variables in the graph would have it traced twice.
    model.test_step((tf.zeros((1, *model.input_shape[1:])), tf.zeros(1)))

    def take(images: Any, target: Any, bounds: Any) -> None:
        def step(number: Any) -> Any:
            rows = slice(bounds[number], bounds[number + 1])
            model.train_step((images[rows], target[rows]))
            return number + 1

        last = tf.shape(bounds)[0] - 1
        tf.while_loop(lambda number: number < last, step, [0], parallel_iterations=1)

    steps = tf.function(take, reduce_retracing=True)

    def epoch(
        images: Float32Array, target: Float32Array, batches: Sequence[IntArray]
    ) -> dict[str, float]:
        model.reset_metrics()
        for part in _parts(batches, images[0].nbytes):
            rows = np.concatenate(part)
            bounds = np.cumsum([0, *map(len, part)], dtype=np.int32)
            steps(*map(tf.constant, (images[rows], target[rows], bounds)))
        # Both metrics weigh a batch by its size.
        return {k: float(v) for k, v in model.get_metrics_result().items()}

    return epoch


def _parts(batches: Sequence[IntArray], image_bytes: int) -> list[list[IntArray]]:
    """Divide the batches of an epoch into parts that a device has room for."""
    most = max(LARGEST_PART // (image_bytes * max(map(len, batches))), 1)
    return [list(batches[i : i + most]) for i in range(0, len(batches), most)]
