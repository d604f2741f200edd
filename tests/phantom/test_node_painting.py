"""A painted node compared with its formula at every sample point of the box."""

import numpy as np
import pytest
from scipy.stats import rankdata

from nodal_staging.phantom.ceilings import ceilings, rank_auc
from nodal_staging.phantom.node import (
    CUFF_MM,
    HILUM_HU,
    HILUM_RADIUS,
    SURFACE_SD,
    TEXTURE_HU,
    lens_distance,
    make_node,
    paint_node,
    sample_points,
)
from nodal_staging.phantom.truth import Dials, location_counts

FAT_HU = -100.0


def everywhere(points, node):
    """Return HU and share of node, computed at every point, in a body of fat."""
    away = points - node.centre_mm
    ball = np.einsum("...j,ij->...i", away, node.axes)
    distance = np.linalg.norm(ball, axis=-1)
    unit = ball / np.maximum(distance, 1e-9)[..., None]
    surface = 1 + SURFACE_SD * waves(unit, node.surface)
    inside_mm = (1 - distance / surface) * node.radius_mm
    share = np.clip(inside_mm + 0.5, 0, 1)
    cuff = np.clip(inside_mm + CUFF_MM + 0.5, 0, 1).mean(axis=0)
    core = node.core_hu + TEXTURE_HU * waves(away, node.texture)
    middle = lens_distance(node.hilum_share) * node.hilum
    hilum = np.linalg.norm(ball - middle, axis=-1) < HILUM_RADIUS
    filled = (share * np.where(hilum, HILUM_HU, core)).mean(axis=0)
    share = share.mean(axis=0)
    around = -400.0 * (1 - cuff) + FAT_HU * cuff
    return around * (1 - share) + filled, share


def waves(points, drawn):
    """Add up plane waves at points."""
    phases = np.einsum("...j,ij->...i", points, drawn[:, :3]) + drawn[:, 3]
    return np.sin(phases).sum(axis=-1) * np.sqrt(2 / len(drawn))


@pytest.mark.parametrize("size", [-2.0, 0.0, 2.5])
def test_points_far_from_a_node_hold_nothing_of_it(size):
    rng = np.random.default_rng(7)
    centre = np.array([1.5, -0.7, 0.3])
    node = make_node(centre, size=size, attenuation=0.4, hilum=-1.0, rng=rng)
    across, along = np.arange(-26, 26, 0.94), np.arange(-24, 24, 3.0)
    points = sample_points(across, across[:-3], along, 3.0)
    hu = np.full(points.shape[1:-1], -400.0, dtype=np.float32)
    share = paint_node(hu, points, node, FAT_HU)
    expected, expected_share = everywhere(points, node)
    np.testing.assert_allclose(hu, expected, atol=1e-3)
    np.testing.assert_allclose(share, expected_share, atol=1e-6)


def test_sample_points_divide_the_slices():
    x, y, z = np.array([1.0, 2.0]), np.array([5.0, 6.0, 7.0]), np.array([0.0, 3.0])
    points = sample_points(x, y, z, 3.0)
    assert points.shape == (3, 2, 3, 2, 3)
    np.testing.assert_allclose(points[:, 1, 2, 0], [(1, 7, 2), (1, 7, 3), (1, 7, 4)])


def test_the_auc_is_that_of_ranks():
    rng = np.random.default_rng(2)
    score, y = np.round(rng.normal(size=500), 1), rng.integers(0, 2, 500)
    cases = int(y.sum())
    above = rankdata(score)[y == 1].sum() - cases * (cases + 1) / 2
    assert rank_auc(score, y) == above / (cases * (500 - cases))


def test_matched_locations_leave_what_the_node_shows():
    dials = Dials(0.35, 1.0, 0.5, 1.2, 0.8, 0.3, 0.3, 0.0)
    found = ceilings(location_counts(dials, 300), dials, seed=4, draws=4000)
    matched, balanced = found["location_matched"], found["status_balanced"]
    assert matched["all"] == matched["node_only"] == balanced["node_only"]
    assert matched["location_size"] == balanced["size"]
    assert matched["location"] == {"auc": 0.5, "standard_error": 0.0}
    assert balanced["all"]["auc"] > balanced["node_only"]["auc"]
    assert found["natural"] == balanced
