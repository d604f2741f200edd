"""Figure 4 shows every layer of whatever network was built."""

import numpy as np
import pandas as pd
import pytest
from drawn_text import overlapping
from matplotlib.patches import Rectangle

from nodal_staging import tables
from nodal_staging.classifiers.cnn.backend import keras
from nodal_staging.classifiers.cnn.inputs import ImageOptions
from nodal_staging.classifiers.cnn.layers import describe_layers
from nodal_staging.classifiers.cnn.network import build_network
from nodal_staging.classifiers.cnn.recipes import Architecture, write_recipe
from nodal_staging.figures.figure_4 import draw_figure_4
from nodal_staging.figures.legend import Legend
from nodal_staging.figures.network_drawing import Input, lay_out
from nodal_staging.figures.network_groups import groups_of
from nodal_staging.figures.style import DOUBLE_COLUMN_MM, mark_synthetic
from nodal_staging.nodes.example_nodes import EXAMPLES
from nodal_staging.nodes.patch_files import write_patches
from nodal_staging.study.files import write_json

DEMO = {
    "channels": 2,
    "convolutions": [2, 2, 4, 4, 4],
    "first_width": 2,
    "dense_widths": [64, 64],
    "pooling": "max",
    "initializer": "he_normal",
    "batch_norm_momentum": 0.9,
    "dropout": 0.0,
    "seed": 3,
}
LAYOUTS = {
    "demo": {},
    "tiny": {"convolutions": [1, 1, 1, 1, 1], "dense_widths": [8], "channels": 1},
    "large": {
        "convolutions": [8, 8, 8, 8, 8],
        "dense_widths": [512, 256, 128, 64, 32, 16],
        "pooling": "average",
        "dropout": 0.3,
    },
}


def built(*, channels, seed, **architecture):
    return build_network(Architecture(**architecture), channels=channels, seed=seed)


def images(channels):
    pixels = np.random.default_rng(1).random((channels, 48, 48)).astype(np.float32)
    return Input("image", dict(zip(("CT", "mask"), pixels, strict=False)))


@pytest.fixture(params=LAYOUTS, scope="module")
def model(request):
    return built(**DEMO | LAYOUTS[request.param])


def bars(figure):
    return [
        artist for artist in figure.findobj(Rectangle) if artist.get_gid() is not None
    ]


def test_every_layer_is_drawn_in_the_order_of_the_data(model):
    layers = describe_layers(model)
    figure = lay_out(layers, images(model.input.shape[-1]))
    drawn = list(dict.fromkeys(bar.get_gid() for bar in bars(figure)))
    assert drawn == [layer.name for layer in model.layers[1:]]
    inputs = {axes.get_gid() for axes in figure.axes[1:]}
    assert inputs == {model.layers[0].name}
    assert len(figure.axes) - 1 == model.input.shape[-1]


def test_an_activation_inside_a_layer_is_a_bar_of_its_own(model):
    figure = lay_out(describe_layers(model), images(model.input.shape[-1]))
    twice = [bar.get_gid() for bar in bars(figure)]
    for layer in model.layers[1:]:
        inside = getattr(layer, "activation", None)
        rectified = inside is keras.activations.relu
        assert twice.count(layer.name) == 1 + rectified


def test_bars_are_as_high_as_the_maps(model):
    figure = lay_out(describe_layers(model), images(model.input.shape[-1]))
    heights = {bar.get_gid(): bar.get_height() for bar in bars(figure)}
    first = heights["block1_conv1"]
    assert heights["block2_conv1"] == pytest.approx(first / 2)
    assert heights["block3_conv1"] == pytest.approx(first / 4)


def test_nothing_covers_anything_and_nothing_leaves_the_figure(model):
    figure = lay_out(describe_layers(model), images(model.input.shape[-1]))
    mark_synthetic(figure)
    assert not overlapping(figure)
    placed = bars(figure)
    assert min(bar.get_x() for bar in placed) > 0
    assert max(bar.get_x() + bar.get_width() for bar in placed) < DOUBLE_COLUMN_MM


def test_labels_state_shapes_filters_and_parameters(model):
    groups = groups_of(describe_layers(model))
    words = [line for group in groups for line in group.lines]
    for layer in model.layers:
        if isinstance(layer, keras.layers.Conv2D):
            shape = " × ".join(str(size) for size in layer.output.shape[1:])
            assert shape in words
        if isinstance(layer, keras.layers.Dense):
            assert any(line.startswith(f"{layer.units} unit") for line in words)
    total = sum(
        int(line.removesuffix(" par.").replace(",", ""))
        for line in words
        if line.endswith(" par.")
    )
    assert total == model.count_params()


