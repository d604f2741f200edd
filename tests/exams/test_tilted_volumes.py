"""A volume of a tilted gantry is judged alike in DICOM and in one file."""

import nibabel as nib
import numpy as np
import pytest
import SimpleITK as sitk
from dicom_files import header, write_slice

from nodal_staging.exams import scans
from nodal_staging.exams.dicom import Repairs, Wording
from nodal_staging.exams.segmentation.reading import read_segmentation
from nodal_staging.exams.segmentation.resampling import place
from nodal_staging.study.errors import InputError

VALUES = np.random.default_rng(8).integers(-900, 900, (6, 5, 4)).astype(np.int16)


def dicom(folder, angle_deg):
    """Write a stack of slices 3 mm apart whose couch moves at an angle."""
    folder.mkdir()
    shift = 3 * np.tan(np.radians(angle_deg))
    for z, plane in enumerate(VALUES):
        dataset = header((-10.0, -20.0 + shift * z, 100 + 3.0 * z))
        write_slice(folder / f"{z}.dcm", dataset, plane + 1000)
    return folder


def affine(angle_deg):
    """Return the matrix from voxels to RAS of the same stack."""
    shift = 3 * np.tan(np.radians(angle_deg))
    lps = np.array(
        [[0.7, 0, 0, -10], [0, 0.8, shift, -20], [0, 0, 3, 100], [0, 0, 0, 1.0]]
    )
    return np.diag([-1, -1, 1, 1]) @ lps


def one_file(folder, angle_deg, suffix, values=VALUES):
    """Write the same stack as one volume, by nibabel or SimpleITK."""
    path = folder / f"ct{suffix}"
    matrix = affine(angle_deg)
    if suffix.startswith(".nii"):
        nib.save(nib.Nifti1Image(values.T, matrix), path)
        return path
    image = sitk.GetImageFromArray(values)
    steps = np.diag([-1, -1, 1]) @ matrix[:3, :3]
    lengths = np.linalg.norm(steps, axis=0)
    image.SetSpacing(lengths.tolist())
    image.SetDirection((steps / lengths).ravel().tolist())
    image.SetOrigin((-10, -20, 100))
    sitk.WriteImage(image, str(path))
    return path


def read(path, *, correct_tilt=False):
    scan, _, notes = scans.index_ct(
        path,
        repairs=Repairs(correct_tilt=correct_tilt),
        wording=Wording(),
    )
    box = ((0, 0, 0), scan.lattice.shape)
    return scan.lattice, scans.read_boxes(path, scan, [box])[0], notes


SUFFIXES = [".nii.gz", ".nrrd", ".mha"]


@pytest.mark.parametrize("suffix", SUFFIXES)
@pytest.mark.parametrize("angle_deg", [0, 0.02, 0.4, 0.6, 14, 30])
def test_tilt_is_accepted_refused_and_corrected_as_in_dicom(
    tmp_path, suffix, angle_deg
):
    of_dicom = dicom(tmp_path / "ct", angle_deg)
    of_file = one_file(tmp_path, angle_deg, suffix)
    if angle_deg > 0.5:
        sentences = []
        for path in (of_dicom, of_file):
            with pytest.raises(InputError) as caught:
                read(path)
            assert caught.value.reason == "gantry_tilt"
            sentences.append(str(caught.value))
        assert sentences[0] == sentences[1]
        assert f"tilted by {angle_deg:.1f} degrees" in sentences[0]
    lattice, values, notes = read(of_file, correct_tilt=True)
    wanted, same, same_notes = read(of_dicom, correct_tilt=True)
    assert lattice.difference(wanted) is None
    np.testing.assert_array_equal(values, same)
    assert notes == same_notes
    assert len(notes) == (angle_deg > 0.5)
    corner = nib.affines.apply_affine(affine(angle_deg), [3, 4, 5]) * [-1, -1, 1]
    np.testing.assert_allclose(lattice.to_points((5, 4, 3)), corner, atol=1e-3)


@pytest.mark.parametrize("suffix", SUFFIXES)
@pytest.mark.parametrize("angle_deg", [0.4, 14])
def test_labels_of_a_tilted_stack_lie_on_its_slices(tmp_path, suffix, angle_deg):
    labels = np.zeros(VALUES.shape, np.uint8)
    labels[1:5, 2:4, 1:3] = 1
    ct, *_ = read(dicom(tmp_path / "ct", angle_deg), correct_tilt=True)
    path = one_file(tmp_path, angle_deg, suffix, labels)
    (region,) = read_segmentation(path).regions
    placed = place(region, ct)
    assert placed.note is None
    assert placed.start == (1, 2, 1)
    assert placed.mask.shape == (4, 2, 2)
    assert placed.mask.all()


@pytest.mark.parametrize("suffix", SUFFIXES)
@pytest.mark.parametrize("shear", ["in the slices", "beyond any gantry"])
def test_other_shears_are_refused_in_every_column(tmp_path, suffix, shear):
    matrix = affine(60 if shear == "beyond any gantry" else 0)
    if shear == "in the slices":
        matrix[0, 1] = 0.1
    path = tmp_path / f"a{suffix}"
    image = sitk.GetImageFromArray(np.ones(VALUES.shape, np.uint8))
    if suffix.startswith(".nii"):
        nib.save(nib.Nifti1Image(np.ones(VALUES.shape, np.uint8), matrix), path)
    else:
        steps = np.diag([-1, -1, 1]) @ matrix[:3, :3]
        lengths = np.linalg.norm(steps, axis=0)
        image.SetSpacing(lengths.tolist())
        image.SetDirection((steps / lengths).ravel().tolist())
        sitk.WriteImage(image, str(path))
    for reader in (
        lambda: read(path, correct_tilt=True),
        lambda: read_segmentation(path),
    ):
        with pytest.raises(InputError, match="not at right angles"):
            reader()


def test_the_tilt_of_a_pet_leaves_its_suv_empty(tmp_path):
    path = one_file(tmp_path, 14, ".nii.gz", np.abs(VALUES))
    with pytest.raises(InputError, match=r"tilted by 14\.0 degrees"):
        scans.index_pet(path, repairs=Repairs())
    _, notes = scans.index_pet(path, repairs=Repairs(correct_tilt=True))
    assert notes == ("gantry tilt of 14.0 degrees corrected",)
