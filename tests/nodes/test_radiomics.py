"""Radiomics features, against the IBSI's digital phantom and counts by hand.

Reference values and tolerances: IBSI reference manual (arXiv:1612.07003), rows "dig.
phantom", aggregation "3D, merged". The phantom is CC BY 4.0.
"""

from collections import Counter
from itertools import product

import numpy as np
import pytest
from studies import measured_nodes

from nodal_staging import tables
from nodal_staging.nodes.patch_files import write_patches
from nodal_staging.nodes.radiomics import node_features
from nodal_staging.nodes.radiomics.first_order import first_order_features
from nodal_staging.nodes.radiomics.node_features import (
    FEATURES,
    RADIOMICS,
    measure_radiomics,
)
from nodal_staging.nodes.radiomics.node_shape import shape_features
from nodal_staging.nodes.radiomics.surface import mesh_area_and_volume
from nodal_staging.nodes.radiomics.surroundings import surroundings_features
from nodal_staging.nodes.radiomics.texture import (
    DIRECTIONS,
    grey_levels,
    texture_features,
)

PHANTOM = """
1 4 4 1 1 | 1 4 6 1 1 | 4 1 6 4 1 | 4 4 6 4 1
1 4 4 1 1 | 1 1 6 1 1 | . 1 3 1 1 | 4 4 6 1 1
1 4 4 . . | 1 1 1 1 1 | 1 1 . 1 1 | 1 1 6 1 1
1 4 4 . . | 1 1 1 1 1 | 1 1 1 1 1 | 1 1 6 1 1
"""
SPACING_MM = (2.0, 2.0, 2.0)
UNIT = (1.0, 1.0, 1.0)

INTENSITY = {
    "mean_hu": "2.15",
    "variance": "3.05",
    "skewness": "1.08",
    "excess_kurtosis": "-0.355",
    "median_hu": "1",
    "minimum_hu": "1",
    "percentile_10_hu": "1",
    "percentile_90_hu": "4",
    "maximum_hu": "6",
    "interquartile_range": "3",
    "intensity_range": "5",
    "mean_absolute_deviation": "1.55",
    "robust_mean_absolute_deviation": "1.11",
    "median_absolute_deviation": "1.15",
    "coefficient_of_variation": "0.812",
    "quartile_dispersion": "0.6",
    "energy": "567",
    "root_mean_square": "2.77",
}
SHAPE = {
    "mesh_volume_mm3": (556, 4),
    "voxel_volume_mm3": (592, 4),
    "surface_mm2": (388, 3),
    "surface_to_volume": (0.698, 0.004),
    "compactness_1": (0.0411, 0.0003),
    "compactness_2": (0.599, 0.004),
    "spherical_disproportion": (1.19, 0.01),
    "sphericity": (0.843, 0.005),
    "asphericity": (0.186, 0.001),
    "maximum_diameter_mm": (13.1, 0.1),
    "major_axis_mm": (11.4, 0.1),
    "minor_axis_mm": (9.31, 0.06),
    "least_axis_mm": (8.54, 0.05),
    "elongation": (0.816, 0.005),
    "flatness": (0.749, 0.005),
}
TEXTURE = {
    "pair_joint_maximum": "0.509",
    "pair_joint_entropy": "2.57",
    "pair_contrast": "5.12",
    "pair_dissimilarity": "1.38",
    "pair_inverse_difference": "0.688",
    "pair_correlation": "0.183",
    "pair_autocorrelation": "5.19",
    "pair_cluster_shade": "17.4",
    "pair_cluster_prominence": "147",
    "pair_information_correlation_1": "-0.0288",
    "pair_information_correlation_2": "0.269",
    "run_short_emphasis": "0.729",
    "run_long_emphasis": "2.76",
    "run_level_non_uniformity": "281",
    "run_level_non_uniformity_normalised": "0.430",
    "run_length_non_uniformity": "328",
    "run_length_non_uniformity_normalised": "0.501",
    "run_percentage": "0.680",
    "run_entropy": "2.62",
    "zone_short_emphasis": "0.255",
    "zone_long_emphasis": "550",
    "zone_level_non_uniformity": "1.4",
    "zone_length_non_uniformity": "1",
    "zone_percentage": "0.0676",
    "zone_length_variance": "331",
    "zone_entropy": "2.32",
}


@pytest.fixture(scope="module")
def levels():
    rows = [
        [["0" if cell == "." else cell for cell in row.split()] for row in slices]
        for slices in (line.split("|") for line in PHANTOM.strip().splitlines())
    ]
    phantom = np.array(rows, int)
    assert phantom.shape == (4, 4, 5)
    assert Counter(phantom[phantom > 0].tolist()) == {1: 50, 3: 1, 4: 16, 6: 7}
    return phantom


def half_a_digit(printed: str) -> float:
    """Return half a unit of the last printed digit."""
    decimals = len(printed.partition(".")[2])
    return 0.5 * 10.0**-decimals


