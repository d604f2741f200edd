"""The published network: 16 convolutions and 3 dense layers after VGG-19.

Each convolution (3 x 3) and hidden dense layer is followed by ReLU and then by batch
normalisation; not pre-trained; one binary output. Filters, dense widths, pooling,
first weights, dropout and loss are not stated in the paper: the default is VGG-19's
2-2-4-4-4 layout with max-pooling after each block, 48 > 24 > 12 > 6 > 3 > 1.

This module does not depend on the library that computes for Keras.
"""

from dataclasses import dataclass
from typing import Any

from nodal_staging.classifiers.cnn.backend import TENSOR_FLOAT32, keras
from nodal_staging.classifiers.cnn.normalisation import BatchNormalization
from nodal_staging.classifiers.cnn.recipes import Architecture
from nodal_staging.classifiers.cnn.sampling import IMAGE_SIZE

layers = keras.layers

WIDTH_FACTORS = (1, 2, 4, 8, 8)
LOGIT = "logit"
NETWORK = "network"
HALF = "mixed_float16"


POOLING = {"max": layers.MaxPooling2D, "average": layers.AveragePooling2D}


def build_network(
    architecture: Architecture,
    *,
    channels: int,
    seed: int,
    precision: str = "float32",
) -> keras.Model:
    """Build the network with freshly drawn weights.

    Parameters
    ----------
    architecture
        Its layers.
    channels
        Channels of the input ``(48, 48, channels)``.
    seed
        Draws the weights; the same seed gives the same weights.
    precision
        Numbers that layers compute with: ``float32``, ``tensor_float32``,
        ``mixed_bfloat16`` or ``mixed_float16``. The output is always float32.

    Returns
    -------
    A model whose output is the probability of a positive node; the layer ``logit``
    holds the value before the sigmoid.
    """
    keras.utils.set_random_seed(seed)
    if precision == TENSOR_FLOAT32:
        # These layers hold float32; ``backend.use_device`` sets how they multiply.
        precision = "float32"
    hidden = _Hidden(architecture, precision)
    image = x = keras.Input((IMAGE_SIZE, IMAGE_SIZE, channels), name="image")
    depths = zip(architecture.convolutions, WIDTH_FACTORS, strict=True)
    for block, (depth, factor) in enumerate(depths, start=1):
        for number in range(1, depth + 1):
            width = architecture.first_width * factor
            x = hidden.convolution(x, width, f"block{block}_conv{number}")
        pool = POOLING[architecture.pooling]
        x = pool(2, name=f"block{block}_pool", dtype=precision)(x)
    x = layers.Flatten(name="flatten", dtype=precision)(x)
    for number, width in enumerate(architecture.dense_widths, start=1):
        if share := architecture.dropout:
            x = layers.Dropout(share, seed=seed + number, dtype=precision)(x)
        x = hidden.dense(x, width, f"dense{number}")
    x = layers.Dense(1, name=LOGIT, dtype="float32")(x)
    probability = layers.Activation("sigmoid", name="probability", dtype="float32")
    return keras.Model(image, probability(x), name=NETWORK)


@dataclass(frozen=True, slots=True)
class _Hidden:
    """What all hidden layers share: first weights, ReLU, batch normalisation."""

    architecture: Architecture
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
            "kernel_initializer": self.architecture.initializer,
            "dtype": self.precision,
        }

    def _normalised(self, layer: Any, x: Any) -> Any:
        norm = BatchNormalization(
            momentum=self.architecture.batch_norm_momentum,
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
