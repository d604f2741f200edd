"""What patterns are compared with, and the checks of maps, against closed forms."""

import itertools

import keras
import numpy as np
import pytest
from attribution_networks import images, normalised, paper_like, shaken
from scipy.stats import spearmanr

from nodal_staging.attribution.chain import LinearChain
from nodal_staging.attribution.estimation import fit_patterns
from nodal_staging.attribution.gradients import (
    grad_cam,
    gradient,
    gradient_times_input,
    integrated_gradients,
    logits,
    smooth_gradient,
)
from nodal_staging.attribution.localisation import (
    centre_map,
    edge_map,
    localise,
    regions_of,
)
from nodal_staging.attribution.occlusion import area_gap, flipping, occlusion
from nodal_staging.attribution.parsing import UnsupportedLayerError
from nodal_staging.attribution.randomisation import cascade, rank_correlation
from nodal_staging.classifiers.cnn.backend import use_device

use_device(gpu=False, intra_op_threads=1)

layers = keras.layers
F64 = {"dtype": "float64"}


@pytest.fixture(scope="module", autouse=True)
def double_precision():
    """Build the networks of this module in double precision."""
    before = keras.config.dtype_policy()
    keras.config.set_dtype_policy("float64")
    yield
    keras.config.set_dtype_policy(before)


@pytest.fixture(scope="module")
def network():
    return normalised(paper_like(), images(60))


@pytest.fixture(scope="module")
def chain(network):
    return LinearChain.from_keras(network)


def linear(weight):
    """Return the chain of a logit that is linear in the pixels ``(y, x, channels)``."""
    network = [keras.Input(weight.shape), layers.Flatten(), layers.Dense(1)]
    model = keras.Sequential(network)
    model.layers[-1].set_weights([weight.reshape(-1, 1), np.array([0.5])])
    return LinearChain.from_keras(model)


@pytest.fixture(scope="module")
def weight():
    return np.random.default_rng(5).normal(size=(8, 8, 2))


def test_logits_are_those_of_the_model(network, chain):
    x = images(5)
    probability = network.predict(x, verbose=0)[:, 0]
    expected = np.log(probability / (1 - probability))
    np.testing.assert_allclose(logits(chain, x, **F64), expected, rtol=1e-6)


def test_the_gradient_is_that_of_small_steps(chain):
    x = images(2)
    found = gradient(chain, x, **F64)
    rng = np.random.default_rng(0)
    for n, i, j, c in rng.integers(0, [2, 12, 12, 2], (12, 4)):
        up, down = x.copy(), x.copy()
        up[n, i, j, c] += 1e-6
        down[n, i, j, c] -= 1e-6
        slope = (logits(chain, up, **F64)[n] - logits(chain, down, **F64)[n]) / 2e-6
        assert found[n, i, j, c] == pytest.approx(slope, rel=1e-5, abs=1e-7)


def test_of_a_linear_network_every_method_gives_its_exact_share(weight):
    chain, x = linear(weight), images(4, (8, 8, 2))
    share = x * weight
    np.testing.assert_allclose(gradient_times_input(chain, x, **F64), share)
    baseline = images(1, (8, 8, 2), seed=9)[0]
    moved = (x - baseline) * weight
    found = integrated_gradients(chain, x, baseline, points=2, **F64)
    np.testing.assert_allclose(found, moved)
    found = occlusion(chain, x.astype(np.float32), baseline, size=1, stride=1)
    expected = moved.sum(axis=-1, keepdims=True)
    np.testing.assert_allclose(found, expected, atol=1e-4)


@pytest.mark.parametrize("zero", [True, False])
def test_integrated_gradients_are_complete(chain, zero):
    x = images(6)
    baseline = np.zeros(x.shape[1:]) if zero else images(1, seed=8)[0]
    found = integrated_gradients(chain, x, baseline, points=400, **F64)
    difference = logits(chain, x, **F64) - logits(chain, baseline[None], **F64)
    error = np.abs(found.sum(axis=(1, 2, 3)) - difference).max()
    # The gradient jumps wherever a gate opens on the way; each point smooths that.
    assert error < 0.03 * np.abs(difference).mean()
    coarse = integrated_gradients(chain, x, baseline, points=3, **F64)
    assert np.abs(coarse.sum(axis=(1, 2, 3)) - difference).max() > 3 * error


def test_zero_pixels_get_nothing_from_gradient_times_input(chain):
    x = images(3)
    x[:, :5] = 0
    assert not gradient_times_input(chain, x)[:, :5].any()
    zero = integrated_gradients(chain, x, np.zeros(x.shape[1:]))
    assert not zero[:, :5].any()


