"""Labels on the CT's grid, against SimpleITK and against points computed by hand."""

from dataclasses import replace
from itertools import permutations, product

import numpy as np
import pytest
import SimpleITK as sitk
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.spatial.transform import Rotation

from nodal_staging.exams.segmentation.regions import Region
from nodal_staging.exams.segmentation.resampling import place
from nodal_staging.geometry import Lattice, as_image, triple
from nodal_staging.study.errors import SegmentationError

CT = Lattice((20, 24, 28), (0.7, 0.8, 1.5), (-10.0, -20.0, 30.0))


def region(mask, lattice, start=(0, 0, 0)) -> Region:
    return Region(lattice, 0, 3, "geheim", start, mask)


def ellipsoid(lattice, centre_mm, radius_mm=5.0):
    grid = np.stack(np.indices(lattice.shape), axis=-1)
    distance = np.linalg.norm(lattice.to_points(grid) - centre_mm, axis=-1)
    return distance < radius_mm


def whole(placed, ct=CT) -> np.ndarray:
    volume = np.zeros(ct.shape, bool)
    z, y, x = (
        slice(a, a + n) for a, n in zip(placed.start, placed.mask.shape, strict=True)
    )
    volume[z, y, x] = placed.mask
    return volume


def resampled(mask, lattice, ct=CT) -> np.ndarray:
    """Nearest neighbours by SimpleITK."""
    image = as_image(mask.astype(np.uint8), lattice)
    reference = as_image(np.zeros(ct.shape, np.uint8), ct)
    placed = sitk.Resample(image, reference, sitk.Transform(), sitk.sitkNearestNeighbor)
    return sitk.GetArrayFromImage(placed).astype(bool)


def centre(lattice=CT):
    return lattice.to_points(np.array(lattice.shape) / 2)


def turned(lattice, order, signs) -> Lattice:
    """The same voxels with axes (x, y, z) swapped and mirrored."""
    axes = np.reshape(lattice.direction, (3, 3))[:, order] * signs
    shape = np.array(lattice.shape[::-1])[list(order)]
    first = [
        0 if sign > 0 else size - 1 for sign, size in zip(signs, shape, strict=True)
    ]
    corner = np.zeros(3)
    corner[list(order)] = first
    return Lattice(
        shape=tuple(int(size) for size in shape[::-1]),
        spacing_mm=triple(np.array(lattice.spacing_mm)[list(order)]),
        origin_mm=triple(lattice.to_points(corner[::-1])),
        direction=tuple(float(number) for number in axes.ravel()),
    )


def test_the_same_grid_is_pasted():
    mask = ellipsoid(CT, centre())
    placed = place(region(mask[3:, 4:, 5:], CT, (3, 4, 5)), CT)
    np.testing.assert_array_equal(whole(placed), mask)
    assert placed.note is None
    assert (placed.layer, placed.value) == (0, 3)
    assert placed.mask.any(axis=(1, 2))[[0, -1]].all()


@pytest.mark.parametrize("order", list(permutations(range(3))))
@pytest.mark.parametrize("signs", list(product((1, -1), repeat=3)))
@pytest.mark.parametrize("rotation", [(0, 0, 0), (20, -35, 50)])
def test_swapped_and_mirrored_axes_are_pasted_exactly(order, signs, rotation):
    axes = Rotation.from_euler("xyz", rotation, degrees=True).as_matrix()
    ct = replace(CT, direction=tuple(axes.ravel()))
    mask = ellipsoid(ct, ct.to_points((8, 9, 16)))
    mask[2, 3, 4] = mask[3, 3, 4] = True  # no symmetry left
    image = as_image(mask.astype(np.uint8), ct)
    lattice = turned(ct, order, signs)
    inverse = sitk.Resample(image, as_image(np.zeros(lattice.shape, np.uint8), lattice),
                            sitk.Transform(), sitk.sitkNearestNeighbor)  # fmt: skip
    drawn = sitk.GetArrayFromImage(inverse).astype(bool)
    assert drawn.sum() == mask.sum()
    placed = place(region(drawn, lattice), ct)
    assert placed.note is None
    np.testing.assert_array_equal(whole(placed, ct), mask)


def test_a_part_of_the_ct_in_reverse_order_is_pasted():
    part = CT.crop((4, 0, 0), (10, 24, 28))
    lattice = replace(
        part,
        origin_mm=triple(part.to_points((9, 0, 0))),
        direction=(1.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, -1.0),
    )
    mask = ellipsoid(CT, centre(), 4.0)
    placed = place(region(mask[4:14][::-1], lattice), CT)
    np.testing.assert_array_equal(whole(placed), mask)
    assert placed.note is None


def test_rounded_headers_still_paste():
    lattice = replace(
        CT, spacing_mm=(0.7004, 0.8, 1.5), origin_mm=(-10.004, -20.0, 30.0)
    )
    mask = ellipsoid(CT, centre())
    placed = place(region(mask, lattice), CT)
    np.testing.assert_array_equal(whole(placed), mask)
    assert placed.note is None


