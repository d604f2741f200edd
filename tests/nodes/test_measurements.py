"""Measurements and patches of shapes whose size and place are known."""

import time

import numpy as np
import pytest

from nodal_staging.geometry import Lattice, axial_cube, resample
from nodal_staging.nodes.masks import NodeMask
from nodal_staging.nodes.measurements import axial_axes_mm
from nodal_staging.nodes.patch_files import write_patches
from nodal_staging.nodes.patches import _mask


def ellipsoid(semi_mm, spacing=(0.5, 0.5, 1.0), turn_deg=0.0) -> NodeMask:
    """Return an ellipsoid around the origin, semi-axes in ``(x, y, z)``."""
    shape = tuple(round(40 / step) for step in spacing[::-1])
    origin = tuple(-(n - 1) / 2 * s for n, s in zip(shape[::-1], spacing, strict=True))
    lattice = Lattice(shape, spacing, origin)
    grid = np.stack(np.meshgrid(*map(np.arange, shape), indexing="ij"), -1)
    x, y, z = np.moveaxis(lattice.to_points(grid), -1, 0)
    turn = np.deg2rad(turn_deg)
    u = np.cos(turn) * x + np.sin(turn) * y
    v = np.cos(turn) * y - np.sin(turn) * x
    a, b, c = semi_mm
    return NodeMask((u / a) ** 2 + (v / b) ** 2 + (z / c) ** 2 <= 1, (0, 0, 0), lattice)


@pytest.mark.parametrize("turn_deg", [0, 30, 77, 90, 145])
def test_axes_of_an_ellipse_in_any_direction(turn_deg):
    long_mm, short_mm = axial_axes_mm(ellipsoid((8, 5, 6), turn_deg=turn_deg))
    assert long_mm == pytest.approx(16, abs=0.8)
    assert short_mm == pytest.approx(10, abs=0.8)


def test_volume_of_an_ellipsoid():
    node = ellipsoid((8, 5, 6))
    volume = node.mask.sum() * node.lattice.voxel_volume_mm3
    assert volume == pytest.approx(4 / 3 * np.pi * 8 * 5 * 6, rel=0.02)


def test_centres_of_a_symmetric_node_agree():
    node = ellipsoid((8, 5, 6))
    np.testing.assert_allclose(node.centroid_mm(), 0, atol=1e-9)
    np.testing.assert_allclose(node.box_centre_mm(), 0, atol=1e-9)


def test_mask_of_a_patch_keeps_volume_and_place():
    node = ellipsoid((8, 5, 6), spacing=(0.7, 0.7, 3.0))
    cube = axial_cube((1.0, -2.0, 0.5), size=80, spacing_mm=1.0)
    mask = _mask(node, cube)
    volume = node.mask.sum() * node.lattice.voxel_volume_mm3
    assert mask.sum() == pytest.approx(volume, rel=0.05)
    centroid = cube.to_points(np.argwhere(mask)).mean(axis=0)
    np.testing.assert_allclose(centroid, node.centroid_mm(), atol=0.15)


@pytest.mark.parametrize("away_mm", [0.0, 7.3, 10.5, 40.0])
def test_coverage_near_a_node_is_that_of_the_whole_lattice(away_mm):
    """The node lies within a cube, upon its border and beyond it."""
    node = ellipsoid((6, 4, 5), spacing=(0.94, 0.94, 3.0), turn_deg=20)
    middle = np.add(node.centroid_mm(), (away_mm, -0.7 * away_mm, 0.5))
    cube = axial_cube(middle, size=20, spacing_mm=1.0)
    padded = np.pad(node.mask, 1).astype(np.float32)
    lattice = node.lattice.crop((-1, -1, -1), padded.shape)
    expected = resample(padded, lattice, cube, outside=0)
    assert expected.any() == (away_mm < 20)
    np.testing.assert_allclose(node.coverage(cube), expected, atol=1e-6)


def test_the_same_patches_give_the_same_bytes_a_while_later(tmp_path):
    rng = np.random.default_rng(0)
    image = rng.integers(-1000, 1000, (78, 78, 78)).astype(np.int16)
    mask = (image > 0).astype(np.uint8)
    contents = []
    for name in ("a.h5", "b.h5"):
        write_patches(tmp_path / name, {"N1": (image, mask)}, size=78, spacing_mm=1.0)
        contents.append((tmp_path / name).read_bytes())
        time.sleep(1.1)
    assert contents[0] == contents[1]
