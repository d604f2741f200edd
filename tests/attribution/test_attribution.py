"""Patterns and maps against theory, and against an independent implementation."""

import ast
import itertools
import re
import shutil
import subprocess
import sys
from pathlib import Path

import keras
import numpy as np
import pytest
from attribution_networks import deep, images, normalised, odd, paper_like, shaken
from attribution_oracle import Walk, oracle_maps, oracle_patterns, unpool

from nodal_staging.attribution import outputs
from nodal_staging.attribution.chain import LinearChain
from nodal_staging.attribution.estimation import Fitted, fit_patterns
from nodal_staging.attribution.outputs import Outputs
from nodal_staging.attribution.parsing import UnsupportedLayerError
from nodal_staging.attribution.pattern_attribution import attribute
from nodal_staging.attribution.patterns import Patterns, PatternsMismatchError
from nodal_staging.attribution.randomisation import cascade
from nodal_staging.attribution.steps import Convolution, MaxPool
from nodal_staging.classifiers.cnn.backend import use_device

use_device(gpu=False, intra_op_threads=1)

layers = keras.layers
FOLDER = Path(__file__).parents[2] / "src/nodal_staging/attribution"
README = FOLDER / "README.md"
CLOSE = {"rtol": 1e-9, "atol": 1e-9}


@pytest.fixture(scope="module", autouse=True)
def double_precision():
    """Build the networks of this module in double precision."""
    before = keras.config.dtype_policy()
    keras.config.set_dtype_policy("float64")
    yield
    keras.config.set_dtype_policy(before)


def explained(
    model, x, mode="attribution", *, estimator="relu", dtype="float64", **how
):
    chain = LinearChain.from_keras(model)
    patterns = fit_patterns(chain, x, estimator=estimator, dtype=dtype)
    return attribute(chain, patterns, x, mode=mode, **how)


def unit_network(w, bias=0.0, *, relu=True):
    """Return one unit on vectors, rectified, under a logit."""
    network = [keras.Input((len(w),)), layers.Dense(1, name="unit")]
    if relu:
        network.append(layers.ReLU())
    network.append(layers.Dense(1, name="logit"))
    model = keras.Sequential(network)
    model.get_layer("unit").set_weights([w[:, None], np.array([bias])])
    return model


def cosine(a, b):
    return float(np.ravel(a) @ np.ravel(b) / np.linalg.norm(a) / np.linalg.norm(b))


def signal_and_distractor(n=20000, seed=0):
    """Return x = a_s y + A_d e with a unit w that cancels the distractor."""
    rng = np.random.default_rng(seed)
    a_s, a_d = np.array([1.0, 0.0, 0.3]), np.array([1.0, 1.0, -0.5])
    y, e = rng.normal(size=(2, n))
    x = np.outer(y, a_s) + np.outer(e, a_d)
    w = np.linalg.lstsq(np.stack([a_s, a_d]), np.array([1.0, 0.0]), rcond=None)[0]
    return x, a_s, w


@pytest.mark.parametrize("estimator", ["linear", "relu", "two_component", "relu.cond"])
def test_the_signal_is_found_where_the_weights_point_elsewhere(estimator):
    x, a_s, w = signal_and_distractor()
    chain = LinearChain.from_keras(unit_network(w))
    found = fit_patterns(
        chain, x, estimator=estimator, dtype="float64", batch_size=5000
    )
    assert cosine(found.kernels["unit"], a_s) > 0.99
    assert cosine(w, a_s) < 0.9


def test_a_distractor_with_a_mean_shifts_the_published_estimator_as_derived():
    # a + mean_d (E+[y] - E[y]) / (E+[y^2] - E+[y] E[y]); relu.cond does not move.
    x, a_s, w = signal_and_distractor(200000)
    # A shift that w does not see: it belongs to the distractor.
    mean_d = 2 * np.array([1.0, 1.0, -0.5])
    moved = x + mean_d
    y = x @ w
    up = y[y > 0]
    slope = (up.mean() - y.mean()) / ((up**2).mean() - up.mean() * y.mean())
    chain = LinearChain.from_keras(unit_network(w))
    fit = {
        name: fit_patterns(
            chain, moved, estimator=name, dtype="float64", batch_size=50000
        )
        .kernels["unit"]
        .ravel()
        for name in ("relu", "relu.cond")
    }
    assert fit["relu"] == pytest.approx(a_s + slope * mean_d, abs=0.02)
    assert fit["relu.cond"] == pytest.approx(a_s, abs=0.02)


