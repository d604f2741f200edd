"""Heatmaps of a small study from files to files, and what is said about them."""

import dataclasses
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import yaml
from attribution_networks import shaken
from studies import measured_nodes

from nodal_staging import tables
from nodal_staging.attribution.chain import LinearChain
from nodal_staging.attribution.gradients import gradient, logits
from nodal_staging.attribution.pattern_attribution import attribute
from nodal_staging.attribution.patterns import Patterns
from nodal_staging.audit.heatmaps import (
    FAITHFULNESS,
    OUTSIDE,
    RANDOMISATION,
    HeatmapAuditFiles,
    audit_heatmaps,
)
from nodal_staging.audit.pattern_layers import PATTERN_LAYERS, tabulate_patterns
from nodal_staging.audit.relevance_regions import (
    DIFFERENCES,
    LOCALISATION,
    OVER_CONTROLS,
    LocalisationFiles,
    measure_localisation,
)
from nodal_staging.classifiers.cnn import backend
from nodal_staging.classifiers.cnn.fitting import new_network
from nodal_staging.classifiers.cnn.inputs import ImageSource
from nodal_staging.classifiers.cnn.recipes import read_recipe, write_recipe
from nodal_staging.classifiers.cnn.weight_files import save_weights
from nodal_staging.classifiers.scores import score_table
from nodal_staging.datasets.permuted_labels import permute_labels
from nodal_staging.estimates.patient_bootstrap import BootstrapOptions
from nodal_staging.heatmaps.drawing import TrainedCnn, read_chain
from nodal_staging.heatmaps.explanation import ExplanationFiles, explain_cnn
from nodal_staging.heatmaps.heatmap_files import (
    CURVES,
    NODE_CHECKS,
    Heatmap,
    Heatmaps,
    read_heatmaps,
    write_heatmaps,
)
from nodal_staging.heatmaps.methods import CONTROLS, METHODS
from nodal_staging.heatmaps.options import HeatmapOptions
from nodal_staging.nodes import patch_files
from nodal_staging.study.configuration import ConfigurationError, check_configuration
from nodal_staging.study.files import write_json

backend.use_device(gpu=False, intra_op_threads=1)

ALL = [name for name in METHODS if name not in CONTROLS]
SECTION = {
    "methods": ALL,
    "estimator": "relu",
    "batch_norm": "own",
    "start": "share",
    "dtype": "float32",
    "batch_size": 8,
    "integration_points": 4,
    "smooth_samples": 2,
    "smooth_noise": 0.1,
    "occlusion_mm": 16,
    "occlusion_stride_mm": 16,
    "flipping_steps": 4,
    "randomised_levels": 2,
    "fresh_networks": 1,
}
OPTIONS = HeatmapOptions.of(SECTION, 1)
RECIPE = {
    "image": {"window_hu": [-160, 240], "mask_fill": 0.0, "channels": "ct_and_mask"},
    "augmentation": {
        "brightness": [1, 1],
        "brightness_scale": "windowed",
        "rotation_deg": 180,
        "shift_mm": 2,
        "flip": "independent",
    },
    "cnn": {
        "convolutions": [1, 1, 1, 1, 1],
        "first_width": 2,
        "dense_widths": [6],
        "pooling": "max",
        "initializer": "he_normal",
        "batch_norm_momentum": 0.8,
        "dropout": 0.0,
    },
    "training": {
        "learning_rate": 5e-3,
        "schedule": "constant",
        "loss": "binary_crossentropy",
        "precision": "float32",
        "xla": False,
        "held_out_every": 1,
        "beta_1": 0.9,
        "beta_2": 0.999,
        "epsilon": 1e-8,
        "epochs": 1,
        "batch_size": 8,
        "cpu_instructions": "native",
        "intra_op_threads": 1,
    },
}


