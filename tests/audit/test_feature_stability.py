"""Stability of radiomics features: what outline and noise change, and what not."""

import numpy as np
import pytest
from studies import measured_nodes

from nodal_staging.audit.robustness.feature_stability import (
    FEATURE_STABILITY,
    JITTER_PERCENT,
    NOISE_HU,
    feature_stability,
)
from nodal_staging.audit.robustness.perturbations import Step
from nodal_staging.audit.robustness.perturbed_nodes import (
    How,
    OriginalNodes,
    node_patch,
)
from nodal_staging.nodes.radiomics.node_features import FEATURES, SHAPE

RADII = (3, 4, 4, 5, 5, 6, 7)
SIZE = 48


@pytest.fixture(scope="module")
def nodes():
    """Return balls of tissue in fat; the brightness of each is its own."""
    axis = np.arange(SIZE) - SIZE // 2
    distance = np.sqrt(axis[:, None, None] ** 2 + axis[:, None] ** 2 + axis**2)
    rng = np.random.default_rng(3)
    patches = []
    for place, radius in enumerate(RADII):
        mask = distance <= radius
        image = np.where(mask, 10 + 9 * place, -100) + rng.normal(0, 6, mask.shape)
        patch = image.round().astype(np.int16), mask.astype(np.uint8)
        patches.append(node_patch(f"N{place:04d}", patch, 1.0))
    measured = measured_nodes(len(RADII), seed=5).set_index("node_id")
    return OriginalNodes(patches, measured, How(1, "centroid", [JITTER_PERCENT]))


@pytest.fixture(scope="module")
def table(nodes):
    return feature_stability(nodes, level=0.95).set_index("feature")


def test_every_feature_is_judged(table):
    assert list(table.index) == list(FEATURES)
    assert list(table.columns) == list(FEATURE_STABILITY.columns)[1:]
    agreed = table[["icc_jitter", "icc_noise"]].min(axis=1, skipna=False) >= 0.75
    assert (table["stable"].eq("yes") == agreed).all()
    assert table["nodes"].max() == len(RADII)


def test_noise_leaves_the_shape_and_moves_the_extremes(table):
    shape = table.loc[[name for name in SHAPE if "axis" not in name]]
    np.testing.assert_allclose(shape["icc_noise"].dropna(), 1)
    assert table.loc["mean_hu", "icc_noise"] > 0.99
    assert table.loc["minimum_hu", "icc_noise"] < table.loc["mean_hu", "icc_noise"]
    assert table.loc["voxel_volume_mm3", "icc_jitter"] < 1


def test_agreement_is_that_of_an_analysis_of_variance(nodes, table):
    pair = np.array(
        [
            nodes.after(step).radiomics["mean_hu"].to_numpy(float)
            for step in (Step("identity", 0), Step("noise", NOISE_HU))
        ]
    ).T
    n, k = pair.shape
    subjects = k * pair.mean(axis=1).var() * n / (n - 1)
    measurements = n * pair.mean(axis=0).var() * k / (k - 1)
    total = pair.var() * n * k
    error = (total - subjects * (n - 1) - measurements * (k - 1)) / ((n - 1) * (k - 1))
    expected = (subjects - error) / (
        subjects + (k - 1) * error + k * (measurements - error) / n
    )
    assert table.loc["mean_hu", "icc_noise"] == pytest.approx(expected)