@pytest.mark.parametrize("build", [paper_like, odd])
@pytest.mark.parametrize("estimator", ["relu", "linear", "relu.cond"])
def test_patterns_are_those_of_the_published_formula(build, estimator):
    # One pass with patches written out, against two passes by kernel gradients.
    model = build()
    x = images(9, model.input_shape[1:])
    chain = LinearChain.from_keras(model)
    found = fit_patterns(chain, x, estimator=estimator, dtype="float64", batch_size=4)
    expected = oracle_patterns(model, x, estimator)
    assert set(found.kernels) == set(expected)
    for name, pattern in expected.items():
        np.testing.assert_allclose(found.kernels[name], pattern, **CLOSE)


def test_two_components_are_the_published_one_and_that_of_closed_gates():
    model, x = paper_like(), images(9)
    chain = LinearChain.from_keras(model)
    found = fit_patterns(chain, x, estimator="two_component", dtype="float64")
    opened, closed = oracle_patterns(model, x), oracle_patterns(model, x, "closed")
    for name in ("c1", "c2", "c3"):
        np.testing.assert_allclose(found.kernels[name], opened[name], **CLOSE)
        np.testing.assert_allclose(found.inactive[name], closed[name], **CLOSE)


@pytest.mark.parametrize("build", [paper_like, odd])
@pytest.mark.parametrize("mode", ["attribution", "net"])
@pytest.mark.parametrize("batch_norm", ["own", "gradient"])
def test_maps_agree_with_the_independent_implementation(build, mode, batch_norm):
    model = build()
    x = images(9, model.input_shape[1:])
    found = explained(model, x, mode, batch_norm=batch_norm)
    expected, logit = oracle_maps(model, oracle_patterns(model, x), x, mode, batch_norm)
    largest = np.abs(expected).max(axis=(1, 2, 3))
    assert np.abs(found.map).max(axis=(1, 2, 3)) == pytest.approx(1)
    np.testing.assert_allclose(
        found.map, expected / largest[:, None, None, None], rtol=0, atol=1e-9
    )
    np.testing.assert_allclose(np.exp(found.log_scale), largest, rtol=1e-9)
    np.testing.assert_allclose(found.logit, logit, rtol=1e-9)


def test_every_unit_reacts_to_its_pattern_with_one():
    chain = LinearChain.from_keras(paper_like())
    found = fit_patterns(chain, images(9), dtype="float64")
    for place, report in zip(chain.kernels, found.report, strict=True):
        kernel = chain.weights[place][0]
        product = kernel * found.kernels[report.layer]
        total = product.reshape(-1, kernel.shape[-1]).sum(axis=0)
        undefined = np.sum(total == 0)
        assert undefined == report.undefined < report.units
        np.testing.assert_allclose(np.sort(total)[undefined:], 1, rtol=1e-9)


def test_neither_order_nor_size_of_batches_matters():
    chain = LinearChain.from_keras(paper_like())
    x = images(11)
    a = fit_patterns(chain, x, dtype="float64", batch_size=11)
    b = fit_patterns(chain, x[::-1], dtype="float64", batch_size=3)
    for name, pattern in a.kernels.items():
        np.testing.assert_allclose(b.kernels[name], pattern, **CLOSE)


def test_relevance_is_conserved_but_for_what_lands_on_padding():
    # Dense layers lose nothing: sum(w a) = 1 where the unit passes relevance.
    rng = np.random.default_rng(0)
    network = [keras.Input((6, 6, 1)), layers.Flatten()]
    network += [layers.Dense(9, activation="relu"), layers.BatchNormalization()]
    network += [layers.Dense(5, activation="relu"), layers.Dense(1)]
    model = shaken(keras.Sequential(network))
    x = rng.normal(size=(30, 6, 6, 1))
    found = explained(model, x)
    gate = Walk(model, x).trace
    total = found.unscaled().sum(axis=(1, 2, 3))
    # The budget: what reaches open units, layer by layer.
    patterns = oracle_patterns(model, x)
    r = np.ones((30, 1))
    budget = None
    for kind, layer, value, _ in reversed(gate):
        if kind == "kernel":
            w = np.asarray(layer.kernel) * patterns[layer.name]
            budget = r.sum(axis=1)
            r = r @ w.T
            np.testing.assert_allclose(r.sum(axis=1), budget, rtol=1e-8, atol=1e-8)
        elif kind == "relu":
            r = r * (value > 0)
    np.testing.assert_allclose(total, budget, rtol=1e-8, atol=1e-8)