@pytest.fixture(scope="module")
def study(tmp_path_factory):
    """Write two dozen nodes, their patches, and an xmask network."""
    folder = tmp_path_factory.mktemp("study")
    nodes = measured_nodes(24, seed=4, patients=9)
    tables.write(nodes, folder / "nodes.tsv", tables.NODES)
    dataset = nodes[["node_id", "patient_id", "location", "status"]].assign(fold=0)
    tables.write(dataset[:16], folder / "training.tsv", tables.DATASET)
    tables.write(dataset[16:], folder / "test.tsv", tables.DATASET)
    z, y, x = np.ogrid[-39.5:40, -39.5:40, -39.5:40]
    rng = np.random.default_rng(0)
    patches = {}
    for number, node_id in enumerate(nodes["node_id"]):
        mask = (z**2 + y**2 + x**2 < (4 + number % 5) ** 2).astype(np.uint8)
        hu = np.where(mask, 90 if number % 2 else 10, -90) + rng.normal(
            0, 20, mask.shape
        )
        patches[node_id] = (hu.astype(np.int16), mask)
    patch_files.write_patches(folder / "p.h5", patches, size=80, spacing_mm=1.0)
    write_recipe(
        cnn="xmask",
        options=RECIPE,
        seed=1,
        chosen=None,
        percent=100,
        output=folder / "recipe.json",
    )
    how = read_recipe(folder / "recipe.json")
    for name, seed in (("weights", 3), ("permuted", 4)):
        model = shaken(new_network(how, "all"), seed)
        # So that logits differ by about one.
        logit = model.get_layer("logit")
        logit.kernel.assign(2000 * logit.kernel)
        save_weights(model, folder / f"{name}.h5")
    return folder


def trained(study, weights="weights.h5"):
    return TrainedCnn(
        recipe=study / "recipe.json",
        weights=study / weights,
        training=study / "training.tsv",
        patches=[study / "p.h5"],
    )


@pytest.fixture(scope="module")
def drawn(study):
    """Fit, draw and check; return the folder."""
    explain_cnn(
        cnn=trained(study),
        permuted=study / "permuted.h5",
        test=study / "test.tsv",
        options=OPTIONS,
        gpu=False,
        outputs=ExplanationFiles(
            patterns=study / "xmask.patterns.h5",
            heatmaps=study / "xmask.h5",
            checks=study / "checks.tsv",
            curves=study / "curves.tsv",
        ),
    )
    return study


def test_a_file_has_every_method_and_control(drawn):
    found = read_heatmaps(drawn / "xmask.h5")
    assert list(found.maps) == [*ALL, *CONTROLS]
    assert len(found.node_ids) == 8
    assert found.masks.any(axis=(1, 2)).all()
    # What an xmask network sees of the CT is the node alone.
    assert not found.images[~found.masks].any()
    for name, maps in found.maps.items():
        assert maps.map.shape == (8, 48, 48)
        assert maps.map.dtype == np.float32
        largest = np.abs(maps.map).max(axis=(1, 2))
        assert set(largest.round(5)) <= {0.0, 1.0}, name
        share = maps.channel_share.sum(axis=1)
        np.testing.assert_allclose(share[largest > 0], 1, atol=1e-5)
        channels = 1 if name in ("grad_cam", "occlusion", *CONTROLS) else 2
        assert maps.channel_share.shape == (8, channels)
        shares = maps.channel_share[:, 0] if channels == 2 else np.full(8, np.nan)
        np.testing.assert_array_equal(maps.ct_share, shares)
    # Zero pixels times anything is zero; patterns are not multiplied by the image.
    product = found.maps["gradient_x_input"].map
    assert not product[~found.masks].any()
    assert found.maps["pattern_attribution"].map[~found.masks].any()