def test_intensities_of_the_digital_phantom(levels):
    found = first_order_features(levels[levels > 0])
    assert found.keys() == INTENSITY.keys()
    for name, printed in INTENSITY.items():
        assert found[name] == pytest.approx(float(printed), abs=half_a_digit(printed))


def test_shape_of_the_digital_phantom(levels):
    found = shape_features(levels > 0, SPACING_MM)
    for name, (value, tolerance) in SHAPE.items():
        assert found[name] == pytest.approx(value, abs=tolerance), name


def test_texture_of_the_digital_phantom(levels):
    found = texture_features(levels)
    for name, printed in TEXTURE.items():
        tolerance = half_a_digit(printed)
        assert found[name] == pytest.approx(float(printed), abs=tolerance), name


def irregular_node(seed: int = 5):
    """Return levels of a node with a hole, a bay and a detached voxel."""
    rng = np.random.default_rng(seed)
    places = np.indices((7, 9, 8)) - np.array([3, 4, 3.5])[:, None, None, None]
    inside = (places**2).sum(axis=0) < 10
    inside &= rng.random(inside.shape) > 0.1
    inside[0, 0, 0] = True
    return np.where(inside, rng.integers(1, 5, inside.shape), 0)


def voxels_of(levels):
    return {tuple(place): levels[tuple(place)] for place in np.argwhere(levels)}


def moved(place, step, by=1):
    return tuple(one + by * other for one, other in zip(place, step, strict=True))


def test_pairs_are_those_that_a_loop_counts():
    levels = irregular_node()
    node = voxels_of(levels)
    pairs = Counter(
        (grey, node[moved(place, step)])
        for place, grey in node.items()
        for step in product((-1, 0, 1), repeat=3)
        if any(step) and moved(place, step) in node
    )
    total = sum(pairs.values())
    contrast = sum((i - j) ** 2 * n for (i, j), n in pairs.items()) / total
    found = texture_features(levels)
    assert found["pair_contrast"] == pytest.approx(contrast, rel=1e-12)
    assert found["pair_joint_maximum"] == max(pairs.values()) / total


def test_runs_are_those_that_a_loop_counts():
    levels = irregular_node()
    node, lengths = voxels_of(levels), []
    for place, grey in node.items():
        for step in DIRECTIONS:
            if node.get(moved(place, step, -1)) != grey:
                length = 1
                while node.get(moved(place, step, length)) == grey:
                    length += 1
                lengths.append((grey, length))
    assert len(DIRECTIONS) == 13
    found = texture_features(levels)
    squares = np.array([length for _, length in lengths], float) ** 2
    assert found["run_long_emphasis"] == pytest.approx(squares.mean(), rel=1e-12)
    assert found["run_short_emphasis"] == pytest.approx((1 / squares).mean(), rel=1e-12)
    assert found["run_percentage"] == len(lengths) / (13 * len(node))
    by_level = np.array(list(Counter(grey for grey, _ in lengths).values()))
    expected = (by_level**2).sum() / len(lengths)
    assert found["run_level_non_uniformity"] == pytest.approx(expected, rel=1e-12)


def test_zones_are_those_that_a_flood_fill_finds():
    levels = irregular_node()
    left, sizes = voxels_of(levels), []
    voxels = len(left)
    while left:
        place, grey = left.popitem()
        front, size = [place], 1
        while front:
            here = front.pop()
            for step in product((-1, 0, 1), repeat=3):
                if left.get(moved(here, step)) == grey:
                    del left[moved(here, step)]
                    front.append(moved(here, step))
                    size += 1
        sizes.append(size)
    found = texture_features(levels)
    assert found["zone_percentage"] == len(sizes) / voxels
    assert found["zone_length_variance"] == pytest.approx(np.var(sizes), rel=1e-12)


def test_pairs_are_merged_before_they_are_described(levels):
    """The mean of the 13 directions differs: 5.32 instead of 5.12 (IBSI)."""
    assert abs(texture_features(levels)["pair_contrast"] - 5.32) > 0.1


TURNS = {
    "translated": lambda array: np.pad(array, ((2, 0), (1, 3), (0, 4))),
    "rotated": lambda array: np.rot90(array, axes=(0, 2)),
    "mirrored": lambda array: array[:, ::-1],
    "turned over": lambda array: array.transpose(1, 2, 0),
}


@pytest.mark.parametrize("turn", TURNS.values(), ids=TURNS)
def test_where_a_node_lies_and_how_it_is_turned_changes_nothing(turn):
    levels = irregular_node()
    turned = turn(levels)
    for measure in (texture_features, lambda one: shape_features(one > 0, UNIT)):
        expected, found = measure(levels), measure(turned)
        for name, value in expected.items():
            assert found[name] == pytest.approx(value, rel=1e-9, abs=1e-9), name


def ball(radius: float, margin: int = 3):
    reach = int(radius) + margin
    places = np.mgrid[-reach : reach + 1, -reach : reach + 1, -reach : reach + 1]
    return (places**2).sum(axis=0) <= radius**2