def test_layers_are_described_as_keras_counts_them(model):
    layers = describe_layers(model)
    assert sum(layer["parameters"] for layer in layers) == model.count_params()
    moving = sum(np.prod(w.shape) for w in model.non_trainable_weights)
    trained = sum(layer["trained"] for layer in layers)
    assert trained == model.count_params() - moving


def test_a_layer_of_another_kind_is_drawn_by_its_name():
    image = keras.Input((48, 48, 1), name="image")
    x = keras.layers.Conv2D(3, 5, padding="same", name="wide")(image)
    x = keras.layers.LayerNormalization(name="other")(x)
    x = keras.layers.GlobalAveragePooling2D(name="mean")(x)
    x = keras.layers.Dense(1, activation="sigmoid", name="out")(x)
    model = keras.Model(image, x)
    figure = lay_out(describe_layers(model), images(1))
    assert {bar.get_gid() for bar in bars(figure)} == {"wide", "other", "mean", "out"}
    words = " ".join(
        line for g in groups_of(describe_layers(model)) for line in g.lines
    )
    assert "conv 5 × 5" in words
    assert "LayerNormalization" in words
    assert not overlapping(figure)


@pytest.mark.training
@pytest.mark.parametrize("channels", ["ct", "ct_and_mask"])
def test_the_example_is_what_the_recipe_feeds(tmp_path, channels):
    cnn = "status_balanced"
    options = {
        "image": {"window_hu": [-100, 100], "mask_fill": 0.0, "channels": channels},
        "augmentation": {
            "brightness": [1, 1],
            "brightness_scale": "windowed",
            "rotation_deg": 180,
            "shift_mm": 5,
            "flip": "independent",
        },
        "cnn": {key: DEMO[key] for key in DEMO if key not in {"channels", "seed"}},
        "training": {
            "epochs": 1,
            "batch_size": 2,
            "learning_rate": 0.1,
            "schedule": "constant",
            "loss": "binary_crossentropy",
            "beta_1": 0.9,
            "beta_2": 0.9,
            "epsilon": 1e-8,
            "cpu_instructions": "native",
            "intra_op_threads": 1,
            "precision": "float32",
            "xla": False,
            "held_out_every": 1,
        },
    }
    write_recipe(
        cnn=cnn,
        options=options,
        seed=1,
        chosen=None,
        percent=100,
        output=tmp_path / "recipe.json",
    )
    count = 2 if channels == "ct_and_mask" else 1
    layers = describe_layers(built(**DEMO | {"channels": count}))
    write_json(tmp_path / "card.json", {"layers": layers})
    image = np.full((80, 80, 80), 50, np.int16)
    mask = np.zeros((80, 80, 80), np.uint8)
    mask[36:44, 30:50, 36:44] = 1
    write_patches(
        tmp_path / "patches.h5", {"N1": (image, mask)}, size=80, spacing_mm=1.0
    )
    row = {"node_id": "N1", "patient_id": "P1", "exam_id": "E1", "location": "axillary"}
    row |= {"status": "positive", "volume_mm3": 5, "suv_max": 3, "distance": 0}
    chosen = pd.DataFrame([row | {"panel": "a", "candidates": 1}])
    tables.write(chosen[list(EXAMPLES.columns)], tmp_path / "chosen.tsv", EXAMPLES)
    files = [tmp_path / f"figure_4.{kind}" for kind in ("svg", "pdf", "png")]
    contents = []
    for _ in range(2):
        draw_figure_4(
            card=tmp_path / "card.json",
            recipe=tmp_path / "recipe.json",
            chosen=tmp_path / "chosen.tsv",
            patches=[tmp_path / "patches.h5"],
            synthetic=True,
            output=files,
        )
        contents.append([path.read_bytes() for path in files])
    assert contents[0] == contents[1]
    svg = contents[0][0].decode()
    assert svg.count('id="block3_conv4"') >= 1
    caption = Legend.of(svg).caption
    assert "16 convolutional and 3 dense layers" in caption
    assert ("CT and mask" in caption) is (channels == "ct_and_mask")
    assert "−100 to 100 HU" in caption


def test_channels_are_named_as_they_are_fed():
    window = (-160.0, 240.0)
    assert ImageOptions(window, 0, "ct", masked=False).channel_names == ("CT",)
    both = ImageOptions(window, 0, "ct_and_mask", masked=True)
    assert both.channel_names == ("CT × mask", "mask")
    assert both.n_channels == 2