def test_maps_are_of_the_ct_alone(drawn):
    how = read_recipe(drawn / "recipe.json")
    chain = read_chain(how, drawn / "weights.h5")
    found = read_heatmaps(drawn / "xmask.h5")
    images = ImageSource.read([drawn / "p.h5"], found.node_ids, how.image).plain()
    patterns = Patterns.load(drawn / "xmask.patterns.h5", chain)
    whole = np.abs(attribute(chain, patterns, images).unscaled())
    maps = found.maps["pattern_attribution"]
    unscaled = np.abs(maps.map) * np.exp(maps.log_scale)[:, None, None]
    np.testing.assert_allclose(unscaled, whole[..., 0], rtol=1e-4, atol=1e-12)
    shares = whole.sum(axis=(1, 2)) / whole.sum(axis=(1, 2, 3))[:, None]
    np.testing.assert_allclose(maps.channel_share, shares, rtol=1e-4)
    # The mask is a channel of this network: what has gone is the CT.
    slope = np.abs(gradient(chain, images))[..., 0]
    slope /= slope.max(axis=(1, 2), keepdims=True)
    np.testing.assert_allclose(found.maps["gradient"].map, slope, rtol=1e-4, atol=1e-6)


def test_occluded_squares_lose_their_ct_and_keep_their_mask(drawn):
    how = read_recipe(drawn / "recipe.json")
    chain = read_chain(how, drawn / "weights.h5")
    found = read_heatmaps(drawn / "xmask.h5")
    images = ImageSource.read([drawn / "p.h5"], found.node_ids, how.image).plain()
    mean = trained(drawn).images(drawn / "training.tsv", how).plain().mean(axis=0)
    without = images.copy()
    without[:, 16:32, 16:32, 0] = mean[16:32, 16:32, 0]
    expected = logits(chain, images) - logits(chain, without)
    maps = found.maps["occlusion"]
    middle = maps.map[:, 24, 24] * np.exp(maps.log_scale)
    np.testing.assert_allclose(middle, expected, rtol=1e-4, atol=1e-6)


def test_scales_bring_the_units_back(drawn):
    found = read_heatmaps(drawn / "xmask.h5")
    maps = found.maps["occlusion"]
    unscaled = maps.map * np.exp(maps.log_scale)[:, None, None]
    # Squares of 16 tile the image: each has one value.
    tiles = unscaled.reshape(8, 3, 16, 3, 16)
    np.testing.assert_allclose(
        tiles, tiles[:, :, :1, :, :1] * np.ones((1, 1, 16, 1, 16))
    )


def test_the_same_maps_give_the_same_bytes(drawn, tmp_path):
    found = read_heatmaps(drawn / "xmask.h5")
    write_heatmaps(tmp_path / "again.h5", found)
    assert (tmp_path / "again.h5").read_bytes() == (drawn / "xmask.h5").read_bytes()


def test_the_table_of_patterns_says_what_the_kernels_are(drawn, tmp_path):
    path = drawn / "xmask.patterns.h5"
    tabulate_patterns(patterns={"xmask": path}, output=tmp_path / "patterns.tsv")
    found = tables.read(tmp_path / "patterns.tsv", PATTERN_LAYERS)
    chain = read_chain(read_recipe(drawn / "recipe.json"), drawn / "weights.h5")
    steps = zip(chain.steps, chain.weights, strict=True)
    kernels = {step.name: weights[0] for step, weights in steps if weights}
    patterns = Patterns.load(path, chain)
    assert list(found["layer"]) == list(patterns.kernels)
    for row in found.to_dict("records"):
        pattern = patterns.kernels[row["layer"]]
        terms = np.abs(pattern * kernels[row["layer"]])
        sums = terms.reshape(-1, terms.shape[-1]).sum(axis=0)
        assert row["units"] == len(sums)
        assert row["undefined"] == (sums == 0).sum()
        known = sums[sums > 0]
        assert row["amplification_largest"] == pytest.approx(known.max(), rel=1e-4)
        assert row["amplification_median"] == pytest.approx(np.median(known), rel=1e-4)
        assert row["smallest_denominator"] == pytest.approx(1 / known.max(), rel=1e-4)
    reported = pd.DataFrame([dataclasses.asdict(row) for row in patterns.report])
    for column in reported.columns:
        assert found[column].tolist() == reported[column].tolist()


