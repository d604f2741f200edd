"""The shortcut matrix: a view that is blind to size, and rules that read the matrix."""

import json
from dataclasses import replace
from math import log

import numpy as np
import pandas as pd
import pytest

from nodal_staging import tables
from nodal_staging.audit.shortcut_matrix.image_views import (
    FULL,
    LARGEST_MM,
    NODE,
    SURROUNDINGS,
    VIEWS,
    ball,
    ball_radius,
    hide,
    source_of,
)
from nodal_staging.audit.shortcut_matrix.matrix import (
    MatrixFiles,
    measure_matrix,
    read_matrix,
)
from nodal_staging.audit.shortcut_matrix.matrix_tables import KEY, MATRIX, VIEW_SCORES
from nodal_staging.classifiers.cnn.augmentation import Augmentation, no_augmentation
from nodal_staging.classifiers.cnn.inputs import ImageOptions, ImageSource
from nodal_staging.classifiers.cnn.sampling import HALF_DEPTH
from nodal_staging.estimates.auc import empirical_auc
from nodal_staging.estimates.patient_bootstrap import BootstrapOptions

N, SIZE = 60, 80
OPTIONS = ImageOptions((-160, 240), 0.0, "ct_and_mask", masked=False)
NAMES = [f"N{number:02d}" for number in range(N)]
PIXEL = np.arange(48) - 23.5


def distance():
    axes = [np.arange(size) - (size - 1) / 2 for size in (2 * HALF_DEPTH, SIZE, SIZE)]
    z, y, x = np.meshgrid(*axes, indexing="ij")
    return np.sqrt(z**2 + y**2 + x**2)


@pytest.fixture
def nodes():
    """Return noise with nodes of 3 to 9 mm that differ in nothing but their size."""
    rng = np.random.default_rng(2)
    positive = np.arange(N) % 2 == 0
    radius = rng.uniform(3, 7, N) + 2 * positive
    masks = (distance() <= radius[:, None, None, None]).astype(np.uint8)
    noise = rng.normal(-60, 30, masks.shape)
    return np.where(masks, 40, noise).astype(np.int16), masks, positive


def hole_of(masks):
    return ball(masks.shape[1:], ball_radius(masks, 1.0), 1.0)


def darkness(images):
    """Return a simple feature: how many pixels are black."""
    return (images[..., 0] == 0).sum(axis=(1, 2)).astype(float)


def mask_size(images):
    return images[..., 1].sum(axis=(1, 2)).astype(float)


def test_ball_holds_every_node_with_a_margin(nodes):
    _, masks, _ = nodes
    radius = ball_radius(masks, 1.0)
    farthest = max(distance()[mask > 0].max() for mask in masks)
    assert radius == np.ceil(farthest + 2)
    assert ball_radius(np.ones_like(masks[:1]), 1.0) == LARGEST_MM
    assert ball_radius(masks, 0.5) == np.ceil(farthest / 2 + 2)


def test_surroundings_are_blind_to_size_and_a_hole_in_mask_form_is_not(nodes):
    slabs, masks, positive = nodes
    hole = hole_of(masks)
    blind = source_of(
        SURROUNDINGS, slabs.copy(), masks.copy(), NAMES, OPTIONS, hole=hole
    ).plain()
    assert empirical_auc(mask_size(blind), positive) == 0.5
    # The mutant: the hole has the form of the mask.
    leaking, shown = slabs.copy(), masks.copy()
    hide(leaking, shown, masks > 0, OPTIONS.window_hu[0])
    leak = ImageSource(leaking, shown, NAMES, OPTIONS).plain()
    assert empirical_auc(mask_size(leak), positive) > 0.9
    assert empirical_auc(darkness(leak), positive) > 0.9
    # The same noise outside of the ball, whatever the node was.
    other = np.where(masks, -60, slabs).astype(np.int16)
    same = source_of(SURROUNDINGS, other, masks.copy(), NAMES, OPTIONS, hole=hole)
    np.testing.assert_array_equal(same.plain(), blind)


def test_no_pixel_of_the_ball_differs_between_nodes(nodes):
    slabs, masks, _ = nodes
    hole = hole_of(masks)
    images = source_of(SURROUNDINGS, slabs, masks, NAMES, OPTIONS, hole=hole).plain()
    inside = np.hypot(*np.meshgrid(PIXEL, PIXEL)) < ball_radius_of(hole) - 2
    assert (images[:, inside, 0] == 0).all()
    assert (images[..., 1] == images[0, ..., 1]).all()
    assert images[0, inside, 1].all()
    assert np.ptp(images[:, ~inside, 0], axis=0).max() > 0


def ball_radius_of(hole):
    return float(distance()[hole].max())


def test_augmentation_moves_the_ball(nodes):
    slabs, masks, _ = nodes
    hole = hole_of(masks)
    source = source_of(SURROUNDINGS, slabs, masks, NAMES, OPTIONS, hole=hole)
    still = no_augmentation(N)
    moved = replace(still, shift=still.shift + np.array([0.0, 0.0, 4.0]))
    assert isinstance(moved, Augmentation)
    before, after = (source.images(one)[..., 1] for one in (still, moved))
    np.testing.assert_array_equal(before[:, :, 4:], after[:, :, :-4])
    assert not np.array_equal(before, after)


def test_other_views_are_those_of_the_study(nodes):
    slabs, masks, _ = nodes
    hole = hole_of(masks)
    for view, masked in ((FULL, False), (NODE, True)):
        found = source_of(view, slabs, masks, NAMES, OPTIONS, hole=hole).plain()
        options = replace(OPTIONS, masked=masked)
        expected = ImageSource(slabs, masks, NAMES, options).plain()
        np.testing.assert_array_equal(found, expected)


