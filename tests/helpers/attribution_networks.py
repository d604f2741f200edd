"""Small trained-looking networks, for the tests of attribution."""

import keras
import numpy as np

layers = keras.layers


def shaken(model, seed=0):
    """Give every variable a value that training could have left."""
    rng = np.random.default_rng(seed)
    for variable in model.variables:
        if "seed" in variable.path:
            continue
        shape = tuple(variable.shape)
        if "variance" in variable.path:
            value = rng.uniform(0.3, 2, shape)
        elif "kernel" in variable.path:
            value = rng.normal(0, np.sqrt(2 / np.prod(shape[:-1])), shape)
        else:
            value = rng.normal(0.1, 0.4, shape)
        variable.assign(value)
    return model


def normalised(model, x):
    """Set the moving statistics of every norm to those of its inputs."""
    seen = x
    for layer in model.layers:
        if isinstance(layer, layers.BatchNormalization):
            axes = tuple(range(seen.ndim - 1))
            layer.moving_mean.assign(seen.mean(axis=axes))
            layer.moving_variance.assign(seen.var(axis=axes))
        seen = np.asarray(layer(seen))
    return model


def images(n, shape=(12, 12, 2), seed=1):
    """Return smooth images with a mean."""
    rng = np.random.default_rng(seed)
    noise = rng.normal(0.4, 1, (n, *shape))
    return (noise + np.roll(noise, 1, 1) + np.roll(noise, 1, 2)) / 2


def paper_like(seed=0, dtype="float64"):
    """Return convolution, ReLU, norm, as published; also with strides and dilation."""
    model = keras.Sequential(
        [
            keras.Input((12, 12, 2), dtype=dtype),
            layers.Conv2D(4, 3, padding="same", activation="relu", name="c1"),
            layers.BatchNormalization(name="n1"),
            layers.Conv2D(5, 3, padding="same", activation="relu", name="c2"),
            layers.BatchNormalization(name="n2"),
            layers.MaxPooling2D(2, name="p1"),
            layers.Conv2D(6, 3, padding="same", activation="relu", name="c3"),
            layers.BatchNormalization(name="n3"),
            layers.MaxPooling2D(2, name="p2"),
            layers.Flatten(name="flat"),
            layers.Dropout(0.5),
            layers.Dense(7, activation="relu", name="d1"),
            layers.BatchNormalization(name="n4"),
            layers.Dense(1, name="logit"),
            layers.Activation("sigmoid", name="probability"),
        ]
    )
    return shaken(model, seed)


def odd(seed=3):
    """Return strides, dilation, valid padding, overlapping pools, separate ReLU."""
    model = keras.Sequential(
        [
            keras.Input((13, 12, 2), dtype="float64"),
            layers.Conv2D(4, (3, 2), strides=(2, 1), padding="same", name="c1"),
            layers.ReLU(name="r1"),
            layers.Conv2D(5, 2, dilation_rate=2, use_bias=False, name="c2"),
            layers.BatchNormalization(name="n2", scale=False),
            layers.Activation("relu", name="r2"),
            layers.MaxPooling2D(3, strides=2, name="p1"),
            layers.Flatten(name="flat"),
            layers.Dense(6, activation="relu", name="d1"),
            layers.Dense(1, activation="sigmoid", name="logit"),
        ]
    )
    return shaken(model, seed)


def deep(seed=2, width=4):
    """Return the sixteen convolutions of the published network, few maps wide."""
    network = [keras.Input((32, 32, 1), dtype="float64")]
    for number, count in enumerate((2, 2, 4, 4, 4)):
        for _ in range(count):
            maps = min(width * 2**number, 8 * width)
            network.append(layers.Conv2D(maps, 3, padding="same", activation="relu"))
            network.append(layers.BatchNormalization())
        network.append(layers.MaxPooling2D(2))
    network.append(layers.Flatten())
    for units in (16, 8):
        network += [layers.Dense(units, activation="relu")]
        network += [layers.BatchNormalization()]
    return shaken(keras.Sequential([*network, layers.Dense(1)]), seed)
