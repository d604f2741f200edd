"""The published network: 16 convolutions and 3 dense layers after VGG-19.

Each convolution (3 x 3) and hidden dense layer is followed by ReLU and then by batch
normalisation; not pre-trained; one binary output. Filters, dense widths, pooling,
first weights, dropout and loss are not stated in the paper: the default is VGG-19's
2-2-4-4-4 layout with max-pooling after each block, 48 > 24 > 12 > 6 > 3 > 1.

Nothing here asks which library computes for Keras.
"""

import math
import shutil
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from nodal_staging.classifiers.cnn.backend import keras
from nodal_staging.classifiers.cnn.sampling import IMAGE_SIZE
from nodal_staging.study.files import replacing

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
    ``trained``; beside these ``filters``, ``kernel_size``, ``units``, ``pool_size``,
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


layers = keras.layers

WIDTH_FACTORS = (1, 2, 4, 8, 8)
LOGIT = "logit"
NETWORK = "network"
HALF = "mixed_float16"


def build_network(
    *,
    channels: int,
    convolutions: Sequence[int],
    first_width: int,
    dense_widths: Sequence[int],
    pooling: str,
    initializer: str,
    batch_norm_momentum: float,
    dropout: float,
    seed: int,
    precision: str = "float32",
) -> keras.Model:
    """Build the network with freshly drawn weights.

    Parameters
    ----------
    channels
        Channels of the input ``(48, 48, channels)``.
    convolutions
        Convolutions of each of the five blocks.
    first_width
        Filters of the first block; the others have 2, 4, 8 and 8 times as many.
    dense_widths
        Widths of the hidden dense layers.
    pooling
        ``max`` or ``average``, after each block.
    initializer
        How weights are drawn: ``he_normal`` or ``glorot_uniform``.
    batch_norm_momentum
        Momentum of the moving averages.
    dropout
        Share of inputs that a dense layer drops in training.
    seed
        Draws the weights; the same seed gives the same weights.
    precision
        Keras' name of the numbers that layers compute with: ``float32``,
        ``mixed_bfloat16`` or ``mixed_float16``. The output is always float32.

    Returns
    -------
    A model whose output is the probability of a positive node; the layer ``logit``
    holds the value before the sigmoid.
    """
    keras.utils.set_random_seed(seed)
    pool = {"max": layers.MaxPooling2D, "average": layers.AveragePooling2D}[pooling]
    hidden = _Hidden(initializer, batch_norm_momentum, precision)
    image = x = keras.Input((IMAGE_SIZE, IMAGE_SIZE, channels), name="image")
    for block, (depth, factor) in enumerate(
        zip(convolutions, WIDTH_FACTORS, strict=True), start=1
    ):
        for number in range(1, depth + 1):
            name = f"block{block}_conv{number}"
            x = hidden.convolution(x, first_width * factor, name)
        x = pool(2, name=f"block{block}_pool", dtype=precision)(x)
    x = layers.Flatten(name="flatten", dtype=precision)(x)
    for number, width in enumerate(dense_widths, start=1):
        if dropout:
            x = layers.Dropout(dropout, seed=seed + number, dtype=precision)(x)
        x = hidden.dense(x, width, f"dense{number}")
    x = layers.Dense(1, name=LOGIT, dtype="float32")(x)
    probability = layers.Activation("sigmoid", name="probability", dtype="float32")
    return keras.Model(image, probability(x), name=NETWORK)


@dataclass(frozen=True, slots=True)
class _Hidden:
    """What all hidden layers share: first weights, ReLU, batch normalisation."""

    initializer: str
    batch_norm_momentum: float
    precision: str

    def convolution(self, x: Any, width: int, name: str) -> Any:
        """Convolve 3 x 3, rectify, normalise."""
        return self._normalised(
            layers.Conv2D(width, 3, padding="same", name=name, **self._options()), x
        )

    def dense(self, x: Any, width: int, name: str) -> Any:
        """Connect all with all, rectify, normalise."""
        return self._normalised(layers.Dense(width, name=name, **self._options()), x)

    def _options(self) -> dict[str, str]:
        return {
            "activation": "relu",
            "kernel_initializer": self.initializer,
            "dtype": self.precision,
        }

    def _normalised(self, layer: Any, x: Any) -> Any:
        norm = layers.BatchNormalization(
            momentum=self.batch_norm_momentum,
            name=f"{layer.name}_norm",
            dtype=self.precision,
        )
        return norm(layer(x))


def compile_network(
    model: keras.Model,
    *,
    learning_rate: float,
    beta_1: float,
    beta_2: float,
    epsilon: float,
    loss: str,
    xla: bool = False,
) -> None:
    """Prepare training with Adam.

    Gradients in half precision would vanish; a loss that is scaled up before and down
    after keeps them, as Keras does by itself where a whole model has one precision.

    Parameters
    ----------
    model
        The network.
    learning_rate, beta_1, beta_2, epsilon
        Of Adam.
    loss
        ``binary_crossentropy``, ``binary_focal_crossentropy`` or
        ``mean_squared_error`` (the Brier score).
    xla
        Whether to compile a training step with XLA.
    """
    optimizer = keras.optimizers.Adam(
        learning_rate=learning_rate, beta_1=beta_1, beta_2=beta_2, epsilon=epsilon
    )
    if any(layer.dtype_policy.name == HALF for layer in model.layers):
        optimizer = keras.optimizers.LossScaleOptimizer(optimizer)
    model.compile(
        optimizer=optimizer,
        loss=loss,
        metrics=[keras.metrics.BinaryAccuracy(name="accuracy")],
        jit_compile=xla,
    )


def save_weights(model: keras.Model, path: str | Path) -> None:
    """Write weights alone, whole or not at all.

    Keras insists on a suffix of its own, so the file is written beside its place
    under that suffix and renamed.
    """
    with replacing(path) as part:
        keras_name = part.with_name(f"{part.name}.weights.h5")
        _bare(model).save_weights(keras_name)
        keras_name.rename(part)


def load_weights(model: keras.Model, path: str | Path) -> None:
    """Read weights that ``save_weights`` wrote into a network of the same form."""
    with tempfile.TemporaryDirectory() as folder:
        keras_name = Path(folder) / "model.weights.h5"
        shutil.copyfile(path, keras_name)
        _bare(model).load_weights(keras_name)


def _bare(model: keras.Model) -> keras.Model:
    """Return the network without its optimiser, on the same weights.

    Keras would save the optimiser's state too, which is twice the size of the weights.
    """
    return keras.Model(model.input, model.output, name=NETWORK)