def test_a_linear_network_gives_shares_of_its_logit():
    network = [keras.Input((8, 8, 2)), layers.Conv2D(3, 3, padding="valid")]
    network += [layers.Flatten(), layers.Dense(1)]
    model = shaken(keras.Sequential(network))
    x = images(7, (8, 8, 2))
    share = explained(model, x)
    assert share.unscaled().sum(axis=(1, 2, 3)) == pytest.approx(1, rel=1e-9)
    logit = explained(model, x, start="logit")
    total = logit.unscaled().sum(axis=(1, 2, 3))
    np.testing.assert_allclose(total, logit.logit, rtol=1e-9)


def rescaled(model, norm, following, factor):
    """Multiply what a norm puts out and divide it away in the next kernel."""
    other = keras.models.clone_model(model)
    other.set_weights(model.get_weights())
    layer = other.get_layer(norm)
    gamma, beta, mean, variance = layer.get_weights()
    layer.set_weights([gamma * factor, beta * factor, mean, variance])
    kernel, bias = other.get_layer(following).get_weights()
    shape = (1, 1, -1, 1) if kernel.ndim == 4 else (-1, 1)
    other.get_layer(following).set_weights([kernel / factor.reshape(shape), bias])
    return other


def assert_same(a, b):
    """Compare maps, their scales and the logits, each on its own scale."""
    np.testing.assert_allclose(a.logit, b.logit, rtol=1e-9)
    np.testing.assert_allclose(a.log_scale, b.log_scale, rtol=0, atol=1e-9)
    np.testing.assert_allclose(a.map, b.map, rtol=0, atol=1e-9)


def test_scales_and_signs_that_no_output_notices_change_no_map():
    model, x = paper_like(), images(9)
    factor = np.array([0.2, -3.0, 1.0, 5.0])
    other = rescaled(model, "n1", "c2", factor)
    before, after = explained(model, x), explained(other, x)
    assert_same(before, after)
    before, after = (
        explained(net, x, batch_norm="gradient").map for net in (model, other)
    )
    assert np.abs(before - after).max() > 0.05


def test_scaling_a_unit_before_its_relu_changes_no_map():
    model, x = paper_like(), images(9)
    other = keras.models.clone_model(model)
    other.set_weights(model.get_weights())
    factor = np.array([0.3, 2.0, 1.0, 7.0])
    kernel, bias = other.get_layer("c1").get_weights()
    other.get_layer("c1").set_weights([kernel * factor, bias * factor])
    gamma, beta, mean, variance = other.get_layer("n1").get_weights()
    # The norm sees scaled inputs: its mean and deviation scale with them.
    deviation = np.sqrt(variance + 1e-3) * factor
    norm = [gamma, beta, mean * factor, deviation**2 - 1e-3]
    other.get_layer("n1").set_weights(norm)
    assert_same(explained(model, x), explained(other, x))


@pytest.mark.parametrize("mode", ["attribution", "net"])
def test_a_norm_without_scale_passes_nothing_on(mode):
    # A channel that the norm makes constant tells nothing of what it was.
    model, x = paper_like(), images(9)
    norm = model.get_layer("n1")
    gamma, *rest = norm.get_weights()
    gamma[1] = 0
    norm.set_weights([gamma, *rest])
    found = explained(model, x, mode)
    assert np.isfinite(found.map).all()
    assert np.isfinite(found.log_scale).all()
    expected, logit = oracle_maps(model, oracle_patterns(model, x), x, mode)
    np.testing.assert_allclose(found.logit, logit, rtol=1e-9)
    largest = np.abs(expected).max(axis=(1, 2, 3))
    np.testing.assert_allclose(
        found.map, expected / largest[:, None, None, None], rtol=0, atol=1e-9
    )
    np.testing.assert_allclose(np.exp(found.log_scale), largest, rtol=1e-9)
    # What the convolution has for that channel can be anything.
    kernel, bias = model.get_layer("c1").get_weights()
    kernel[..., 1] *= -2
    model.get_layer("c1").set_weights([kernel, bias])
    assert_same(found, explained(model, x, mode))


def test_a_dead_unit_has_zeros_and_is_counted():
    model, x = paper_like(), images(9)
    kernel, bias = model.get_layer("c2").get_weights()
    bias[2] = -100
    kernel[..., 3] = 0
    model.get_layer("c2").set_weights([kernel, bias])
    chain = LinearChain.from_keras(model)
    found = fit_patterns(chain, x, dtype="float64")
    report = {row.layer: row for row in found.report}
    assert report["c2"].undefined == 2
    assert report["c1"].undefined == 0
    assert not found.kernels["c2"][..., 2:4].any()
    assert all(np.isfinite(a).all() for a in found.kernels.values())
    assert np.isfinite(attribute(chain, found, x).map).all()


def test_where_nothing_is_relevant_the_map_is_zero():
    model, x = paper_like(), images(4)
    kernel, bias = model.get_layer("d1").get_weights()
    model.get_layer("d1").set_weights([kernel, bias - 100])
    found = explained(model, x)
    assert not found.map.any()
    assert np.isfinite(found.log_scale).all()


