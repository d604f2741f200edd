"""The network as the paper states it, and weights that come back the same."""

import hashlib
import itertools
import subprocess
import sys
from pathlib import Path

import keras
import numpy as np
import pytest
import yaml

from nodal_staging.classifiers.cnn.augmentation import Ranges
from nodal_staging.classifiers.cnn.backend import tf
from nodal_staging.classifiers.cnn.fitting import learning_rate, new_network
from nodal_staging.classifiers.cnn.network import (
    build_network,
    compile_network,
)
from nodal_staging.classifiers.cnn.normalisation import BatchNormalization
from nodal_staging.classifiers.cnn.recipes import Architecture, recipe_of
from nodal_staging.classifiers.cnn.weight_files import load_weights, save_weights
from nodal_staging.study.configuration import RECIPE_SECTIONS, recipe_options

CONFIG = Path(__file__).parents[2] / "config"

TINY = {
    "channels": 1,
    "convolutions": [1, 1, 1, 1, 1],
    "first_width": 2,
    "dense_widths": [4],
    "pooling": "max",
    "initializer": "he_normal",
    "batch_norm_momentum": 0.9,
    "dropout": 0.0,
    "seed": 3,
}
PUBLISHED = TINY | {"convolutions": [2, 2, 4, 4, 4], "dense_widths": [8, 8]}


def built(*, channels: int, seed: int, **architecture) -> keras.Model:
    return build_network(Architecture(**architecture), channels=channels, seed=seed)


def kinds(model: keras.Model) -> list[str]:
    return [type(layer).__name__ for layer in model.layers]


def test_sixteen_convolutions_and_three_dense_layers():
    names = kinds(built(**PUBLISHED))
    assert names.count("Conv2D") == 16
    assert names.count("Dense") == 3


def test_the_other_reading_of_the_paper_has_three_hidden_dense_layers():
    options = yaml.safe_load((CONFIG / "unstated_options.yaml").read_text())
    changes = options["selection"]["candidates"]["three_hidden"]
    model = built(**PUBLISHED | changes["cnn"])
    assert kinds(model).count("Dense") == 3 + 1
    assert model.get_layer("dense3").units == 64


def test_relu_then_batch_normalisation_after_every_hidden_layer():
    layers = built(**PUBLISHED).layers
    for layer, follower in itertools.pairwise(layers):
        weighted = isinstance(layer, keras.layers.Conv2D | keras.layers.Dense)
        if weighted and layer.name != "logit":
            assert layer.activation is keras.activations.relu
            assert isinstance(follower, keras.layers.BatchNormalization)


def test_convolutions_are_three_by_three_and_pool_to_one_pixel():
    model = built(**PUBLISHED)
    sizes = {
        layer.kernel_size
        for layer in model.layers
        if isinstance(layer, keras.layers.Conv2D)
    }
    assert sizes == {(3, 3)}
    assert model.get_layer("block5_pool").output.shape[1:3] == (1, 1)


def test_full_width_has_the_parameters_of_vgg19_convolutions():
    model = built(**PUBLISHED | {"first_width": 64})
    convolutions = sum(
        layer.count_params()
        for layer in model.layers
        if isinstance(layer, keras.layers.Conv2D)
    )
    # VGG-19 has 20,024,384 in its convolutions with three input channels.
    assert convolutions == 20_024_384 - 2 * 9 * 64


def test_compiled_optimizer_has_the_papers_constants():
    model = built(**TINY)
    compile_network(
        model,
        learning_rate=1e-4,
        beta_1=0.9,
        beta_2=0.999,
        epsilon=1e-8,
        loss="binary_crossentropy",
    )
    adam = model.optimizer
    assert type(adam).__name__ == "Adam"
    assert float(adam.learning_rate) == pytest.approx(1e-4)
    assert (adam.beta_1, adam.beta_2, adam.epsilon) == (0.9, 0.999, 1e-8)