def test_checks_have_a_value_per_node_and_way(drawn):
    found = tables.read(drawn / "checks.tsv", NODE_CHECKS)
    correlated = found[found["check"] == "rank_correlation"]
    keys = correlated[["method", "patterns", "network"]].drop_duplicates()
    ways = set(keys.itertuples(index=False, name=None))
    # Two levels, and the stage with all dense layers.
    dense = correlated[correlated["layers"] == 2]["network"].unique()
    assert len(dense) == 1
    networks = {"logit", *dense, "block1_conv1", "labels_permuted"}
    expected = {
        ("pattern_attribution", p, n) for p in ("fitted", "kept") for n in networks
    }
    for method in ("gradient", "gradient_x_input", "grad_cam"):
        expected |= {(method, "none", n) for n in networks}
    assert ways == expected
    whole = correlated[correlated["network"] == "block1_conv1"]
    assert set(whole["layers"]) == {7}
    outside = found[found["check"] == "outside_share"]
    assert set(outside["network"]) == {"trained", "labels_permuted", "untrained_1"}
    # What is empty in every masked image gets nothing, in no network.
    for method in ("gradient_x_input", "integrated_gradients_fill"):
        value = outside[outside["method"] == method]["value"]
        assert (value.dropna().abs() < 1e-6).all()
        assert len(value.dropna())
    assert "integrated_gradients" not in set(outside["method"])
    gaps = found[found["check"] == "area_gap"]
    assert set(gaps["method"]) == {*ALL, *CONTROLS}
    assert set(found.groupby(["check", "method", "patterns", "network"]).size()) == {8}


def test_integrated_gradients_are_held_to_the_difference_of_the_logits(drawn):
    found = tables.read(drawn / "checks.tsv", NODE_CHECKS).set_index("node_id")
    how = read_recipe(drawn / "recipe.json")
    chain = read_chain(how, drawn / "weights.h5")
    mean = trained(drawn).images(drawn / "training.tsv", how).plain().mean(0)
    heatmaps = read_heatmaps(drawn / "xmask.h5")
    difference = heatmaps.logit - logits(chain, mean[None])
    source = ImageSource.read([drawn / "p.h5"], list(heatmaps.node_ids), how.image)
    way = source.plain() - mean
    places, weights = np.polynomial.legendre.leggauss(OPTIONS.integration_points)
    summed = sum(
        weight / 2 * (gradient(chain, mean + (at + 1) / 2 * way) * way).sum((1, 2, 3))
        for at, weight in zip(places, weights, strict=True)
    )
    for check, value in (
        ("logit_difference", difference),
        ("completeness_error", summed - difference),
    ):
        rows = found[found["check"] == check].loc[list(heatmaps.node_ids)]
        np.testing.assert_allclose(rows["value"], np.abs(value), rtol=1e-2, atol=1e-3)
    assert np.abs(difference).mean() > 0.05


def test_curves_start_and_end_together(drawn):
    found = tables.read(drawn / "curves.tsv", CURVES)
    start = found[found["share_replaced"] == 0]
    end = found[found["share_replaced"] == 1]
    for rows in (start, end):
        np.testing.assert_allclose(rows["most_first"], rows["least_first"], rtol=1e-5)
        assert rows["most_first"].nunique() <= 2
    assert (start["most_first"] > 0).all()


def test_the_area_between_the_curves_is_the_mean_gap(drawn):
    curves = tables.read(drawn / "curves.tsv", CURVES)
    checks = tables.read(drawn / "checks.tsv", NODE_CHECKS)
    gaps = checks[checks["check"] == "area_gap"].groupby("method")["value"].mean()
    for method, rows in curves.groupby("method"):
        between = (rows["least_first"] - rows["most_first"]).to_numpy()
        widths = np.diff(rows["share_replaced"])
        area = (widths * (between[1:] + between[:-1]) / 2).sum()
        assert area == pytest.approx(gaps[method], rel=1e-5, abs=1e-6)