def test_a_negative_denominator_is_kept_and_counted():
    # A bias opens the unit where its mean is below zero, but not on the far tail:
    # w k = Var+ + E+[y] (E+[y] - E[y]) with E[y] < E+[y] < 0.
    y = np.concatenate([np.linspace(-5.2, -5.0, 50), np.full(5, -30.0)])
    x = np.stack([y, y * 0, y * 0], axis=1)
    model = unit_network(np.array([1.0, 0.0, 0.0]), bias=6.0)
    found = fit_patterns(LinearChain.from_keras(model), x, dtype="float64")
    unit = found.report[0]
    assert (unit.negative, unit.undefined) == (1, 0)
    assert unit.active == pytest.approx(50 / 55)
    np.testing.assert_allclose(found.kernels["unit"].ravel(), [1, 0, 0], atol=1e-12)
    expected = oracle_patterns(model, x)["unit"]
    np.testing.assert_allclose(found.kernels["unit"], expected, **CLOSE)


def test_ties_go_to_the_first_in_row_major_order():
    network = [keras.Input((4, 4, 1)), layers.MaxPooling2D(2), layers.Flatten()]
    model = keras.Sequential([*network, layers.Dense(1)])
    model.layers[-1].set_weights([np.ones((4, 1)), np.zeros(1)])
    x = np.zeros((2, 4, 4, 1))
    x[1, :2, :2, 0] = [[1, 2], [2, 2]]
    x[1, 2:, 2:, 0] = [[1, 1], [3, 3]]
    chain = LinearChain.from_keras(model)
    noise = np.random.default_rng(0).normal(size=(20, 4, 4, 1))
    found = attribute(chain, fit_patterns(chain, noise, dtype="float64"), x).map
    won = [set(zip(*np.nonzero(m[..., 0]), strict=True)) for m in found]
    assert won[0] == {(0, 0), (0, 2), (2, 0), (2, 2)}
    assert won[1] == {(0, 1), (0, 2), (2, 0), (3, 2)}


@pytest.mark.parametrize(("size", "stride"), [(2, 2), (3, 3), (3, 2), (2, 3)])
def test_pooling_gives_back_as_the_oracle_does_whatever_does_not_fit(size, stride):
    layer = layers.MaxPooling2D(size, strides=stride)
    rng = np.random.default_rng(0)
    x = rng.integers(0, 3, (3, 8, 7, 2)).astype(float)
    step = MaxPool("pool", (size, size), (stride, stride))
    out = np.asarray(layer(x)).shape
    relevance = rng.normal(size=out)
    found = step.back(keras.ops.convert_to_tensor(x), relevance)
    np.testing.assert_allclose(np.asarray(found), unpool(layer, x, relevance))


FORMS = [
    {"strides": (1, 1), "dilation": (1, 1), "padding": "same"},
    {"strides": (2, 1), "dilation": (1, 1), "padding": "valid"},
    {"strides": (1, 1), "dilation": (2, 1), "padding": "same"},
]


@pytest.mark.parametrize("form", FORMS)
def test_sums_of_a_kernel_are_those_of_its_convolution(form):
    """``sum(S * w)`` over the kernel is ``sum((w x) v)`` over the outputs."""
    rng = np.random.default_rng(0)
    step = Convolution("conv", shape=(3, 2, 3, 4), **form)
    x = rng.normal(size=(2, 8, 7, 3))
    kernels = rng.normal(size=(3, *step.shape))
    products = [np.asarray(step.product(x, kernel)) for kernel in kernels]
    v = rng.normal(size=products[0].shape)
    sums = np.asarray(step.kernel_sums(keras.ops.convert_to_tensor(x), v))
    found = [np.sum(sums * kernel) for kernel in kernels]
    np.testing.assert_allclose(found, [np.sum(y * v) for y in products])


def test_no_variable_of_the_model_changes():
    model, x = paper_like(), images(9)
    before = [np.array(v) for v in model.variables]
    chain = LinearChain.from_keras(model)
    attribute(chain, fit_patterns(chain, x), x)
    for variable, value in zip(model.variables, before, strict=True):
        assert np.array_equal(np.array(variable), value)


def written(order, relu):
    """Return the same network with its ReLU written in another way."""
    fused = "relu" if relu == "fused" else None
    separate = {
        "fused": [],
        "layer": [layers.ReLU(name="r")],
        "activation": [layers.Activation("relu", name="r")],
    }[relu]
    norm = [layers.BatchNormalization(name="n")]
    middle = [*separate, *norm] if order == "before" else [*norm, *separate]
    network = [keras.Input((8, 8, 2)), layers.Conv2D(4, 3, activation=fused, name="c")]
    network += [*middle, layers.Flatten(), layers.Dense(1, name="logit")]
    return shaken(keras.Sequential(network))