def test_smooth_gradients_repeat_and_approach_the_gradient(chain):
    x = images(3)
    a, b, c = (
        smooth_gradient(chain, x, samples=3, rng=np.random.default_rng(seed))
        for seed in (1, 1, 2)
    )
    assert np.array_equal(a, b)
    assert not np.array_equal(a, c)
    rng = np.random.default_rng(0)
    still = smooth_gradient(chain, x, samples=2, noise=1e-9, rng=rng, **F64)
    np.testing.assert_allclose(still, gradient(chain, x, **F64), rtol=1e-6)


def test_grad_cam_weighs_feature_maps_by_their_mean_gradient():
    # logit = sum over channels of v_c times the sum of its feature map.
    network = [keras.Input((12, 12, 1)), layers.MaxPooling2D(2)]
    network += [layers.Conv2D(2, 1, use_bias=False, activation="relu")]
    network += [layers.Flatten(), layers.Dense(1, use_bias=False)]
    model = keras.Sequential(network)
    v = np.tile([2.0, -1.0], 36)[:, None]
    model.set_weights([np.array([1.0, 3.0]).reshape(1, 1, 1, 2), v])
    x = np.abs(images(2, (12, 12, 1)))
    pooled = x.reshape(2, 6, 2, 6, 2).max(axis=(2, 4))
    # Gradients are the same everywhere, so the map is 2 x - 3 x, below zero; the
    # logit is below zero too, and its sign is explained.
    found = grad_cam(LinearChain.from_keras(model), x, **F64)
    assert found.shape == (2, 12, 12, 1)
    expected = keras.ops.image.resize(pooled[..., None], (12, 12))
    np.testing.assert_allclose(found, np.asarray(expected), rtol=1e-6)


def test_grad_cam_takes_the_last_maps_that_are_fine_enough(chain):
    x = images(2)
    coarse, fine = grad_cam(chain, x, smallest=3), grad_cam(chain, x, smallest=12)
    assert not np.allclose(coarse, fine)
    with pytest.raises(ValueError, match="at least 13 x 13"):
        grad_cam(chain, x, smallest=13)


def test_flipping_follows_the_logit_of_a_linear_network(weight):
    chain, x = linear(weight), images(5, (8, 8, 2)).astype(np.float32)
    baseline = np.zeros((8, 8, 2), np.float32)
    share = (x * weight).sum(axis=-1)
    sign = np.where(share.sum(axis=(1, 2)) + 0.5 < 0, -1, 1)
    relevance = share * sign[:, None, None]
    most, least = flipping(chain, x, relevance, baseline, steps=8)
    ordered = -np.sort(-relevance.reshape(5, -1), axis=1)
    counts = np.arange(9) ** 2  # of 64 pixels
    gone = np.concatenate([np.zeros((5, 1)), ordered.cumsum(axis=1)], axis=1)
    gone = gone[:, counts]
    start = relevance.sum(axis=(1, 2)) + 0.5 * sign
    np.testing.assert_allclose(most, start[:, None] - gone, atol=1e-4)
    np.testing.assert_allclose(least[:, -1], most[:, -1], atol=1e-4)
    gap = area_gap(most, least)
    assert (gap > 0).all()
    swapped = area_gap(*flipping(chain, x, -relevance, baseline, steps=8))
    np.testing.assert_allclose(swapped, -gap, atol=1e-4)


def test_the_area_between_two_curves():
    most, least = np.array([[2.0, 0.0, 0.0]]), np.array([[2.0, 2.0, 0.0]])
    # A triangle of height 2 over shares 0, 1/4 and 1.
    assert area_gap(most, least) == pytest.approx([1.0])
    assert area_gap(most[:, :2], most[:, 1:]) == pytest.approx([-1.0])


def test_a_cascade_draws_layers_anew_from_the_logit_down(chain):
    fresh = LinearChain.from_keras(paper_like(7))
    stages = list(cascade(chain, fresh))
    assert [name for name, _, _ in stages] == ["logit", "d1", "c3", "c2", "c1"]
    for name, count, mixed in stages:
        place = [step.name for step in chain.steps].index(name)
        for at, own in enumerate(mixed.weights):
            taken = fresh if at >= place or count == 5 else chain
            assert own is taken.weights[at]
    assert stages[-1][2].sha256 == fresh.sha256
    # Of five kernels two are dense: that stage is always among them.
    for levels, expected in ((2, [1, 2, 5]), (3, [1, 2, 3, 5]), (4, [1, 2, 4, 5])):
        found = cascade(chain, fresh, levels=levels)
        assert [count for _, count, _ in found] == expected
    with pytest.raises(ValueError, match="same form"):
        next(cascade(chain, linear(np.ones((8, 8, 2)))))