def test_the_audit_of_heatmaps_averages_over_nodes(drawn):
    outputs = {name: drawn / f"{name}.tsv" for name in ("r", "f", "o")}
    audit_heatmaps(
        checks={"xmask": drawn / "checks.tsv"},
        heatmaps={"xmask": drawn / "xmask.h5"},
        nodes=drawn / "nodes.tsv",
        bootstrap=BootstrapOptions(200, 0.9, 1),
        outputs=HeatmapAuditFiles(outputs["r"], outputs["f"], outputs["o"]),
    )
    values = tables.read(drawn / "checks.tsv", NODE_CHECKS)
    faithful = tables.read(outputs["f"], FAITHFULNESS).set_index("method")
    gaps = values[values["check"] == "area_gap"].groupby("method")["value"].mean()
    np.testing.assert_allclose(faithful["gap"], gaps[faithful.index])
    for control in ("random", "edges"):
        over = gaps - gaps[control]
        np.testing.assert_allclose(
            faithful[f"gap_over_{control}"], over[faithful.index], atol=1e-12
        )
    sums = values.groupby("check")["value"].sum()
    assert faithful.loc["integrated_gradients", "completeness_error"] == pytest.approx(
        sums["completeness_error"] / sums["logit_difference"]
    )
    assert faithful["completeness_error"].notna().sum() == 1
    check_signs(faithful, read_heatmaps(drawn / "xmask.h5"))
    random = tables.read(outputs["r"], RANDOMISATION)
    for row in random.to_dict("records"):
        same = (values["network"] == row["network"]) & (
            values["patterns"] == row["patterns"]
        )
        same &= (values["method"] == row["method"]) & (
            values["check"] == "rank_correlation"
        )
        assert row["rank_correlation"] == pytest.approx(
            values[same]["value"].mean(), nan_ok=True
        )
        if np.isfinite(row["lower"]):
            assert row["lower"] <= row["rank_correlation"] <= row["upper"]
    outside = tables.read(outputs["o"], OUTSIDE)
    trained = outside[outside["network"] == "trained"]
    assert (trained["difference"].dropna() == 0).all()
    area = 1 - read_heatmaps(drawn / "xmask.h5").masks.mean()
    np.testing.assert_allclose(outside["outside_area"], area)


def check_signs(faithful, heatmaps):
    """Compare the shares against the output with a count pixel by pixel."""
    signed = set(faithful.index[faithful["against_share"].notna()])
    assert signed == {
        "pattern_attribution",
        "integrated_gradients",
        "gradient_x_input",
        "occlusion",
    }
    for method in signed:
        found = heatmaps.maps[method]
        shares = []
        for one, logit in zip(found.map, heatmaps.logit, strict=True):
            own = one * np.sign(logit) if found.explains == "logit" else one
            if np.any(own):
                shares.append(-own[own < 0].sum() / np.abs(own).sum())
        assert faithful.loc[method, "against_share"] == pytest.approx(np.mean(shares))


@pytest.mark.training
def test_a_cnn_without_patterns_can_be_explained_by_gradients(study, tmp_path):
    fewer = dataclasses.replace(OPTIONS, methods=("gradient_x_input", "grad_cam"))
    explain_cnn(
        cnn=trained(study),
        permuted=None,
        test=study / "test.tsv",
        options=fewer,
        gpu=False,
        outputs=ExplanationFiles(
            patterns=None,
            heatmaps=tmp_path / "x.h5",
            checks=tmp_path / "checks.tsv",
            curves=tmp_path / "curves.tsv",
        ),
    )
    found = tables.read(tmp_path / "checks.tsv", NODE_CHECKS)
    assert set(found["patterns"]) == {"none"}
    assert "labels_permuted" not in set(found["network"])