def test_the_published_configuration_compiles_what_is_published():
    """From config/paper_network.yaml to the optimiser, by way of the recipe."""
    config = yaml.safe_load((CONFIG / "config.yaml").read_text())
    paper = yaml.safe_load((CONFIG / "paper_network.yaml").read_text())
    parts = recipe_options(
        {name: config[name] | paper.get(name, {}) for name in RECIPE_SECTIONS}
    )
    plan = recipe_of(
        cnn="status_balanced",
        image=parts["image"],
        augmentation=parts["augmentation"],
        network=parts["cnn"] | {"first_width": 1, "dense_widths": [4, 4]},
        training=parts["training"],
        seed=1,
    )
    model = new_network(plan, "all")
    adam = model.optimizer
    assert (adam.beta_1, adam.beta_2, adam.epsilon) == (0.9, 0.999, 1e-8)
    rates = {learning_rate(plan, epoch) for epoch in range(plan.epochs)}
    assert rates == {1e-4}
    assert float(adam.learning_rate) == pytest.approx(1e-4)
    assert plan.epochs == 50
    names = kinds(model)
    assert (names.count("Conv2D"), names.count("Dense")) == (16, 3)
    assert plan.ranges == Ranges((0.5, 1.5), 180, 5, "independent")
    assert parts["cnn"]["first_width"] == 64


def test_the_same_seed_builds_the_same_weights():
    first, second = built(**TINY), built(**TINY)
    other = built(**TINY | {"seed": 4})
    for a, b in zip(first.get_weights(), second.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)
    assert any(
        not np.array_equal(a, b)
        for a, b in zip(first.get_weights(), other.get_weights(), strict=True)
    )


def test_weights_survive_the_file_and_the_file_its_rewriting(tmp_path):
    model = built(**TINY)
    for name in ("a.h5", "b.h5"):
        save_weights(model, tmp_path / name)
    sums = {
        hashlib.sha256((tmp_path / name).read_bytes()).hexdigest()
        for name in ("a.h5", "b.h5")
    }
    assert len(sums) == 1
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.h5", "b.h5"]
    other = built(**TINY | {"seed": 9})
    load_weights(other, tmp_path / "a.h5")
    images = np.random.default_rng(0).random((2, 48, 48, 1), dtype=np.float32)
    np.testing.assert_array_equal(
        model.predict(images, verbose=0), other.predict(images, verbose=0)
    )


@pytest.mark.training
def test_jobs_of_networks_start_without_what_keras_only_wraps():
    """And whoever needs these libraries afterwards finds them."""
    code = (
        "import sys\n"
        "from nodal_staging.classifiers.cnn.backend import keras\n"
        "assert not {'sklearn', 'matplotlib'} & sys.modules.keys()\n"
        "import sklearn, matplotlib\n"
        "assert sklearn.__version__ and matplotlib.__version__\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_normalisation_is_that_of_keras():
    """Values, gradients and moving averages of several batches, but for rounding."""
    rng = np.random.default_rng(5)
    shapes = [(7, 6, 5, 3), (2, 6, 5, 3), (1, 6, 5, 3)]
    ours = BatchNormalization(momentum=0.9)
    theirs = keras.layers.BatchNormalization(momentum=0.9)
    for layer in (ours, theirs):
        layer.build((None, 6, 5, 3))
    start = [rng.uniform(0.5, 2, 3), rng.normal(size=3), np.zeros(3), np.ones(3)]
    for layer in (ours, theirs):
        layer.set_weights(start)
    for shape in shapes:
        batch = rng.normal(3, 2, shape).astype(np.float32)
        slope = rng.normal(size=shape).astype(np.float32)
        found, expected = (_with_gradients(one, batch, slope) for one in (ours, theirs))
        for one, other in zip(found, expected, strict=True):
            np.testing.assert_allclose(one, other, rtol=1e-4, atol=1e-5)
        for one, other in zip(ours.get_weights(), theirs.get_weights(), strict=True):
            np.testing.assert_allclose(one, other, rtol=1e-5)
    np.testing.assert_allclose(ours(batch), theirs(batch), rtol=1e-5, atol=1e-6)


def _with_gradients(layer, batch, slope) -> list[np.ndarray]:
    """Return the values in training, and the gradients of their sum with ``slope``."""
    with tf.GradientTape() as tape:
        image = tf.constant(batch)
        tape.watch(image)
        value = layer(image, training=True)
        total = tf.reduce_sum(value * slope)
    gradients = tape.gradient(total, [image, layer.gamma, layer.beta])
    return [value.numpy(), *(one.numpy() for one in gradients)]