@pytest.mark.parametrize("order", ["before", "after"])
def test_however_a_relu_is_written_the_map_is_the_same(order):
    x = images(6, (8, 8, 2))
    ways = ["layer", "activation"] + (["fused"] if order == "before" else [])
    found = []
    for way in ways:
        model = written(order, way)
        found.append(explained(model, x).unscaled())
        expected, _ = oracle_maps(model, oracle_patterns(model, x), x)
        np.testing.assert_allclose(found[-1], expected, **CLOSE)
    for a, b in itertools.pairwise(found):
        assert np.array_equal(a, b)


def test_a_norm_before_the_relu_equals_folding_it_into_the_convolution():
    x, model = images(6, (8, 8, 2)), written("after", "layer")
    norm = model.get_layer("n")
    gamma, beta, mean, variance = norm.get_weights()
    scale = gamma / np.sqrt(variance + norm.epsilon)
    kernel, bias = model.get_layer("c").get_weights()
    network = [keras.Input((8, 8, 2)), layers.Conv2D(4, 3, activation="relu")]
    folded = keras.Sequential([*network, layers.Flatten(), layers.Dense(1)])
    folded.set_weights(
        [
            kernel * scale,
            (bias - mean) * scale + beta,
            *model.get_layer("logit").get_weights(),
        ]
    )
    np.testing.assert_allclose(
        explained(model, x).unscaled(), explained(folded, x).unscaled(), **CLOSE
    )


def headed(*head):
    network = [keras.Input((6, 6, 1)), layers.Conv2D(3, 3, activation="relu")]
    return shaken(keras.Sequential([*network, layers.Flatten(), *head]))


@pytest.mark.parametrize(
    "head",
    [
        lambda: [layers.Dense(1, activation="sigmoid")],
        lambda: [layers.Dense(1), layers.Activation("sigmoid")],
    ],
    ids=["fused", "layer"],
)
def test_a_last_sigmoid_is_dropped(head):
    x = images(6, (6, 6, 1))
    plain, squashed = headed(layers.Dense(1)), headed(*head())
    squashed.set_weights(plain.get_weights())
    assert np.array_equal(explained(plain, x).map, explained(squashed, x).map)
    assert np.array_equal(explained(plain, x).logit, explained(squashed, x).logit)


@pytest.mark.parametrize("fused", [True, False])
def test_of_two_units_under_a_softmax_the_difference_is_explained(fused):
    x = images(6, (6, 6, 1))
    head = [layers.Dense(2, activation="softmax")]
    if not fused:
        head = [layers.Dense(2), layers.Softmax()]
    two, one = headed(*head), headed(layers.Dense(1))
    *rest, kernel, bias = two.get_weights()
    one.set_weights([*rest, kernel[:, 1:] - kernel[:, :1], bias[1:] - bias[:1]])
    np.testing.assert_allclose(
        explained(two, x).unscaled(), explained(one, x).unscaled(), **CLOSE
    )


def joined():
    x = keras.Input((6, 6, 1))
    y = layers.Conv2D(1, 3, padding="same")(x)
    z = layers.Flatten()(layers.Add(name="sum")([x, y]))
    return keras.Model(x, layers.Dense(1)(z))


def shared():
    x = keras.Input((6, 6, 1))
    layer = layers.Conv2D(1, 3, padding="same", name="twice")
    return keras.Model(x, layers.Dense(1)(layers.Flatten()(layer(layer(x)))))


UNSUPPORTED = {
    "mean": [layers.AveragePooling2D(2, name="mean")],
    "everywhere": [layers.GlobalAveragePooling2D(name="everywhere")],
    "leak": [layers.LeakyReLU(name="leak")],
    "slope": [layers.ReLU(negative_slope=0.1, name="slope")],
    "padded": [layers.MaxPooling2D(2, padding="same", name="padded")],
    "inner": [keras.Sequential([layers.Conv2D(1, 3)], name="inner")],
    "soft": [layers.Conv2D(2, 3, activation="tanh", name="soft")],
    "sig": [layers.Conv2D(2, 3, activation="sigmoid", name="sig")],
    "depth": [layers.DepthwiseConv2D(3, name="depth")],
    "grouped": [layers.Conv2D(2, 1), layers.Conv2D(2, 1, groups=2, name="grouped")],
    "late": [layers.Conv2D(2, 3), layers.MaxPooling2D(2), layers.ReLU(name="late")],
    "deep": [layers.Dense(3, name="deep")],
}