def planted(folder, name, node_ids, on_node, ct_share=0.7):
    """Write maps and a control that lie on the node to known shares, per node."""
    n = len(node_ids)
    masks = np.zeros((n, 48, 48), bool)
    masks[:, 20:28, 20:28] = True
    share = np.broadcast_to(on_node, n)[:, None, None]
    inside, outside = masks.sum() / n, (~masks).sum() / n
    maps = np.where(masks, share / inside, (1 - share) / outside)
    maps /= maps.max(axis=(1, 2), keepdims=True)
    channels = np.tile([ct_share, 1 - ct_share], (n, 1))
    heatmap = Heatmap(maps.astype(np.float32), np.zeros(n), channels, "share")
    even = Heatmap(np.ones_like(heatmap.map), np.zeros(n), np.ones((n, 1)), "control")
    found = Heatmaps(
        node_ids, np.ones(n), heatmap.map, masks, {"planted": heatmap, "even": even}
    )
    write_heatmaps(folder / f"{name}.h5", found)
    return folder / f"{name}.h5"


@pytest.fixture
def localised(tmp_path):
    nodes = measured_nodes(60, seed=2, patients=20)
    tables.write(nodes, tmp_path / "nodes.tsv", tables.NODES)
    node_ids = list(nodes["node_id"])
    inguinal = nodes["location"].eq("inguinal").to_numpy()
    maps = {
        "near": planted(tmp_path, "near", node_ids, np.where(inguinal, 0.9, 0.5)),
        "far": planted(tmp_path, "far", node_ids, 0.1),
    }
    score = np.linspace(0, 1, 60)
    scores, statistics = {}, {}
    for name in maps:
        scores[name] = tmp_path / f"{name}.csv"
        tables.write(score_table(nodes, score, "test"), scores[name], tables.SCORES)
        statistics[name] = tmp_path / f"{name}.json"
        write_json(statistics[name], {"threshold": {"value": 0.5}})
    measure_localisation(
        heatmaps=maps,
        scores=scores,
        statistics=statistics,
        nodes=tmp_path / "nodes.tsv",
        ring_mm=5,
        bootstrap=BootstrapOptions(300, 0.95, 1),
        outputs=LocalisationFiles(
            localisation=tmp_path / "localisation.tsv",
            differences=tmp_path / "differences.tsv",
            controls=tmp_path / "controls.tsv",
        ),
    )
    return nodes, score, tmp_path


def test_localisation_finds_what_was_planted(localised):
    nodes, score, folder = localised
    found = tables.read(folder / "localisation.tsv", LOCALISATION)
    planted = found["method"] == "planted"
    near = found[(found["cnn"] == "near") & (found["region"] == "node") & planted]
    by = near.set_index(["group", "level"])
    assert by.loc[("location", "inguinal"), "share"] == pytest.approx(0.9)
    assert by.loc[("location", "cervical"), "share"] == pytest.approx(0.5)
    area = 64 / 48**2
    assert by.loc[("location", "cervical"), "enrichment"] == pytest.approx(0.5 / area)
    everyone = by.loc[("all", "all")]
    share = np.where(nodes["location"] == "inguinal", 0.9, 0.5).mean()
    assert everyone["share"] == pytest.approx(share)
    assert everyone["lower"] < share < everyone["upper"]
    assert everyone["rank_share"] == 1
    positive = nodes["status"] == "positive"
    counts = {
        "true_positive": int((positive & (score >= 0.5)).sum()),
        "false_positive": int((~positive & (score >= 0.5)).sum()),
        "true_negative": int((~positive & (score < 0.5)).sum()),
        "false_negative": int((positive & (score < 0.5)).sum()),
    }
    for level, count in counts.items():
        assert by.loc[("outcome", level), "nodes"] == count
    assert everyone["ct_share"] == pytest.approx(0.7)
    assert found[~planted]["ct_share"].isna().all()
    whole = found[(found["cnn"] == "near") & (found["group"] == "all") & planted]
    assert whole["share"].sum() == pytest.approx(1)
    assert whole["rank_share"].notna().sum() == 1


