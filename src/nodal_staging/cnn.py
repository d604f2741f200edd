"""The published network: 16 convolutions and 3 dense layers after VGG-19.

Each convolution (3 x 3) and hidden dense layer is followed by ReLU and then by batch
normalisation; not pre-trained; one binary output. Filters, dense widths and pooling
are not stated in the paper: the default is VGG-19's 2-2-4-4-4 layout with
max-pooling after each block, 48 > 24 > 12 > 6 > 3 > 1.
"""

import shutil
import tempfile
from collections.abc import Sequence
from pathlib import Path

from nodal_staging.augment import IMAGE_SIZE
from nodal_staging.backend import keras
from nodal_staging.files import replacing

layers = keras.layers

WIDTH_FACTORS = (1, 2, 4, 8, 8)
LOGIT = "logit"


def build_network(
    *,
    channels: int,
    convolutions: Sequence[int],
    first_width: int,
    dense_widths: Sequence[int],
    batch_norm_momentum: float,
    dropout: float,
    seed: int,
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
    batch_norm_momentum
        Momentum of the moving averages.
    dropout
        Share of inputs that a dense layer drops in training.
    seed
        Draws the weights; the same seed gives the same weights.

    Returns
    -------
    A model whose output is the probability of a positive node; the layer ``logit``
    holds the value before the sigmoid.
    """
    keras.utils.set_random_seed(seed)
    image = x = keras.Input((IMAGE_SIZE, IMAGE_SIZE, channels), name="image")
    for block, (depth, factor) in enumerate(
        zip(convolutions, WIDTH_FACTORS, strict=True), start=1
    ):
        for number in range(1, depth + 1):
            name = f"block{block}_conv{number}"
            x = layers.Conv2D(
                first_width * factor,
                3,
                padding="same",
                activation="relu",
                kernel_initializer="he_normal",
                name=name,
            )(x)
            x = layers.BatchNormalization(
                momentum=batch_norm_momentum, name=f"{name}_norm"
            )(x)
        x = layers.MaxPooling2D(2, name=f"block{block}_pool")(x)
    x = layers.Flatten(name="flatten")(x)
    for number, width in enumerate(dense_widths, start=1):
        if dropout:
            x = layers.Dropout(dropout, seed=seed + number)(x)
        x = layers.Dense(
            width,
            activation="relu",
            kernel_initializer="he_normal",
            name=f"dense{number}",
        )(x)
        x = layers.BatchNormalization(
            momentum=batch_norm_momentum, name=f"dense{number}_norm"
        )(x)
    x = layers.Dense(1, name=LOGIT)(x)
    return keras.Model(image, layers.Activation("sigmoid", name="probability")(x))


def compile_network(
    model: keras.Model,
    *,
    learning_rate: float,
    beta_1: float,
    beta_2: float,
    epsilon: float,
) -> None:
    """Prepare training with Adam and binary cross-entropy."""
    model.compile(
        optimizer=keras.optimizers.Adam(
            learning_rate=learning_rate, beta_1=beta_1, beta_2=beta_2, epsilon=epsilon
        ),
        loss="binary_crossentropy",
        metrics=["accuracy"],
    )


def save_weights(model: keras.Model, path: str | Path) -> None:
    """Write weights alone, whole or not at all.

    Keras insists on a suffix of its own, so the file is written beside its place
    under that suffix and renamed.
    """
    with replacing(path) as part:
        keras_name = part.with_name(f"{part.name}.weights.h5")
        model.save_weights(keras_name)
        keras_name.rename(part)


def load_weights(model: keras.Model, path: str | Path) -> None:
    """Read weights that ``save_weights`` wrote into a network of the same form."""
    with tempfile.TemporaryDirectory() as folder:
        keras_name = Path(folder) / "model.weights.h5"
        shutil.copyfile(path, keras_name)
        model.load_weights(keras_name)