def test_the_mesh_of_a_ball_holds_its_volume():
    _, volume = mesh_area_and_volume(ball(10), UNIT)
    assert volume == pytest.approx(4 / 3 * np.pi * 10**3, rel=0.015)


def test_the_surface_is_closed():
    """The volume does not depend on the origin, so the area vectors add up to zero."""
    mask = irregular_node() > 0
    _, near = mesh_area_and_volume(mask, (1.5, 0.7, 0.9))
    _, far = mesh_area_and_volume(np.pad(mask, 40), (1.5, 0.7, 0.9))
    assert far == pytest.approx(near, rel=1e-9)


@pytest.mark.parametrize("spacing", [UNIT, (3.0, 0.5, 2.0)])
def test_the_mesh_of_one_voxel_is_an_octahedron(spacing):
    a, b, c = (length / 2 for length in spacing)
    area, volume = mesh_area_and_volume(np.ones((1, 1, 1), bool), spacing)
    assert volume == pytest.approx(4 / 3 * a * b * c)
    face = np.cross([-a, b, 0], [-a, 0, c])
    assert area == pytest.approx(8 * np.linalg.norm(face) / 2)


def test_a_block_has_the_volume_of_its_cut_off_corners():
    """Marching cubes bevel edges and corners of a block of n voxels."""
    n = 6
    _, volume = mesh_area_and_volume(np.ones((n, n, n), bool), UNIT)
    inner = (n - 1) ** 3 + 6 * (n - 1) ** 2 / 2
    assert volume == pytest.approx(inner + 12 * (n - 1) / 8 + 8 / 48)


def test_bins_start_at_the_lower_bound():
    image = np.array([[[-151.0, -150.0, -126.0, -125.0, 249.0, 250.0, 251.0, 30.0]]])
    mask = np.ones(image.shape, bool)
    mask[..., -1] = False
    found = grey_levels(image, mask, bounds_hu=(-150, 250), bin_hu=25)
    assert found.ravel().tolist() == [0, 1, 1, 2, 16, 17, 0, 0]


def test_a_ball_in_fat_has_a_ring_of_fat_and_a_steep_edge():
    mask = ball(6, margin=6)
    image = np.where(mask, 40.0, -100.0)
    found = surroundings_features(image, mask, UNIT)
    assert found["ring_contrast_hu"] == -140
    assert found["ring_fat_share"] == 1
    assert 70 <= found["edge_gradient_hu_per_mm"] <= 70 * np.sqrt(3)


def test_a_ramp_has_its_slope_at_the_edge():
    mask = ball(4, margin=6)
    image = 3.0 * np.indices(mask.shape)[0]
    found = surroundings_features(image, mask, (0.5, 0.5, 0.5))
    assert found["edge_gradient_hu_per_mm"] == pytest.approx(6)
    assert found["ring_contrast_hu"] == pytest.approx(0, abs=1e-9)


def measured(tmp_path, masks):
    """Measure nodes of one value each, given their masks."""
    size = masks[0].shape[0]
    names = [f"N{number:04d}" for number in range(len(masks))]
    patches = {
        name: (np.full(mask.shape, 30, np.int16), mask.astype(np.uint8))
        for name, mask in zip(names, masks, strict=True)
    }
    write_patches(tmp_path / "1.h5", patches, size=size, spacing_mm=1.0)
    tables.write(measured_nodes(len(masks)), tmp_path / "nodes.tsv", tables.NODES)
    measure_radiomics(
        patches=[tmp_path / "1.h5"],
        nodes=tmp_path / "nodes.tsv",
        output=tmp_path / "radiomics.tsv",
    )
    return tables.read(tmp_path / "radiomics.tsv", RADIOMICS).set_index("node_id")


def test_nodes_of_any_size_are_measured(tmp_path):
    masks = np.zeros((5, 24, 24, 24), bool)
    masks[1, 12, 12, 12] = True
    masks[2, 10:13, 10:13, 10:13] = True
    masks[3, 0:2, 20:24, 0:24] = True
    masks[4] = True
    found = measured(tmp_path, list(masks))
    assert found["small"].tolist() == ["yes", "yes", "no", "no", "no"]
    assert found.iloc[0].drop(["small", "long_axis_mm", "short_axis_mm"]).isna().all()
    assert found["voxel_volume_mm3"].tolist()[1:] == [1, 27, 192, 24**3]
    assert found["run_percentage"].isna().tolist() == [True, True, False, False, False]
    # Nothing surrounds the last one.
    assert found["ring_contrast_hu"].isna().tolist()[2:] == [False, False, True]
    assert found["short_axis_mm"].notna().all()


def test_a_patch_shows_every_feature_of_the_table():
    mask = ball(4, margin=6)
    image = np.random.default_rng(1).normal(30, 40, mask.shape).astype(np.int16)
    found = node_features.node_features((image, mask.astype(np.uint8)), 1.0)
    from_patch = {*FEATURES} - {"long_axis_mm", "short_axis_mm"}
    assert {*found} == from_patch | {"small"}
    assert all(np.isfinite(found[name]) for name in from_patch)