def test_differences_are_paired_node_by_node(localised):
    nodes, _, folder = localised
    found = tables.read(folder / "differences.tsv", DIFFERENCES)
    row = found[found["region"] == "node"].iloc[0]
    assert (row["cnn"], row["other"]) == ("near", "far")
    share = np.where(nodes["location"] == "inguinal", 0.9, 0.5).mean()
    assert row["difference"] == pytest.approx(share - 0.1, abs=1e-5)
    assert row["lower"] > 0.35


def test_methods_are_set_against_the_controls_of_their_own_cnn(localised):
    nodes, _, folder = localised
    found = tables.read(folder / "controls.tsv", OVER_CONTROLS)
    by = found.set_index(["cnn", "method", "control", "region"])
    assert set(found["control"]) == {"even"}
    area = 64 / 48**2
    inguinal = (nodes["location"] == "inguinal").to_numpy()
    for cnn, share in (("near", np.where(inguinal, 0.9, 0.5).mean()), ("far", 0.1)):
        row = by.loc[(cnn, "planted", "even", "node")]
        assert row["control_share"] == pytest.approx(area, rel=1e-5)
        assert row["difference"] == pytest.approx(share - area, abs=1e-5)
        assert row["lower"] <= row["difference"] <= row["upper"]
    # Ring, node and background together are all of either map.
    total = found.groupby("cnn")["difference"].sum()
    assert total.abs().max() < 1e-6


def test_permuted_labels_keep_the_nodes_and_the_balance(tmp_path):
    nodes = measured_nodes(80, seed=1)[["node_id", "patient_id", "location", "status"]]
    tables.write(nodes.assign(fold=1), tmp_path / "a.tsv", tables.DATASET)
    for name in ("b", "c"):
        permute_labels(training=tmp_path / "a.tsv", seed=5, output=tmp_path / name)
    assert (tmp_path / "b").read_bytes() == (tmp_path / "c").read_bytes()
    found = tables.read(tmp_path / "b", tables.DATASET)
    assert list(found["node_id"]) == list(nodes["node_id"])
    assert (found["status"] == "positive").sum() == (
        nodes["status"] == "positive"
    ).sum()
    moved = (found["status"].to_numpy() != nodes["status"].to_numpy()).mean()
    assert 0.3 < moved < 0.7


def test_relevance_for_the_side_of_the_output_turns_with_the_sign():
    maps = np.array([[[1.0, -0.5]], [[1.0, -0.5]]], np.float32)
    logit = np.array([2.0, -2.0])

    def decided(explains):
        heatmap = Heatmap(maps, np.zeros(2), np.ones((2, 1)), explains)
        return heatmap.for_side(logit)

    assert np.array_equal(decided("share"), maps)
    assert np.array_equal(decided("logit")[1], -maps[1])
    assert np.array_equal(decided("signal"), np.abs(maps))


def test_patterns_of_mean_pooling_are_refused_before_the_study_starts():
    root = Path(__file__).parents[2]
    config = yaml.safe_load((root / "config/config.yaml").read_text())
    config["cnn"]["pooling"] = "average"
    schema = root / "workflow/schemas/config.schema.yaml"
    with pytest.raises(ConfigurationError, match=r"attribution\.methods has pattern_"):
        check_configuration(config, schema)
    config["attribution"]["methods"] = ["gradient"]
    check_configuration(config, schema)


def test_a_network_of_the_study_is_a_chain(study):
    model = new_network(read_recipe(study / "recipe.json"), "all")
    chain = LinearChain.from_keras(model)
    assert len(chain.kernels) == 7
    assert sum(gate is None for gate in chain.gates().values()) == 1