@pytest.mark.parametrize("name", UNSUPPORTED)
def test_what_is_not_supported_is_named(name):
    network = [keras.Input((6, 6, 1)), *UNSUPPORTED[name], layers.Flatten()]
    with pytest.raises(UnsupportedLayerError, match=f"layer {name}"):
        LinearChain.from_keras(keras.Sequential([*network, layers.Dense(1)]))


def test_the_way_to_take_mean_pooling_is_named_where_there_is_one():
    def pooled(name):
        network = [keras.Input((6, 6, 1)), *UNSUPPORTED[name], layers.Flatten()]
        return keras.Sequential([*network, layers.Dense(1)])

    with pytest.raises(UnsupportedLayerError, match="mean_pooling=True"):
        LinearChain.from_keras(pooled("mean"))
    LinearChain.from_keras(pooled("mean"), mean_pooling=True)
    for mean_pooling in (False, True):
        with pytest.raises(UnsupportedLayerError, match="layer everywhere") as refused:
            LinearChain.from_keras(pooled("everywhere"), mean_pooling=mean_pooling)
        assert "mean_pooling" not in str(refused.value)


@pytest.mark.parametrize(
    ("build", "words"),
    [
        (joined, "layer sum joins 2 inputs"),
        (shared, "layer twice is used more than once"),
        (lambda: headed(layers.Dense(3, name="three")), "layer three: .* 3 units"),
        (
            lambda: headed(layers.Dense(3, activation="softmax", name="many")),
            "layer many is a softmax over other than two",
        ),
        (lambda: headed(layers.Dense(1), layers.ReLU(name="r")), "1 units, then r"),
        (lambda: keras.Sequential([layers.Dense(1)], name="bare"), "model bare"),
        (
            lambda: keras.Sequential([keras.Input((4,)), layers.Flatten()]),
            "at least one Conv2D or Dense",
        ),
    ],
)
def test_what_is_no_chain_is_refused(build, words):
    with pytest.raises(UnsupportedLayerError, match=words):
        LinearChain.from_keras(build())


def test_a_model_that_shares_its_tensors_with_another_is_read():
    model = paper_like()
    again = keras.Model(model.inputs, model.outputs)
    model(keras.Input((12, 12, 2)))
    assert LinearChain.from_keras(again).sha256 == LinearChain.from_keras(model).sha256


def test_single_precision_is_good_enough_for_figures():
    x = images(60)
    model = normalised(paper_like(), x)
    double = explained(model, x).map
    single = explained(model, x, dtype="float32").map
    assert single.dtype == np.float32
    error = np.abs(single - double).max(axis=(1, 2, 3))
    assert np.median(error) < 1e-5
    assert min(cosine(a, b) for a, b in zip(single, double, strict=True)) >= 0.9999


@pytest.mark.training
def test_single_precision_is_good_enough_for_sixteen_convolutions():
    x = images(24, (32, 32, 1))
    model = normalised(deep(), x)
    assert sum(isinstance(layer, layers.Conv2D) for layer in model.layers) == 16
    double = explained(model, x).map
    single = explained(model, x, dtype="float32").map
    assert min(cosine(a, b) for a, b in zip(single, double, strict=True)) >= 0.9999


def test_patterns_are_kept_with_what_they_belong_to(tmp_path):
    model, x = paper_like(), images(9)
    chain = LinearChain.from_keras(model)
    found = fit_patterns(chain, x, estimator="two_component")
    found.save(tmp_path / "a.h5")
    found.save(tmp_path / "b.h5")
    assert (tmp_path / "a.h5").read_bytes() == (tmp_path / "b.h5").read_bytes()
    again = Patterns.load(tmp_path / "a.h5", chain, x)
    assert again.report == found.report
    for kept in ("kernels", "inactive"):
        for name, array in getattr(found, kept).items():
            assert np.array_equal(getattr(again, kept)[name], array)
    for field in ("estimator", "dtype", "model_sha256", "images_sha256", "n_images"):
        assert getattr(again, field) == getattr(found, field)


def test_patterns_of_another_model_or_of_other_images_are_refused(tmp_path):
    x = images(9)
    chain, other = (LinearChain.from_keras(paper_like(seed)) for seed in (0, 1))
    found = fit_patterns(chain, x)
    found.save(tmp_path / "p.h5")
    with pytest.raises(PatternsMismatchError, match="expected patterns of the model"):
        Patterns.load(tmp_path / "p.h5", other)
    with pytest.raises(PatternsMismatchError, match="of these 8 images"):
        Patterns.load(tmp_path / "p.h5", chain, x[:8])
    with pytest.raises(PatternsMismatchError, match="fit them again"):
        attribute(other, found, x)
    assert attribute(other, found.moved_to(other), x).map.shape == x.shape


