"""Augmentation against scipy's interpolation, and bounds that hold for every draw."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import ndimage

from nodal_staging.classifiers.cnn.augmentation import (
    Augmentation,
    Ranges,
    draw_augmentations,
    no_augmentation,
    node_keys,
)
from nodal_staging.classifiers.cnn.sampling import (
    HALF_DEPTH,
    IMAGE_SIZE,
    sample,
    sample_in_parts,
)

PAPER = Ranges((0.5, 1.5), 180, 5, "independent")


def slab(seed: int = 0) -> np.ndarray:
    shape = (1, 2 * HALF_DEPTH, 80, 80)
    return np.random.default_rng(seed).integers(-1000, 1000, shape).astype(np.int16)


def one(angle=0.0, shift=(0.0, 0.0, 0.0), flip=(False, False)) -> Augmentation:
    return Augmentation(
        np.ones(1), np.array([angle]), np.array([shift]), np.array([flip])
    )


def source_points(drawn: Augmentation) -> np.ndarray:
    """Flip, turn and move each pixel; voxels ``(n, 48, 48, 3)`` from the centre."""
    pixel = np.arange(IMAGE_SIZE) - (IMAGE_SIZE - 1) / 2
    y, x = np.meshgrid(pixel, pixel, indexing="ij")
    placed = []
    for angle, shift, (mirrored, _) in zip(
        drawn.angle, drawn.shift, drawn.flip, strict=True
    ):
        cos, sin = np.cos(angle), np.sin(angle)
        turn = np.array([[1, 0, 0], [0, cos, sin], [0, -sin, cos]])
        flipped = np.stack([np.zeros_like(y), y, -x if mirrored else x], axis=-1)
        placed.append(flipped @ turn.T + shift)
    return np.stack(placed)


CORNERS = [
    one(k * np.pi / 4, (z, y, x), (mirrored, False))
    for k in range(-4, 5)
    for z in (-5, 5)
    for y in (-5, 5)
    for x in (-5, 5)
    for mirrored in (False, True)
]


def test_the_most_extreme_draws_stay_inside():
    reach = [np.abs(source_points(drawn)).max(axis=(0, 1, 2)) for drawn in CORNERS]
    # The corner of an image that is turned by 45 degrees and moved.
    np.testing.assert_allclose(
        np.max(reach, axis=0), [5, *[23.5 * np.sqrt(2) + 5] * 2], atol=1e-4
    )
    volume = slab()
    for drawn in CORNERS:
        assert np.isfinite(sample(volume, drawn)).all()


def test_no_draw_of_a_long_training_leaves_the_patch():
    keys = node_keys([f"N{number}" for number in range(2616)])
    for epoch in range(50):
        drawn = draw_augmentations(keys, PAPER, seed=2020, epoch=epoch)
        turned = np.abs(np.cos(drawn.angle)) + np.abs(np.sin(drawn.angle))
        reach = 23.5 * turned[:, None] + np.abs(drawn.shift[:, 1:])
        assert reach.max() <= 39.5
        assert np.abs(drawn.shift[:, 0]).max() <= HALF_DEPTH - 0.5


@settings(max_examples=300)
@given(
    angle=st.floats(-np.pi, np.pi),
    shift=st.tuples(*[st.floats(-5, 5)] * 3),
    flip=st.tuples(st.booleans(), st.booleans()),
)
def test_no_sample_leaves_the_patch(angle, shift, flip):
    drawn = one(angle, shift, flip)
    points = source_points(drawn)
    assert np.abs(points).max() <= 39.5
    assert np.abs(points[..., 0]).max() <= HALF_DEPTH - 0.5
    assert sample(slab(), drawn).shape == (1, IMAGE_SIZE, IMAGE_SIZE)


@given(
    angle=st.floats(-np.pi, np.pi),
    shift=st.tuples(*[st.floats(-5, 5)] * 3),
    flip=st.tuples(st.booleans(), st.booleans()),
)
@settings(max_examples=30, deadline=None)
def test_images_equal_an_independent_interpolation(angle, shift, flip):
    volume, drawn = slab(), one(angle, shift, flip)
    centre = np.array([(2 * HALF_DEPTH - 1) / 2, 39.5, 39.5])
    points = (source_points(drawn)[0] + centre).reshape(-1, 3).T
    oracle = ndimage.map_coordinates(volume[0].astype(float), points, order=1)
    image = sample(volume, drawn)[0]
    np.testing.assert_allclose(image.ravel(), oracle, atol=0.05)


def blurred_cube(rng) -> np.ndarray:
    cube = ndimage.gaussian_filter(rng.normal(0, 1, (80, 80, 80)), 4)
    return np.round(cube / cube.std() * 100).astype(np.int16)


def turned(cube, angle):
    return ndimage.rotate(
        cube, np.rad2deg(angle), axes=(1, 2), reshape=False, order=1, mode="nearest"
    )


def moved(cube, shift):
    return ndimage.shift(cube, shift, order=1, mode="nearest")


def shift_then_turn(cube, angle, shift):
    """Move the content against the places that are sampled, then turn it."""
    return turned(moved(cube, -shift), angle)


def turn_then_shift(cube, angle, shift):
    """The published order: the shift in the frame of the patch, seen after turning."""
    cos, sin = np.cos(angle), np.sin(angle)
    z, y, x = shift
    return moved(
        turned(cube, angle), -np.array([z, cos * y - sin * x, sin * y + cos * x])
    )


@pytest.mark.parametrize("order", [shift_then_turn, turn_then_shift])
@pytest.mark.parametrize("seed", range(8))
def test_images_equal_the_literal_chain_on_the_cube(seed, order):
    """Turn and move the cube, flip it, crop it, take its central plane."""
    rng = np.random.default_rng(seed)
    angle, shift = rng.uniform(-np.pi, np.pi), rng.uniform(-5, 5, 3)
    flip = rng.random(2) < 0.5
    cube = blurred_cube(rng)
    placed = order(cube.astype(float), angle, shift)
    flipped = placed[:: -1 if flip[1] else 1, :, :: -1 if flip[0] else 1]
    crop = flipped[16:64, 16:64, 16:64]
    literal = crop[23:25].mean(axis=0)
    slab = cube[None, 40 - HALF_DEPTH : 40 + HALF_DEPTH]
    image = sample(slab, one(angle, shift, flip))[0]
    # Both interpolate; the literal chain up to three times.
    assert np.abs(image - literal).max() < 0.12 * cube.std()
    assert np.corrcoef(image.ravel(), literal.ravel())[0, 1] > 0.999


def test_draws_beyond_the_patch_are_refused():
    with pytest.raises(ValueError, match="within"):
        sample(slab(), one(angle=np.pi / 4, shift=(0, 0, 7)))
    with pytest.raises(ValueError, match="within"):
        sample(slab(), one(shift=(6, 0, 0)))


@pytest.mark.parametrize("share", [0.0, 0.1, 0.9])
def test_mask_and_what_lies_in_it_equal_an_independent_interpolation(share):
    """Whole images and images of the node alone, in each part of a long list."""
    count, rng = 70, np.random.default_rng(int(10 * share))
    slabs = rng.integers(-1000, 1000, (count, 2 * HALF_DEPTH, 80, 80), dtype=np.int16)
    masks = (rng.random(slabs.shape) < share).astype(np.uint8)
    drawn = draw_augmentations(
        node_keys([f"N{number}" for number in range(count)]), PAPER, seed=1, epoch=0
    )
    centre = np.array([(2 * HALF_DEPTH - 1) / 2, 39.5, 39.5])
    points = source_points(drawn) + centre
    for inside_only in (False, True):
        parts = sample_in_parts(slabs, masks, drawn, inside_only=inside_only)
        for rows, values, inside in parts:
            for place, found, mask in zip(
                range(count)[rows], values, inside, strict=True
            ):
                at = points[place].reshape(-1, 3).T
                covered = ndimage.map_coordinates(
                    masks[place].astype(float), at, order=1
                )
                covered = covered.reshape(48, 48)
                clear = abs(covered - 0.5) > 1e-3
                np.testing.assert_array_equal(mask[clear], covered[clear] > 0.5)
                hu = ndimage.map_coordinates(slabs[place].astype(float), at, order=1)
                where = mask if inside_only else np.ones_like(mask)
                np.testing.assert_allclose(
                    found[where], hu.reshape(48, 48)[where], atol=0.05
                )


def test_the_outermost_voxels_can_be_reached():
    """A pixel on the very edge of the patch has no neighbour beyond."""
    drawn = one(shift=(5.5, 16, 16))
    masks = np.ones((1, 2 * HALF_DEPTH, 80, 80), np.uint8)
    for inside_only in (False, True):
        ((_, values, inside),) = sample_in_parts(
            slab(), masks, drawn, inside_only=inside_only
        )
        assert inside.all()
        np.testing.assert_allclose(values[0], slab()[0, -1, 32:, 32:], atol=1e-3)


def test_images_do_not_depend_on_their_neighbours():
    volumes = np.concatenate([slab(seed) for seed in range(40)])
    keys = node_keys([f"N{number}" for number in range(40)])
    drawn = draw_augmentations(keys, PAPER, seed=1, epoch=0)
    together = sample(volumes, drawn)
    for place in (0, 17, 39):
        rows = slice(place, place + 1)
        alone = sample(volumes[rows], drawn.part(rows))
        np.testing.assert_array_equal(together[rows], alone)


def test_no_augmentation_averages_the_two_middle_slices():
    volume = slab()
    image = sample(volume, no_augmentation(1))[0]
    middle = volume[0, HALF_DEPTH - 1 : HALF_DEPTH + 1, 16:64, 16:64]
    np.testing.assert_allclose(image, middle.mean(axis=0), atol=1e-3)


def test_half_a_turn_reverses_both_axes():
    plain = sample(slab(), no_augmentation(1))[0]
    turned = sample(slab(), one(angle=np.pi))[0]
    np.testing.assert_allclose(turned, plain[::-1, ::-1], atol=0.01)


def test_sagittal_flip_mirrors_left_and_right():
    plain = sample(slab(), no_augmentation(1))[0]
    flipped = sample(slab(), one(flip=(True, False)))[0]
    np.testing.assert_allclose(flipped, plain[:, ::-1], atol=1e-3)


def test_axial_flip_leaves_the_plane_that_is_fed():
    flipped = sample(slab(), one(shift=(1.5, 0, 0), flip=(False, True)))
    np.testing.assert_array_equal(flipped, sample(slab(), one(shift=(1.5, 0, 0))))


def test_a_whole_shift_moves_the_crop():
    image = sample(slab(), one(shift=(0.5, 3, -2)))[0]
    expected = slab()[0, HALF_DEPTH, 19:67, 14:62]
    np.testing.assert_allclose(image, expected, atol=1e-3)


def test_a_draw_depends_on_seed_epoch_and_node_alone():
    keys = node_keys([f"N{number}" for number in range(50)])
    whole = draw_augmentations(keys, PAPER, seed=1, epoch=3)
    part = draw_augmentations(keys[[7, 3]], PAPER, seed=1, epoch=3)
    np.testing.assert_array_equal(part.angle, whole.angle[[7, 3]])
    np.testing.assert_array_equal(part.shift, whole.shift[[7, 3]])
    for other in ({"seed": 2, "epoch": 3}, {"seed": 1, "epoch": 4}):
        drawn = draw_augmentations(keys, PAPER, **other)
        assert not np.isclose(drawn.angle, whole.angle).any()


def test_draws_are_uniform_and_independent():
    keys = node_keys([f"N{number}" for number in range(20_000)])
    drawn = draw_augmentations(keys, PAPER, seed=5, epoch=0)
    columns = np.column_stack(
        [
            drawn.brightness - 0.5,
            drawn.angle / (2 * np.pi) + 0.5,
            drawn.shift / 10 + 0.5,
            drawn.flip,
        ]
    )
    assert columns.min() >= 0
    assert columns.max() <= 1
    np.testing.assert_allclose(columns.mean(axis=0), 0.5, atol=0.015)
    np.testing.assert_allclose(columns[:, :5].var(axis=0), 1 / 12, rtol=0.05)
    off_diagonal = np.corrcoef(columns.T) - np.eye(columns.shape[1])
    assert np.abs(off_diagonal).max() < 0.03


def test_ranges_can_be_closed():
    keys = node_keys(["a", "b", "c", "d", "e", "f"])
    drawn = draw_augmentations(keys, Ranges((1, 1), 0, 0, "none"), seed=0, epoch=0)
    assert (drawn.brightness == 1).all()
    assert not drawn.angle.any()
    assert not drawn.shift.any()
    assert not drawn.flip.any()


@pytest.mark.parametrize(
    ("meaning", "shares"),
    [("independent", [1 / 4] * 4), ("one_of_three", [0, 1 / 3, 1 / 3, 1 / 3])],
)
def test_each_meaning_of_flip_has_its_shares(meaning, shares):
    keys = node_keys([f"N{number}" for number in range(20_000)])
    drawn = draw_augmentations(keys, Ranges((1, 1), 0, 0, meaning), seed=3, epoch=1)
    kinds = drawn.flip @ [1, 2]  # none, sagittal, axial, both
    found = np.bincount(kinds, minlength=4) / len(kinds)
    np.testing.assert_allclose(found, shares, atol=0.015)


def test_image_has_the_size_of_the_network():
    assert sample(slab(), no_augmentation(1)).shape == (1, IMAGE_SIZE, IMAGE_SIZE)