NETWORKS = [
    ("status_balanced", FULL),
    ("status_balanced", NODE),
    ("status_balanced", SURROUNDINGS),
    ("location_balanced", FULL),
    ("location_balanced", SURROUNDINGS),
]


@pytest.fixture
def files(tmp_path):
    """Write scores of 80 nodes: sure on the view of the training, else by chance."""
    rng = np.random.default_rng(5)
    positive = np.arange(80) % 2 == 0
    nodes = pd.DataFrame(
        {
            "node_id": [f"N{number:02d}" for number in range(80)],
            "patient_id": [f"P{number // 3:02d}" for number in range(80)],
            "status": np.where(positive, "positive", "negative"),
        }
    )
    parts = []
    for trained_on, trained_view in NETWORKS:
        for view in VIEWS:
            sure = trained_view == view and trained_on == "status_balanced"
            score = 1 / (1 + np.exp(-rng.normal(size=80) - 2 * sure * positive))
            network = {"trained_on": trained_on, "trained_view": trained_view}
            parts.append(nodes.assign(**network, tested_view=view, score=score))
    frame = pd.concat(parts)[list(VIEW_SCORES.columns)]
    tables.write(frame, tmp_path / "scores.csv", VIEW_SCORES)
    columns = tables.NODES.columns
    cells = {
        name: column.words[0] if column.words else ("1" if column.dtype == "str" else 1)
        for name, column in columns.items()
    }
    measured = nodes.assign(**{n: c for n, c in cells.items() if n not in nodes})
    tables.write(measured[list(columns)], tmp_path / "nodes.tsv", tables.NODES)
    history = pd.DataFrame({"epoch": [0], "loss": [log(2)], "accuracy": [0.5]})
    history = history.reindex(columns=list(tables.HISTORY.columns))
    tables.write(history, tmp_path / "history.tsv", tables.HISTORY)
    (tmp_path / "ball.json").write_text(json.dumps({"ball_mm": 13.0}))
    return MatrixFiles(
        scores=tmp_path / "scores.csv",
        nodes=tmp_path / "nodes.tsv",
        control_history=tmp_path / "history.tsv",
        ball=tmp_path / "ball.json",
        ceilings=None,
    )


def test_matrix_holds_the_auc_of_every_network_on_every_view(files, tmp_path):
    measure_matrix(
        files=files,
        bootstrap=BootstrapOptions(200, 0.95, 1),
        matrix=tmp_path / "matrix.tsv",
        reading=tmp_path / "reading.json",
    )
    matrix = tables.read(tmp_path / "matrix.tsv", MATRIX).set_index(KEY)
    assert len(matrix) == 15
    scores = tables.read(files.scores, VIEW_SCORES)
    for key, rows in scores.groupby(KEY):
        positive = rows["status"].eq("positive").to_numpy()
        expected = empirical_auc(rows["score"].to_numpy(), positive)
        row = matrix.loc[key]
        assert row["auc"] == pytest.approx(expected, abs=1e-12)
        # All nodes have one location.
        assert row["site_matched_auc"] == pytest.approx(expected, abs=1e-12)
        assert row["mean_score"] == pytest.approx(rows["score"].mean())
    own = matrix.loc["status_balanced", NODE, NODE]
    assert own["kept_share"] == pytest.approx(1)
    assert own["kept_share_lower"] == pytest.approx(1)
    reading = json.loads((tmp_path / "reading.json").read_text())
    assert reading["ball_mm"] == 13.0
    assert reading["node_alone"]
    assert reading["surroundings_alone"]
    assert reading["control_silent"]
    assert not reading["control_learned"]


def reading_of(around, node, control, loss, pairs=20):
    rows = []
    for (trained_on, trained_view), lower in zip(
        [NETWORKS[2], NETWORKS[1], NETWORKS[4]], (around, node, control), strict=True
    ):
        row = dict(zip(KEY, (trained_on, trained_view, trained_view), strict=True))
        for name in ("auc", "site_matched_auc"):
            row |= {name: lower + 0.1, f"{name}_lower": lower}
            row |= {f"{name}_upper": lower + 0.2}
        rows.append(row | {"pairs": pairs})
    return read_matrix(pd.DataFrame(rows), loss, level=0.95)


def test_sentences_follow_the_rules():
    found = reading_of(0.6, 0.45, 0.4, 0.694)
    around, node, control = found["sentences"]
    assert "surroundings alone separates" in around
    assert "node alone is not shown to separate" in node
    assert "learned nothing, as expected" in control
    assert found["surroundings_alone"]
    assert not found["node_alone"]


def test_control_of_few_pairs_is_inconclusive():
    found = reading_of(0.6, 0.6, 0.4, 0.69, pairs=19)
    assert found["control_silent"] is None
    assert "inconclusive" in found["sentences"][2]


@pytest.mark.parametrize(
    ("lower", "loss", "silent", "learned"),
    [(0.4, 0.69, True, False), (0.4, 0.60, True, True), (0.55, 0.69, False, False)],
)
def test_control_is_judged_by_matched_pairs_and_by_its_loss(
    lower, loss, silent, learned
):
    found = reading_of(0.6, 0.6, lower, loss)
    assert found["control_silent"] == silent
    assert found["control_learned"] == learned
    caution = "with care" in found["sentences"][2]
    assert caution == (learned or not silent)