@pytest.mark.parametrize(
    ("how", "words"),
    [
        ({"estimator": "best"}, "expected estimator to be one of"),
        ({"dtype": "float16"}, "expected dtype to be one of"),
    ],
)
def test_unknown_choices_are_refused(how, words):
    with pytest.raises(ValueError, match=words):
        fit_patterns(LinearChain.from_keras(paper_like()), images(2), **how)


def test_no_images_are_refused():
    with pytest.raises(ValueError, match="at least one image"):
        fit_patterns(LinearChain.from_keras(paper_like()), images(0))


ENDS = {
    "fit": lambda chain, _, x: fit_patterns(chain, x),
    "attribute": attribute,
}


@pytest.fixture(scope="module")
def fitted():
    chain = LinearChain.from_keras(paper_like())
    return chain, fit_patterns(chain, images(9))


@pytest.mark.parametrize("end", ENDS)
@pytest.mark.parametrize(
    "shape", [(0, 12, 12, 2), (12, 12, 2), (3, 12, 12), (3, 12, 11, 2), (3, 12, 12, 1)]
)
def test_images_of_another_shape_are_refused_in_one_line(fitted, end, shape):
    with pytest.raises(ValueError, match="of shape") as refused:
        ENDS[end](*fitted, np.zeros(shape))
    words = "expected images of shape (n, 12, 12, 2), at least one image, received "
    assert str(refused.value) == words + str(shape)


@pytest.mark.parametrize("end", ENDS)
@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_images_that_are_not_finite_are_counted_and_the_first_is_named(
    fitted, end, value
):
    x = images(150)
    x[[71, 80, 149], 3, 4, 1] = value
    x[80, 0] = np.nan
    with pytest.raises(ValueError, match=r"in 3 of 150, first in that of index 71$"):
        ENDS[end](*fitted, x)


def test_a_network_for_any_extent_takes_images_of_any():
    network = [keras.Input((None, None, 1)), layers.Conv2D(1, 5, padding="valid")]
    chain = LinearChain.from_keras(shaken(keras.Sequential(network)))
    assert len(fit_patterns(chain, images(3, (5, 5, 1))).report) == 1
    with pytest.raises(
        ValueError, match=r"shape \(n, any, any, 1\), .* \(3, 5, 5, 2\)"
    ):
        fit_patterns(chain, images(3, (5, 5, 2)))


@pytest.mark.parametrize("n", [1, 5, 130])
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_images_that_are_all_the_same_have_no_patterns(n, dtype):
    # In double precision rounding alone would give the logit a pattern.
    chain = LinearChain.from_keras(paper_like())
    same = np.tile(images(1), (n, 1, 1, 1))
    words = f"received {n} with the same values: .* images of the training set"
    with pytest.raises(ValueError, match=words):
        fit_patterns(chain, same, dtype=dtype)


def test_one_image_that_differs_is_enough_for_a_pattern():
    w = np.arange(1.0, 6).reshape(-1, 1)
    model = keras.Sequential([keras.Input((5,)), layers.Dense(1, name="logit")])
    model.set_weights([w, np.zeros(1)])
    same = np.ones((130, 5))
    # The only direction in which images vary is the pattern: a = d / (w d).
    direction = np.array([[0.0, 2.0, 0.0, 0.0, -0.5]])
    for place in (0, 129):
        x = same.copy()
        x[place] += direction[0]
        found = fit_patterns(LinearChain.from_keras(model), x, dtype="float64")
        expected = direction.T / (direction @ w)
        np.testing.assert_allclose(found.kernels["logit"], expected, atol=1e-12)