def test_rank_correlation_is_that_of_absolute_values():
    rng = np.random.default_rng(0)
    a, b = rng.normal(size=(2, 5, 6, 6))
    b[1, :3] = 0
    b[3] = 1
    a[4] = b[4] = 0
    found = rank_correlation(a, b)
    for n in range(3):
        expected = spearmanr(abs(a[n]).ravel(), abs(b[n]).ravel()).statistic
        assert found[n] == pytest.approx(expected)
    assert np.isnan(found[3:]).all()


def test_pixels_that_are_empty_in_both_maps_give_no_rank_correlation():
    rng = np.random.default_rng(1)
    inside = np.zeros((20, 20), bool)
    inside[8:13, 7:13] = True
    a, b = np.where(inside, rng.normal(size=(2, 1, 20, 20)), 0)
    expected = spearmanr(abs(a[0][inside]), abs(b[0][inside])).statistic
    assert abs(expected) < 0.5
    assert rank_correlation(a, b) == pytest.approx([expected])
    # One of them not zero is enough to be ranked.
    b[0, 0, :10] = 2.0
    used = inside.copy()
    used[0, :10] = True
    expected = spearmanr(abs(a[0][used]), abs(b[0][used])).statistic
    assert rank_correlation(a, b) == pytest.approx([expected])


def disc(radius, size=20):
    y, x = np.ogrid[:size, :size]
    return (y - 9) ** 2 + (x - 9) ** 2 <= radius**2


def test_regions_are_the_node_its_ring_and_the_rest():
    masks = np.stack([disc(2), np.zeros((20, 20), bool)])
    node, ring, rest = regions_of(masks, ring_mm=5)
    assert ((node.astype(int) + ring + rest) == 1).all()
    inside = np.argwhere(masks[0])
    for y, x in itertools.product(range(20), repeat=2):
        nearest = np.sqrt(((inside - [y, x]) ** 2).sum(axis=1)).min()
        assert ring[0, y, x] == (0 < nearest <= 5)
    assert rest[1].all()
    half = regions_of(masks, ring_mm=5, pixel_mm=2.5)[1]
    assert np.array_equal(half, regions_of(masks, ring_mm=2)[1])


@pytest.mark.parametrize("dtype", [np.uint8, np.int16, np.float32])
def test_masks_of_zeros_and_ones_are_masks(dtype):
    masks = np.stack([disc(2), np.zeros((20, 20), bool)])
    maps = np.random.default_rng(2).normal(size=masks.shape)
    inside = np.argwhere(masks[0])
    to_node = np.array(list(itertools.product(range(20), repeat=2)))[:, None] - inside
    nearest = np.sqrt((to_node**2).sum(axis=2)).min(axis=1).reshape(20, 20)
    parts = [masks[0], (nearest > 0) & (nearest <= 5), nearest > 5]
    size = abs(maps[0])
    largest = np.argsort(-size, axis=None)[: len(inside)]
    found = localise(maps, masks.astype(dtype))
    np.testing.assert_allclose(
        found.share[0], [size[p].sum() / size.sum() for p in parts]
    )
    np.testing.assert_allclose(found.area[0], [p.mean() for p in parts])
    assert found.rank[0] == pytest.approx(masks[0].ravel()[largest].mean())
    assert found.share[1].tolist() == [0, 0, 1]
    assert np.array_equal(regions_of(masks.astype(dtype))[:, 0], parts)


@pytest.mark.parametrize(
    ("value", "words"), [(255, "values 255$"), (-1, "values -1$"), (np.nan, "nan")]
)
def test_masks_of_other_values_are_refused(value, words):
    masks = np.where(disc(2), value, 0)[None]
    for measure in (regions_of, lambda m: localise(np.ones(m.shape), m)):
        with pytest.raises(ValueError, match=words):
            measure(masks)
    labels = np.arange(400).reshape(1, 20, 20)
    with pytest.raises(ValueError, match="values 2, 3, 4 and others"):
        regions_of(labels)


def test_a_map_that_is_everywhere_the_same_is_as_large_as_the_area():
    masks = np.stack([disc(2), disc(4)])
    found = localise(-np.ones((2, 20, 20)), masks)
    np.testing.assert_allclose(found.share, found.area)
    np.testing.assert_allclose(found.share.sum(axis=1), 1)
    np.testing.assert_allclose(found.rank, masks.mean(axis=(1, 2)))


def test_a_map_on_the_node_has_all_of_its_share_there():
    masks = np.stack([disc(3), disc(3), np.zeros((20, 20), bool)])
    maps = np.where(masks, -2.0, 0.0)
    maps[1] = np.where(masks[1], 1.0, 3.0)
    found = localise(maps, masks)
    assert found.share[0].tolist() == [1, 0, 0]
    assert found.rank[0] == 1
    assert found.rank[1] == 0
    inside = masks[1].sum()
    assert found.share[1, 0] == pytest.approx(inside / (inside + 3 * (400 - inside)))
    assert np.isnan(found.share[2]).all()
    assert np.isnan(found.rank[2])


