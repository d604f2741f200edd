"""Perturbations of patches against closed forms and counting."""

from dataclasses import replace

import numpy as np
import pytest
from studies import measured_nodes

from nodal_staging.audit.robustness import mask_variation
from nodal_staging.audit.robustness.perturbations import (
    DIRECTIONS,
    NOISE_VOXELS,
    NodePatch,
    Step,
    odd_slices,
    perturbed_image,
    perturbed_mask,
    steps_of,
    with_mask,
)
from nodal_staging.audit.robustness.perturbed_nodes import (
    How,
    OriginalNodes,
    node_patch,
)
from nodal_staging.audit.robustness.robustness_tables import IDENTITY
from nodal_staging.classifiers.baselines import measured_scores
from nodal_staging.classifiers.cnn.augmentation import no_augmentation
from nodal_staging.classifiers.cnn.inputs import ImageOptions, ImageSource
from nodal_staging.classifiers.cnn.sampling import LARGEST_SHIFT
from nodal_staging.estimates.delong import delong_areas
from nodal_staging.phantom.legibility import scan_node
from nodal_staging.phantom.node import make_node

SIZE = 80
HOW = How(seed=1, centre="centroid", jitter=[10.0])


def ball(radius, centre=(0, 0, 0), size=SIZE):
    z, y, x = (np.arange(size) - size // 2 - shift for shift in centre)
    return z[:, None, None] ** 2 + y[:, None] ** 2 + x**2 <= radius**2


def patch_of(mask, node_id="N1", seed=0):
    rng = np.random.default_rng(seed)
    image = rng.normal(30, 40, mask.shape).round().astype(np.int16)
    return node_patch(node_id, (image, mask.astype(np.uint8)), 1.0)


def nodes_of(masks, how=HOW):
    patches = [patch_of(mask, f"N{i:04d}", i) for i, mask in enumerate(masks)]
    measured = measured_nodes(len(masks), seed=5).set_index("node_id")
    return OriginalNodes(patches, measured, how)


@pytest.fixture(scope="module")
def three():
    return nodes_of([ball(6), ball(4, (0, 1, 0)), ball(9, (1, 0, 2))])


def offsets(radius):
    reach = range(-radius, radius + 1)
    return [
        (z, y, x)
        for z in reach
        for y in reach
        for x in reach
        if z * z + y * y + x * x <= radius * radius
    ]


@pytest.mark.parametrize("radius", [1, 2])
def test_dilation_and_erosion_count_the_voxels_of_a_ball(radius):
    node = NodePatch("N1", np.zeros((24,) * 3, np.float32), ball(6, size=24), 1.0)
    moved = [np.roll(node.mask, way, (0, 1, 2)) for way in offsets(radius)]
    dilated = perturbed_mask(node, Step("dilate", radius))
    assert np.array_equal(dilated, np.any(moved, axis=0))
    eroded = perturbed_mask(node, Step("erode", radius))
    assert np.array_equal(eroded, np.all(moved, axis=0))
    # A digital ball of the summed radius holds it; the axes reach as far.
    assert not (dilated & ~ball(6 + radius, size=24)).any()
    assert dilated.any(axis=(0, 1)).sum() == 2 * (6 + radius) + 1


def test_a_node_that_would_vanish_keeps_its_centre_voxel():
    nodes = nodes_of([ball(1), ball(6), np.zeros((SIZE,) * 3, bool)])
    after = nodes.after(Step("erode", 2.0))
    assert after.vanished == 1
    kept = after.patches[0]
    assert np.argwhere(kept.mask).tolist() == [[len(kept.mask) // 2, 40, 40]]
    assert kept.shift == (0, 0, 0)
    assert after.measured.iloc[0]["volume_mm3"] == pytest.approx(
        nodes.measured.iloc[0]["volume_mm3"] / 7
    )
    # A mask that the patch does not show stays, and so do its measurements.
    assert after.measured.iloc[2].equals(nodes.measured.iloc[2])
    assert not with_mask(nodes.patches[2], nodes.patches[2].mask).mask.any()


def test_measurements_follow_the_mask(three):
    before, after = three.measured, three.after(Step("dilate", 1.0)).measured
    counts = [len({*map(tuple, grown(node.mask))}) for node in three.patches]
    ratio = counts / np.array([node.mask.sum() for node in three.patches])
    np.testing.assert_allclose(after["volume_mm3"] / before["volume_mm3"], ratio)
    # A ball is wider by a voxel at both ends.
    np.testing.assert_allclose(after["short_axis_mm"] - before["short_axis_mm"], 2)
    np.testing.assert_allclose(after["long_axis_mm"] - before["long_axis_mm"], 2)


def grown(mask):
    return np.concatenate([np.argwhere(mask) + way for way in offsets(1)])


def test_a_shift_in_hu_moves_the_cut_off_exactly(three):
    for shift in (-20.0, -7.0, 5.0, 20.0):
        moved = three.after(Step("hu_shift", shift)).measured
        _, called = measured_scores("attenuation_27hu", moved)
        expected = three.measured["median_hu"].to_numpy() > 27 - shift
        assert np.array_equal(called, expected)
        columns = ["volume_mm3", "short_axis_mm", "long_axis_mm"]
        assert moved[columns].equals(three.measured[columns])


def test_attenuation_is_scaled_above_air():
    node = patch_of(ball(5))
    found = perturbed_image(node, Step("hu_scale", 1.05), seed=1)
    expected = (node.image.astype(float) + 1000) * 1.05 - 1000
    np.testing.assert_allclose(found, expected, atol=1e-3)


def test_noise_has_its_spread_and_correlates_within_slices():
    node = NodePatch("N1", np.zeros((40, 80, 80), np.float32), ball(1), 1.0)
    noise = perturbed_image(node, Step("noise", 12.0), seed=3)
    assert noise.std() == pytest.approx(12, rel=0.01)
    assert abs(noise.mean()) < 0.1
    reach = np.arange(-2, 3)
    weights = np.exp(-(reach**2) / (2 * NOISE_VOXELS**2))
    expected = (weights[1:] @ weights[:-1]) / (weights @ weights)
    rows = np.corrcoef(noise[:, 1:].ravel(), noise[:, :-1].ravel())[0, 1]
    slices = np.corrcoef(noise[1:].ravel(), noise[:-1].ravel())[0, 1]
    assert rows == pytest.approx(expected, abs=0.01)
    assert abs(slices) < 0.01


def test_noise_depends_on_seed_node_and_strength_alone():
    node = patch_of(ball(3))
    steps = [Step("noise", 5.0), Step("noise", 10.0)]
    weak, strong = (perturbed_image(node, s, seed=1) - node.image for s in steps)
    again = perturbed_image(node, steps[0], seed=1) - node.image
    other = replace(node, node_id="N2")
    assert np.array_equal(weak, again)
    for drawn in (
        strong / 2,
        perturbed_image(other, steps[0], seed=1) - node.image,
        perturbed_image(node, steps[0], seed=2) - node.image,
    ):
        assert abs(np.corrcoef(weak.ravel(), drawn.ravel())[0, 1]) < 0.05


def test_blur_adds_its_variance_to_a_square():
    x = np.arange(SIZE, dtype=np.float32)
    image = np.broadcast_to(x**2, (14, SIZE, SIZE)).astype(np.float32)
    node = NodePatch("N1", image, np.zeros(image.shape, bool), 1.0)
    found = perturbed_image(node, Step("blur", 1.0), seed=1)
    inner = found[:, 20:-20, 20:-20] - image[:, 20:-20, 20:-20]
    # The mean of (x + e)^2 is x^2 + 1; the kernel ends at 4 standard deviations.
    np.testing.assert_allclose(inner, 1, atol=0.02)


def test_thick_slices_are_means_of_an_odd_number():
    node = patch_of(ball(5))
    found = perturbed_image(node, Step("thick", 5.0), seed=1)
    for plane in (5, 10, 14):
        expected = node.image[plane - 2 : plane + 3].mean(axis=0)
        np.testing.assert_allclose(found[plane], expected, atol=1e-3)
    assert [odd_slices(mm, 0.5) for mm in (1, 2, 3)] == [3, 5, 7]
    assert [odd_slices(mm, 1.0) for mm in (2, 3, 4, 5)] == [3, 3, 5, 5]


def test_four_quarters_and_two_mirrors_are_the_identity(three):
    for step, times in ((Step("rotate", 90.0), 4), (Step("mirror", 1.0), 2)):
        nodes = three
        for _ in range(times):
            after = nodes.after(step)
            assert not np.array_equal(after.slabs, nodes.after(Step(IDENTITY, 0)).slabs)
            nodes = OriginalNodes(after.patches, after.measured, HOW)
        last, first = nodes.after(Step(IDENTITY, 0)), three.after(Step(IDENTITY, 0))
        assert np.array_equal(last.slabs, first.slabs)
        assert np.array_equal(last.masks, first.masks)
    halves = three.after(Step("rotate", 180.0)).slabs
    assert np.array_equal(halves, first.slabs[:, :, ::-1, ::-1])


def test_jitter_changes_volumes_by_its_strength_on_average():
    masks = [ball(r, (0, s, -s)) for r in (4, 5, 6, 8) for s in (-1, 0, 2)]
    nodes = nodes_of(masks, How(1, "centroid", [10.0, 20.0]))
    found = {}
    for strength in (10.0, 20.0):
        after = nodes.after(Step("jitter", strength))
        pairs = zip(nodes.patches, after.patches, strict=True)
        change = [abs(b.mask.sum() / a.mask.sum() - 1) for a, b in pairs]
        assert 100 * np.mean(change) == pytest.approx(strength, abs=0.3)
        found[strength] = after.dice
    assert 0.5 < found[20.0] < found[10.0] < 1


def test_the_random_field_has_unit_spread():
    outlines = [
        mask_variation.outline_of(patch_of(ball(4), f"N{i}"), seed=1) for i in range(16)
    ]
    # The corners of a box are so far apart that they are independent.
    values = np.array([one.field[::24, ::24, ::24] for one in outlines])
    assert values.size == 16 * 8
    assert values.std() == pytest.approx(1, abs=3 / np.sqrt(2 * values.size))
    unmoved = outlines[0].moved(0.0)
    assert np.array_equal(unmoved, patch_of(ball(4)).mask[outlines[0].box])


def test_images_follow_the_centre_of_the_mask():
    mask = ball(4)
    nodes = nodes_of([mask])
    (node,) = nodes.patches
    # A second ball of the same size, 6 voxels away: the centroid moves by 3.
    wider = node.mask | np.roll(node.mask, 6, 2)
    whole = node.mask | np.roll(node.mask, 30, 2)
    for new, shift in ((wider, None), (whole, LARGEST_SHIFT)):
        expected = np.argwhere(new).mean(axis=0) - np.argwhere(node.mask).mean(axis=0)
        nodes._new_mask = lambda *_, new=new: new
        after = nodes.after(Step("dilate", 1.0))
        assert after.too_far == (shift is not None)
        if shift is None:
            np.testing.assert_allclose(after.placed.shift[0], expected)
        else:
            assert after.placed.shift[0].tolist() == [0, 0, shift]


OPTIONS = ImageOptions((-160, 240), 0.0, "ct_and_mask", masked=True)


def images(nodes):
    names = [node.node_id for node in nodes.patches]
    return ImageSource(nodes.slabs, nodes.masks, names, OPTIONS).images(nodes.placed)


def test_a_shift_by_whole_voxels_is_that_of_the_volume(three):
    for way, direction in enumerate(DIRECTIONS):
        found = images(three.after(Step("shift", 2.0, way)))
        back = [-2 * one for one in direction]
        rolled = [
            replace(
                node,
                image=np.roll(node.image, back, (0, 1, 2)),
                mask=np.roll(node.mask, back, (0, 1, 2)),
            )
            for node in three.patches
        ]
        moved = OriginalNodes(rolled, three.measured, HOW).after(Step(IDENTITY, 0))
        np.testing.assert_allclose(found, images(moved), atol=1e-6)


def test_unchanged_nodes_give_the_images_of_the_study(three):
    rng = np.random.default_rng(8)
    image = rng.normal(0, 80, (4, SIZE, SIZE, SIZE)).round().astype(np.int16)
    masks = np.stack([ball(r) for r in (3, 5, 7, 39)]).astype(np.uint8)
    names = list("abcd")
    middle = slice(SIZE // 2 - 6, SIZE // 2 + 6)
    source = ImageSource(image[:, middle], masks[:, middle], names, OPTIONS)
    pairs = zip(names, image, masks, strict=True)
    patches = [node_patch(name, (hu, mask), 1.0) for name, hu, mask in pairs]
    measured = measured_nodes(4)
    unchanged = OriginalNodes(patches, measured, HOW).after(Step(IDENTITY, 0))
    assert np.array_equal(images(unchanged), source.images(no_augmentation(4)))
    assert unchanged.measured is measured
    assert [len(node.mask) for node in patches] == [28, 28, 32, SIZE]


def test_steps_come_in_order_and_shifts_in_six_directions():
    steps = list(steps_of({"shift": [2, 1], "hu_shift": [5, -5]}))
    assert steps[0] == Step(IDENTITY, 0.0)
    assert [(s.name, s.strength) for s in steps[1:3]] == [
        ("hu_shift", -5.0),
        ("hu_shift", 5.0),
    ]
    assert [(s.strength, s.direction) for s in steps[3:]] == [
        (strength, way) for strength in (1.0, 2.0) for way in range(6)
    ]


QUIET, LOUD = 8.0, 25.0
SCAN = {"pixel_mm": 1.0, "slice_mm": 1.0, "blur_mm": 0.6}


def scanned(noise_hu, latents):
    """Scan nodes of given latents; noise has a stream of its own for each."""
    for number, (size, attenuation, hilum) in enumerate(latents):
        rng = np.random.default_rng(number)
        node = make_node(
            np.zeros(3), size=size, attenuation=attenuation, hilum=hilum, rng=rng
        )
        again = np.random.default_rng((number, int(noise_hu)))
        hu, mask, _ = scan_node(node, SCAN | {"noise_hu": noise_hu}, again)
        rows = len(hu) - len(hu) % 2
        yield NodePatch(f"N{number}", np.rint(hu[:rows]), mask[:rows], 1.0)


def readings(nodes):
    """Return a low percentile, the median and the spread of the attenuation."""
    inside = [node.image[node.mask] for node in nodes]
    low, middle = (
        np.array([np.percentile(hu, share) for hu in inside]) for share in (10, 50)
    )
    return low, middle, np.array([hu.std() for hu in inside])


def test_noise_that_is_added_does_what_a_noisier_scan_does():
    latents = np.random.default_rng(3).standard_normal((100, 3))
    odds = latents @ [0.0, 1.5, 1.5]
    positive = np.random.default_rng(4).random(100) < 1 / (1 + np.exp(-odds))
    quiet = list(scanned(QUIET, latents))
    step = Step("noise", float(np.sqrt(LOUD**2 - QUIET**2)))
    added = [replace(node, image=perturbed_image(node, step, seed=1)) for node in quiet]
    before, after, expected = map(readings, (quiet, added, scanned(LOUD, latents)))
    for one, other in zip(after, expected, strict=True):
        areas = delong_areas(np.stack([one, other]), positive)
        difference, variance = areas.contrast([1, -1])
        assert abs(difference) < 2 * np.sqrt(variance)
    # The variance shows that noise was added at all, and how much.
    grown, wanted = (
        (found[2] ** 2 - before[2] ** 2).mean() for found in (after, expected)
    )
    assert grown == pytest.approx(wanted, rel=0.1)
    assert grown == pytest.approx(LOUD**2 - QUIET**2, rel=0.2)
