"""Features of all nodes, measured on their patches."""

from collections.abc import Iterable, Mapping
from pathlib import Path

import numpy as np
import pandas as pd

from nodal_staging import tables
from nodal_staging.nodes.patch_files import read_patches
from nodal_staging.nodes.radiomics.first_order import first_order_features
from nodal_staging.nodes.radiomics.node_shape import shape_features
from nodal_staging.nodes.radiomics.surroundings import RING_MM, surroundings_features
from nodal_staging.nodes.radiomics.texture import grey_levels, texture_features
from nodal_staging.study.arrays import AnyArray, FloatArray, Mask
from nodal_staging.tables.columns import one_of, optional_number, table, text

BOUNDS_HU = (-150.0, 250.0)
"""Attenuation that counts for texture: from fat to enhancing tissue."""

BIN_HU = 25.0

FEWEST_VOXELS = 27
"""A node of fewer voxels has no texture."""

FIRST_ORDER = (
    "mean_hu",
    "variance",
    "skewness",
    "excess_kurtosis",
    "median_hu",
    "minimum_hu",
    "percentile_10_hu",
    "percentile_90_hu",
    "maximum_hu",
    "interquartile_range",
    "intensity_range",
    "mean_absolute_deviation",
    "robust_mean_absolute_deviation",
    "median_absolute_deviation",
    "coefficient_of_variation",
    "quartile_dispersion",
    "energy",
    "root_mean_square",
)
SHAPE = (
    "mesh_volume_mm3",
    "voxel_volume_mm3",
    "surface_mm2",
    "surface_to_volume",
    "compactness_1",
    "compactness_2",
    "spherical_disproportion",
    "sphericity",
    "asphericity",
    "maximum_diameter_mm",
    "major_axis_mm",
    "minor_axis_mm",
    "least_axis_mm",
    "elongation",
    "flatness",
    "convexity",
    "long_axis_mm",
    "short_axis_mm",
)
PAIRS = (
    "pair_joint_maximum",
    "pair_joint_entropy",
    "pair_contrast",
    "pair_dissimilarity",
    "pair_inverse_difference",
    "pair_correlation",
    "pair_autocorrelation",
    "pair_cluster_shade",
    "pair_cluster_prominence",
    "pair_information_correlation_1",
    "pair_information_correlation_2",
)
RUNS = (
    "run_short_emphasis",
    "run_long_emphasis",
    "run_level_non_uniformity",
    "run_level_non_uniformity_normalised",
    "run_length_non_uniformity",
    "run_length_non_uniformity_normalised",
    "run_percentage",
    "run_length_variance",
    "run_entropy",
)
ZONES = (
    "zone_short_emphasis",
    "zone_long_emphasis",
    "zone_level_non_uniformity",
    "zone_level_non_uniformity_normalised",
    "zone_length_non_uniformity",
    "zone_length_non_uniformity_normalised",
    "zone_percentage",
    "zone_length_variance",
    "zone_entropy",
)
SURROUNDINGS = ("ring_contrast_hu", "ring_fat_share", "edge_gradient_hu_per_mm")
FEATURES = (*FIRST_ORDER, *SHAPE, *PAIRS, *RUNS, *ZONES, *SURROUNDINGS)

RADIOMICS = table(
    {
        "node_id": text(unique=True),
        "small": one_of(["yes", "no"]),
        **{name: optional_number() for name in FEATURES},
    },
)
"""Features of each node; empty where one is not defined. ``small``: too few voxels for
texture."""


def measure_radiomics(
    *, patches: Iterable[str | Path], nodes: str | Path, output: str | Path
) -> None:
    """Measure the features of every node that has a patch (``RADIOMICS``).

    Parameters
    ----------
    patches
        The patch files of all shards.
    nodes
        ``tables.NODES``; the axial axes are taken from it.
    output
        Table to write, in the order of node_id.
    """
    measured = tables.read(nodes, tables.NODES).set_index("node_id")
    axes = measured[["long_axis_mm", "short_axis_mm"]].to_dict("index")
    rows = [
        {"node_id": node_id, **axes[node_id], **node_features(patch, spacing_mm)}
        for path in patches
        for node_id, patch, spacing_mm in read_patches(path)
    ]
    frame = pd.DataFrame(rows, columns=list(RADIOMICS.columns))
    tables.write(frame.sort_values("node_id"), output, RADIOMICS)


def node_features(
    patch: tuple[AnyArray, AnyArray], spacing_mm: float
) -> Mapping[str, float | str]:
    """Measure the features of a node on its patch.

    Parameters
    ----------
    patch
        Image in HU and mask, both ``(z, y, x)``.
    spacing_mm
        Distance of the voxels along each axis.

    Returns
    -------
    ``small`` and the features of ``RADIOMICS`` that a patch shows; a mask without a
    voxel has none.
    """
    image, mask = _cropped(patch, spacing_mm)
    voxels = int(np.count_nonzero(mask))
    if not voxels:
        return {"small": "yes"}
    spacing = (spacing_mm, spacing_mm, spacing_mm)
    found: dict[str, float | str] = {
        "small": "no",
        **first_order_features(image[mask]),
        **shape_features(mask, spacing),
        **surroundings_features(image, mask, spacing),
    }
    if voxels < FEWEST_VOXELS:
        return found | {"small": "yes"}
    levels = grey_levels(image, mask, bounds_hu=BOUNDS_HU, bin_hu=BIN_HU)
    return found | texture_features(levels)


def _cropped(
    patch: tuple[AnyArray, AnyArray], spacing_mm: float
) -> tuple[FloatArray, Mask]:
    """Cut a patch to the node and the ring around it."""
    image, mask = patch
    if not mask.any():
        return np.zeros((0, 0, 0)), np.zeros((0, 0, 0), bool)
    sides = [np.flatnonzero(mask.any(axis=axes)) for axes in ((1, 2), (0, 2), (0, 1))]
    # One voxel more than the ring: distances and gradients need a neighbour.
    margin = int(np.ceil(RING_MM[1] / spacing_mm)) + 1
    box = tuple(
        slice(max(side[0] - margin, 0), side[-1] + margin + 1) for side in sides
    )
    return image[box].astype(np.float64), mask[box].astype(bool)
