"""Radiomics of rendered nodes: what is planted is found, and nothing else."""

import numpy as np
import pytest

from nodal_staging.classifiers import radiomics_model
from nodal_staging.classifiers.radiomics_baseline import USED
from nodal_staging.classifiers.radiomics_model import RadiomicsModel
from nodal_staging.estimates.auc import empirical_auc
from nodal_staging.nodes.radiomics.node_features import node_features
from nodal_staging.phantom.legibility import scan_node
from nodal_staging.phantom.node import make_node

CT = {"pixel_mm": 1.0, "slice_mm": 1.0, "noise_hu": 8.0, "blur_mm": 0.6}
NODES = 300
PENALTIES = (1e-3, 1e-2, 1e-1)
LATENTS = ("size", "attenuation", "hilum")

pytestmark = pytest.mark.phantom


@pytest.fixture(scope="module")
def rendered() -> dict[str, np.ndarray]:
    """Return latents of nodes without a status, and their features."""
    rng = np.random.default_rng(5)
    latents = rng.standard_normal((NODES, 3))
    rows = []
    for values in latents:
        named = dict(zip(LATENTS, values, strict=True))
        node = make_node(np.zeros(3), **named, rng=rng)
        hu, mask, _ = scan_node(node, CT, rng)
        patch = (np.rint(hu).astype(np.int16), mask.astype(np.uint8))
        found = node_features(patch, 1.0)
        rows.append([found.get(name, np.nan) for name in USED])
    return {"latents": latents, "features": np.array(rows, float)}


@pytest.fixture(autouse=True)
def few_penalties(monkeypatch):
    """Choose among three penalties, which saves most of the time."""
    monkeypatch.setattr(radiomics_model, "PENALTIES", PENALTIES)


def held_out_auc(features: np.ndarray, positive: np.ndarray) -> float:
    """Fit on two of three nodes, and score the others."""
    known = np.arange(len(positive)) % 3 > 0
    patients = np.arange(len(positive)).astype(str)
    model = RadiomicsModel().fit(features[known], positive[known], patients[known])
    score = model.predict_proba(features[~known])[:, 1]
    return empirical_auc(score, positive[~known])


def status(latents: np.ndarray, deltas: dict[str, float], rng) -> np.ndarray:
    """Draw the status from its probability given latents that shift by some deltas.

    Given the status, latents are then a shift apart by Bayes' theorem, up to their
    mean: a logistic regression on them is the best classifier.
    """
    shift = np.array([deltas.get(name, 0.0) for name in LATENTS])
    return rng.random(len(latents)) < 1 / (1 + np.exp(-(latents @ shift)))


def test_nothing_is_found_where_nothing_is_planted(rendered):
    rng = np.random.default_rng(1)
    positive = rng.permutation(np.arange(NODES) % 2 == 0)
    # Of an AUC of m and m nodes: (2m + 1) / (12 m^2), here m = NODES / 6.
    error = np.sqrt((NODES / 3 + 1) / (12 * (NODES / 6) ** 2))
    found = held_out_auc(rendered["features"], positive)
    assert found == pytest.approx(0.5, abs=3 * error)


def test_where_only_the_size_is_planted_it_does_as_the_volume_does(rendered):
    positive = status(rendered["latents"], {"size": 2.0}, np.random.default_rng(2))
    volume = rendered["features"][:, USED.index("voxel_volume_mm3")]
    alone = empirical_auc(volume[::3], positive[::3])
    assert alone > 0.75
    found = held_out_auc(rendered["features"], positive)
    # The error of the difference is about 0.015 for the nodes that are tested.
    assert found == pytest.approx(alone, abs=0.045)


def test_it_reaches_what_all_three_latents_allow(rendered):
    deltas = {"size": 0.5, "attenuation": 1.2, "hilum": 0.8}
    positive = status(rendered["latents"], deltas, np.random.default_rng(3))
    best = empirical_auc(rendered["latents"][::3] @ [*deltas.values()], positive[::3])
    found = held_out_auc(rendered["features"], positive)
    assert best - 0.06 < found < best + 0.02