def test_another_spacing_is_told_even_where_no_voxel_moves():
    lattice = replace(CT, spacing_mm=(0.702, 0.8, 1.5))
    placed = place(region(ellipsoid(CT, centre()), lattice), CT)
    assert placed.note is not None


def test_errors_of_spacing_that_add_up_do_not_paste():
    ct = replace(CT, shape=(4, 4, 1200))
    lattice = replace(ct, spacing_mm=(0.7009, 0.8, 1.5))
    mask = np.zeros(ct.shape, bool)
    mask[:, :, 1000:1010] = True
    placed = place(region(mask, lattice), ct)
    # 1000 voxels of 0.0009 mm more are 1.3 voxels.
    assert placed.start[2] == 1001
    assert placed.note is not None


@pytest.mark.parametrize(
    "lattice",
    [
        replace(CT, spacing_mm=(0.9, 0.9, 2.0), shape=(16, 22, 22)),
        replace(CT, spacing_mm=(0.3, 0.4, 0.5), shape=(60, 48, 64)),
        replace(CT, origin_mm=(-9.7, -20.3, 30.6)),
        replace(
            CT,
            origin_mm=(-12.0, -20.0, 30.0),
            direction=tuple(
                Rotation.from_euler("xyz", [3, 8, 5], degrees=True).as_matrix().ravel()
            ),
        ),
    ],
)
def test_other_grids_are_resampled_as_simpleitk_does(lattice):
    mask = ellipsoid(lattice, centre(), 5.3)
    placed = place(region(mask, lattice), CT)
    expected = resampled(mask, lattice)
    assert expected.sum() > 100
    np.testing.assert_array_equal(whole(placed), expected)
    assert "resampled to the CT's grid" in placed.note


def test_the_note_names_both_spacings():
    lattice = replace(CT, spacing_mm=(0.9, 0.9, 2.0), shape=(16, 22, 22))
    placed = place(region(ellipsoid(lattice, centre()), lattice), CT)
    assert placed.note == (
        "segmentation resampled to the CT's grid "
        "(spacing 0.9 x 0.9 x 2 mm against 0.7 x 0.8 x 1.5 mm)"
    )


@settings(max_examples=40, deadline=None, derandomize=True)
@given(
    shift=st.tuples(*[st.floats(-3, 3)] * 3),
    spacing=st.tuples(*[st.floats(0.3, 2.5)] * 3),
    angles=st.tuples(*[st.floats(-180, 180)] * 3),
)
def test_volume_and_centroid_survive_any_grid(shift, spacing, angles):
    axes = Rotation.from_euler("xyz", angles, degrees=True).as_matrix()
    middle = centre()
    half = np.array(spacing) * 14
    lattice = Lattice(
        (29, 29, 29), spacing, triple(middle + shift - axes @ half), tuple(axes.ravel())
    )
    drawn = region(ellipsoid(lattice, middle, 5.0), lattice)
    placed = place(drawn, CT)
    volume = whole(placed)
    assert volume.sum() * CT.voxel_volume_mm3 == pytest.approx(
        drawn.mask.sum() * drawn.lattice.voxel_volume_mm3, rel=0.2
    )
    found = CT.to_points(np.argwhere(volume)).mean(axis=0)
    wanted = lattice.to_points(np.argwhere(drawn.mask)).mean(axis=0)
    assert np.abs(found - wanted).max() < 0.5


@pytest.mark.parametrize("spacing", [CT.spacing_mm, (0.71, 0.82, 1.6)])
def test_labels_beyond_the_ct_are_refused(spacing):
    lattice = replace(CT, spacing_mm=spacing, origin_mm=(-16.3, -20.0, 30.0))
    lattice = replace(lattice, origin_mm=(-10 - 20 * spacing[0], -20.0, 30.0))
    mask = np.zeros(CT.shape, bool)
    mask[5:10, 5:10, 10:25] = True
    with pytest.raises(
        SegmentationError, match=r"33\.3 % of label 3 \(layer 0\)"
    ) as error:
        place(region(mask, lattice), CT)
    assert "geheim" not in str(error.value)


def test_a_hundredth_beyond_the_ct_is_cut_and_told():
    lattice = replace(CT, origin_mm=(-10 - 0.7, -20.0, 30.0))
    mask = np.zeros(CT.shape, bool)
    mask[5:15, 5:15, 1:3] = True
    mask[5, 5, 0] = True
    placed = place(region(mask, lattice), CT)
    assert placed.mask.sum() == 200
    assert placed.start == (5, 5, 0)
    assert placed.note == "1 voxels of a label lie beyond the CT"


def test_a_label_between_the_ct_s_voxels_is_refused():
    lattice = Lattice((3, 3, 3), (0.1, 0.1, 0.1), triple(CT.to_points((5.4, 5.4, 5.4))))
    mask = np.zeros((3, 3, 3), bool)
    mask[0, 0, 0] = True
    with pytest.raises(SegmentationError, match=r"label 3 .*no voxel left"):
        place(region(mask, lattice), CT)