@pytest.mark.training
def test_the_lines_of_the_readme_run_as_written(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    lines = re.findall(r"```python\n(.*?)```", README.read_text(), re.DOTALL)
    x = images(40, (12, 12, 2))
    masks = np.zeros((7, 12, 12), np.uint8)
    masks[:, 4:8, 5:9] = 1
    given = {"training_images": x, "images": x[:7], "masks": masks}
    namespace = {"model": normalised(paper_like(), x), **given}
    for block in lines:
        exec(block, namespace)
    probability = namespace["model"].predict(x[:7], verbose=0)[:, 0]
    logit = np.log(probability / (1 - probability))
    np.testing.assert_allclose(namespace["maps"].logit, logit, rtol=1e-4)
    # As said there: integrated gradients sum to the difference of two logits.
    black = namespace["model"].predict(np.zeros((1, 12, 12, 2)), verbose=0)[0, 0]
    total = namespace["integrated"].sum(axis=(1, 2, 3))
    difference = logit - np.log(black / (1 - black))
    assert np.abs(total - difference).max() < 0.1 * np.abs(difference).max()
    assert namespace["cam"].shape == (7, 12, 12, 1)
    where = namespace["where"]
    np.testing.assert_allclose(where.share.sum(axis=1), 1)
    np.testing.assert_allclose(where.area[:, 0], 16 / 144)
    assert list(namespace["similar"]) == [1, 2, 3, 4, 5]
    assert all(len(found) == 7 for found in namespace["similar"].values())
    for curve in (namespace["most"], namespace["least"]):
        np.testing.assert_allclose(curve[:, 0], np.abs(logit), rtol=1e-4)


def imported_by(path: Path) -> set[str]:
    """Return the top-level names that a file imports, relative ones as dots."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            found |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            dots = "." * node.level
            found.add(dots or (node.module or "").split(".")[0])
    return found


@pytest.mark.parametrize("path", sorted(FOLDER.glob("*.py")), ids=lambda p: p.name)
def test_the_folder_needs_nothing_of_the_study(path):
    allowed = {"keras", "numpy", "h5py", "scipy", "."} | set(sys.stdlib_module_names)
    if path.name == "autodiff.py":
        allowed.add("tensorflow")
    assert imported_by(path) <= allowed


LIFTED = """
import keras, numpy
from lifted.chain import LinearChain
from lifted.pattern_attribution import attribute
from lifted.estimation import fit_patterns
model = keras.Sequential([keras.Input((6, 6, 1)), keras.layers.Flatten(),
                          keras.layers.Dense(1)])
chain = LinearChain.from_keras(model)
images = numpy.random.default_rng(0).normal(size=(9, 6, 6, 1))
print(attribute(chain, fit_patterns(chain, images), images).map.shape)
"""


@pytest.mark.training
def test_the_folder_works_under_another_name_alone(tmp_path):
    ignored = shutil.ignore_patterns("__pycache__")
    shutil.copytree(FOLDER, tmp_path / "lifted", ignore=ignored)
    done = subprocess.run(
        [sys.executable, "-c", LIFTED],
        cwd=tmp_path,
        env={"PATH": "", "CUDA_VISIBLE_DEVICES": ""},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stdout.strip() == "(9, 6, 6, 1)", done.stderr[-2000:]


@pytest.mark.parametrize("room", [1, 2**20], ids=["file", "memory"])
def test_outputs_come_back_in_their_order_in_batches_of_any_size(room):
    kept, given = Outputs("float64", room), images(10)
    kept.append(given[:7])
    kept.append(given[7:])
    assert kept.shape == given.shape[1:]
    for size in (1, 4, 10, 11):
        found = list(kept.batches(size))
        assert [len(batch) for batch in found[:-1]] == [size] * (len(found) - 1)
        assert (np.concatenate(found) == given).all()
    kept.close()


def test_patterns_do_not_depend_on_where_outputs_lie(monkeypatch):
    chain, x = LinearChain.from_keras(paper_like()), images(9)
    in_memory = fit_patterns(chain, x)
    monkeypatch.setattr(outputs, "ROOM_BYTES", 1)
    in_files = fit_patterns(chain, x)
    for name, pattern in in_memory.kernels.items():
        assert (pattern == in_files.kernels[name]).all()


def test_patterns_of_the_same_first_layers_are_those_of_a_fit_from_the_start():
    trained, x = LinearChain.from_keras(paper_like()), images(9)
    fresh = LinearChain.from_keras(paper_like(seed=5))
    known = Fitted(trained, fit_patterns(trained, x, dtype="float64"))
    counts = []
    for _, layers, mixed in cascade(trained, fresh):
        taken = fit_patterns(mixed, x, dtype="float64", known=known)
        alone = fit_patterns(mixed, x, dtype="float64")
        assert taken.report == alone.report
        for name, pattern in alone.kernels.items():
            assert np.array_equal(taken.kernels[name], pattern)
        counts.append(len(known.shared_with(mixed)) + layers)
    # All layers below those drawn anew are shared.
    assert set(counts) == {len(trained.kernels)}


def test_known_patterns_of_other_images_or_of_another_way_are_refused():
    chain, x = LinearChain.from_keras(paper_like()), images(9)
    known = Fitted(chain, fit_patterns(chain, x, dtype="float64"))
    with pytest.raises(PatternsMismatchError, match="fit them again"):
        fit_patterns(chain, x[:8], dtype="float64", known=known)
    with pytest.raises(ValueError, match="relu in float64"):
        fit_patterns(chain, x, known=known)
