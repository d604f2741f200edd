"""Training repeats itself to the bit, whatever ran before in the process."""

import numpy as np
import pandas as pd
import pytest

from nodal_staging import patch_files
from nodal_staging.fitting import fit, predict
from nodal_staging.images import ImageOptions, ImageSource
from nodal_staging.recipes import recipe_of

NODES = [f"N{number:02}" for number in range(24)]
NETWORK = {
    "convolutions": [1, 1, 1, 1, 1],
    "first_width": 4,
    "dense_widths": [8],
    "pooling": "max",
    "initializer": "he_normal",
    "batch_norm_momentum": 0.8,
    "dropout": 0.0,
}


def recipe(cnn: str = "status_balanced", **training):
    defaults = {
        "learning_rate": 5e-3,
        "schedule": "constant",
        "loss": "binary_crossentropy",
        "precision": "float32",
        "xla": False,
        "held_out_every": 1,
        "beta_1": 0.9,
        "beta_2": 0.999,
        "epsilon": 1e-8,
        "epochs": 2,
        "batch_size": 8,
        "intra_op_threads": 1,
    }
    return recipe_of(
        cnn=cnn,
        image={"window_hu": [-160, 240], "mask_fill": 0.0, "channels": "ct"},
        augmentation={
            "brightness": [1, 1],
            "brightness_scale": "windowed",
            "rotation_deg": 180,
            "shift_mm": 2,
            "flip": "independent",
        },
        network=NETWORK,
        training=defaults | training,
        seed=1,
    )


@pytest.fixture(scope="module")
def patch_file(tmp_path_factory):
    """Discs in fat, bright where positive, on a background of fat."""
    path = tmp_path_factory.mktemp("patches") / "1-of-1.h5"
    z, y, x = np.ogrid[-39.5:40, -39.5:40, -39.5:40]
    mask = (z**2 + y**2 + x**2 < 36).astype(np.uint8)
    rng = np.random.default_rng(0)
    images = {}
    for number, node_id in enumerate(NODES):
        hu = np.where(mask, 140 if number % 2 else -40, -100)
        noisy = hu + rng.normal(0, 10, hu.shape)
        images[node_id] = (noisy.astype(np.int16), mask)
    patch_files.write_patches(path, images, size=80, spacing_mm=1.0)
    return path


@pytest.fixture(scope="module")
def dataset():
    status = np.where(np.arange(len(NODES)) % 2, "positive", "negative")
    return pd.DataFrame({"node_id": NODES, "patient_id": NODES, "status": status})


def test_two_trainings_give_the_same_bits(patch_file, dataset):
    source = ImageSource.read([patch_file], NODES, recipe().image)
    first, _ = fit(recipe(), dataset, source, name="all")
    second, _ = fit(recipe(), dataset, source, name="all")
    for a, b in zip(first.get_weights(), second.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)


def test_an_easy_difference_is_learned(patch_file, dataset):
    plan = recipe(epochs=25)
    source = ImageSource.read([patch_file], NODES, plan.image)
    model, history = fit(plan, dataset, source, name="all")
    scores = predict(model, source.plain())
    positive = dataset["status"].to_numpy() == "positive"
    assert scores[positive].min() > scores[~positive].max()
    assert history["loss"].iloc[-1] < history["loss"].iloc[0]


def test_window_maps_its_ends_to_zero_and_one(patch_file):
    image = recipe().image
    low_high = ImageOptions((-100, 140), 0.0, "ct", False)
    images = ImageSource.read([patch_file], NODES[:2], low_high).plain()
    assert images.min() == 0.0
    assert images.max() == 1.0
    assert image.window_hu == (-160, 240)


def test_xmask_sees_nothing_but_the_node(patch_file):
    plain = ImageSource.read([patch_file], NODES[:2], recipe().image).plain()
    masked = ImageSource.read([patch_file], NODES[:2], recipe("xmask").image).plain()
    y, x = np.ogrid[-23.5:24, -23.5:24]
    outside = y**2 + x**2 > 40
    inside = y**2 + x**2 < 30
    assert (masked[:, outside] == 0).all()
    np.testing.assert_array_equal(masked[:, inside], plain[:, inside])


def test_mask_can_be_a_second_channel(patch_file):
    options = ImageOptions((-160, 240), 0.0, "ct_and_mask", False)
    images = ImageSource.read([patch_file], NODES[:2], options).plain()
    assert images.shape == (2, 48, 48, 2)
    assert set(np.unique(images[..., 1])) == {0.0, 1.0}


def test_slabs_come_in_the_order_that_was_asked_for(patch_file):
    forth, _ = patch_files.read_slabs([patch_file], NODES, half_depth=2)
    back, _ = patch_files.read_slabs([patch_file], NODES[::-1], half_depth=2)
    np.testing.assert_array_equal(forth[::-1], back)
    assert forth.shape == (24, 4, 80, 80)


def test_a_node_without_patch_is_an_error(patch_file):
    with pytest.raises(KeyError, match="N99"):
        patch_files.read_slabs([patch_file], ["N99"], half_depth=2)
