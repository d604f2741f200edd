"""The layers of a network in words and numbers, for figures and descriptions."""

import math
from typing import Any

STATED = ("filters", "kernel_size", "units", "pool_size", "rate", "activation")
"""What a layer says of itself that is worth keeping, where it has it."""


def describe_layers(model: Any) -> list[dict[str, Any]]:
    """Describe each layer of a built Keras model, in the order of the data.

    Parameters
    ----------
    model
        Any Keras model whose layers have one output each.

    Returns
    -------
    For each layer its ``name``, its ``kind`` (the name of its class), the shape of its
    ``output`` without the batch, its number of ``parameters`` and of those that are
    ``trained``; as well as ``filters``, ``kernel_size``, ``units``, ``pool_size``,
    ``rate`` and ``activation`` where the layer has them.
    """
    return [_described(layer) for layer in model.layers]


def _described(layer: Any) -> dict[str, Any]:
    options = layer.get_config()
    return {
        "name": layer.name,
        "kind": type(layer).__name__,
        "output": list(layer.output.shape[1:]),
        "parameters": layer.count_params(),
        "trained": sum(math.prod(weight.shape) for weight in layer.trainable_weights),
        **{key: options[key] for key in STATED if key in options},
    }