def test_edges_are_where_an_image_is_steep():
    image = np.zeros((1, 20, 20))
    image[:, :, 10:] = 1
    found = edge_map(image)[0]
    assert found[:, 9:11].min() > found[:, :5].max()


def test_the_centre_is_where_a_gaussian_of_a_sixth_of_the_side_is_largest():
    found = centre_map((2, 48, 24))
    assert found.shape == (2, 48, 24)
    assert np.array_equal(found[0], found[1])
    np.testing.assert_allclose(found, found[:, ::-1, ::-1])
    largest = found[0] > 0.99 * found[0].max()
    assert set(zip(*np.nonzero(largest), strict=True)) <= {
        (row, column) for row in (22, 23, 24, 25) for column in (11, 12)
    }
    # One deviation from the centre, 8 rows: exp(-1/2) of what it has there.
    rows = np.arange(48) - 23.5
    at = np.exp(-0.5 * (rows / 8) ** 2)
    np.testing.assert_allclose(found[0, :, 11] / found[0, 23, 11], at / at[23])


def test_a_baseline_may_be_an_image_of_its_own(weight):
    chain, x = linear(weight), images(3, (8, 8, 2)).astype(np.float32)
    without = x.copy()
    without[..., 0] = 0.25
    found = occlusion(chain, x, without, size=1, stride=1)[..., 0]
    expected = (x[..., 0] - 0.25) * weight[..., 0]
    np.testing.assert_allclose(found, expected, atol=1e-4)
    _, least = flipping(chain, x, expected, without, steps=4)
    nothing = (without * weight).sum(axis=(1, 2, 3)) + 0.5
    sign = np.where((x * weight).sum(axis=(1, 2, 3)) + 0.5 < 0, -1, 1)
    np.testing.assert_allclose(least[:, -1], sign * nothing, atol=1e-4)


METHODS = {
    "logits": logits,
    "gradient": gradient,
    "gradient_times_input": gradient_times_input,
    "integrated_gradients": lambda c, x: integrated_gradients(
        c, x, np.zeros((8, 8, 2))
    ),
    "smooth_gradient": lambda c, x: smooth_gradient(c, x, rng=np.random.default_rng(0)),
    "grad_cam": lambda c, x: grad_cam(c, x, smallest=8),
    "occlusion": lambda c, x: occlusion(c, x, np.zeros((8, 8, 2))),
    "flipping": lambda c, x: flipping(
        c, x, np.zeros(x.shape[:3]), np.zeros((8, 8, 2)), steps=2
    ),
}


@pytest.mark.parametrize("method", METHODS)
def test_every_method_names_images_that_it_cannot_take(weight, method):
    chain, x = linear(weight), images(4, (8, 8, 2))
    for shape in ((0, 8, 8, 2), (8, 8, 2), (4, 8, 8), (4, 8, 7, 2)):
        with pytest.raises(ValueError, match="of shape") as refused:
            METHODS[method](chain, np.zeros(shape))
        expected = "expected images of shape (n, 8, 8, 2), at least one image, received"
        assert str(refused.value) == f"{expected} {shape}"
    x[2:, 1, 1, 0] = [np.inf, np.nan]
    words = "expected finite images, .* in 2 of 4, first in that of index 2$"
    with pytest.raises(ValueError, match=words):
        METHODS[method](chain, x)


@pytest.mark.parametrize(
    "method",
    [
        integrated_gradients,
        occlusion,
        lambda c, x, b: flipping(c, x, x[..., 0], b, steps=2),
    ],
    ids=["integrated_gradients", "occlusion", "flipping"],
)
def test_a_baseline_that_is_not_finite_is_refused_as_such(weight, method):
    x, baseline = images(4, (8, 8, 2)), np.zeros((4, 8, 8, 2))
    baseline[1, 0, 0, 0] = np.nan
    with pytest.raises(ValueError, match=r"finite baselines, .* in 1 of 4, .* index 1"):
        method(linear(weight), x, baseline)


def test_gradients_pass_mean_pooling_and_patterns_do_not():
    network = [keras.Input((8, 8, 1)), layers.AveragePooling2D(2, name="mean")]
    model = shaken(keras.Sequential([*network, layers.Flatten(), layers.Dense(1)]))
    chain = LinearChain.from_keras(model, mean_pooling=True)
    x = images(3, (8, 8, 1))
    weight = model.layers[-1].get_weights()[0].reshape(4, 4)
    expected = np.kron(weight, np.ones((2, 2))) / 4
    np.testing.assert_allclose(gradient(chain, x, **F64)[0, ..., 0], expected)
    with pytest.raises(UnsupportedLayerError, match="layer mean is an AveragePooling"):
        fit_patterns(chain, x)
