"""Lattices against SimpleITK's own arithmetic, and linear fields for resampling."""

import numpy as np
import pytest
import SimpleITK as sitk
from hypothesis import given
from hypothesis import strategies as st

from nodal_staging.geometry import (
    Lattice,
    as_image,
    axial_cube,
    resample,
)


def oblique() -> Lattice:
    turn = sitk.Euler3DTransform((0, 0, 0), 0.3, -0.2, 0.5)
    return Lattice((7, 6, 5), (0.7, 0.9, 2.5), (10.0, -20.0, 30.0), turn.GetMatrix())


@given(st.tuples(*[st.floats(-50, 50)] * 3))
def test_index_and_point_are_inverse(index):
    lattice = oblique()
    back = lattice.to_index(lattice.to_points(index))
    np.testing.assert_allclose(back, index, atol=1e-9)


def test_points_agree_with_simpleitk():
    lattice = oblique()
    image = as_image(np.zeros(lattice.shape), lattice)
    z, y, x = 3.25, 1.5, 2.75
    expected = image.TransformContinuousIndexToPhysicalPoint((x, y, z))
    np.testing.assert_allclose(lattice.to_points((z, y, x)), expected, atol=1e-12)


def test_lattice_survives_simpleitk():
    lattice = oblique()
    image = as_image(np.zeros(lattice.shape), lattice)
    assert image.GetSize() == lattice.shape[::-1]
    assert image.GetSpacing() == lattice.spacing_mm
    assert image.GetOrigin() == lattice.origin_mm
    assert image.GetDirection() == lattice.direction


def test_crop_keeps_the_place_of_its_voxels():
    lattice = oblique()
    crop = lattice.crop((2, 1, 3), (2, 2, 2))
    np.testing.assert_allclose(
        crop.to_points((1, 1, 1)), lattice.to_points((3, 2, 4)), atol=1e-12
    )


def test_cube_has_its_point_between_the_middle_voxels():
    cube = axial_cube((5.0, 6.0, 7.0), size=80, spacing_mm=1.0)
    np.testing.assert_allclose(cube.to_points((39.5,) * 3), (5.0, 6.0, 7.0))


def test_linear_interpolation_reproduces_a_linear_field():
    lattice = oblique()
    slope = np.array([1.5, -0.5, 0.25])
    grid = np.stack(np.meshgrid(*map(np.arange, lattice.shape), indexing="ij"), -1)
    field = lattice.to_points(grid) @ slope
    middle = lattice.to_points((3, 2.5, 2))
    cube = axial_cube(middle, size=2, spacing_mm=0.5)
    corners = np.stack(np.meshgrid(*[range(2)] * 3, indexing="ij"), -1)
    expected = cube.to_points(corners) @ slope
    values = resample(field, lattice, cube, outside=-1)
    np.testing.assert_allclose(values, expected, atol=1e-3)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"shape": (7, 6, 4)}, "expected 7 x 6 x 5 voxels"),
        ({"spacing_mm": (0.7, 0.9, 2.51)}, "expected spacing"),
        ({"origin_mm": (10.0, -20.0, 30.1)}, "voxels away"),
        ({"direction": (1.0, 0, 0, 0, 1, 0, 0, 0, 1)}, "other directions"),
    ],
)
def test_difference_says_what_differs(change, words):
    lattice = oblique()
    fields = ("shape", "spacing_mm", "origin_mm", "direction")
    other = Lattice(**({name: getattr(lattice, name) for name in fields} | change))
    assert words in lattice.difference(other)


def test_same_lattice_has_no_difference():
    assert oblique().difference(oblique()) is None
