"""CT and PET as one volume file, against SimpleITK and nibabel."""

import gzip

import nibabel as nib
import numpy as np
import pytest
import SimpleITK as sitk

from nodal_staging.exams import scans, volumes
from nodal_staging.exams.dicom import Repairs, Wording
from nodal_staging.exams.volumes import VolumeError
from nodal_staging.geometry import Lattice
from nodal_staging.study.errors import ChangedFileError

TURN = np.linalg.qr(np.random.default_rng(5).standard_normal((3, 3)))[0]
BOXES = [((0, 0, 0), (7, 6, 5)), ((2, 1, 3), (3, 4, 2)), ((6, 5, 4), (1, 1, 1))]


@pytest.fixture(params=["straight", "flipped", "oblique"])
def image(request):
    values = np.random.default_rng(2).integers(-1024, 2000, (7, 6, 5)).astype(np.int16)
    image = sitk.GetImageFromArray(values)
    image.SetSpacing((0.7, 0.8, 3.0))
    image.SetOrigin((-120.5, 33.25, -800.0))
    directions = {
        "straight": np.eye(3),
        "flipped": np.diag([-1.0, 1.0, -1.0]),
        "oblique": TURN,
    }
    image.SetDirection(directions[request.param].ravel().tolist())
    return image


def lattice_of(image):
    return Lattice(
        image.GetSize()[::-1],
        image.GetSpacing(),
        image.GetOrigin(),
        image.GetDirection(),
    )


def same(path, image):
    """Compare lattice and boxes with the image that was written."""
    found = volumes.index_volume(path, unit="HU")
    assert lattice_of(image).difference(found.lattice) is None
    values = sitk.GetArrayFromImage(image)
    boxes = volumes.read_boxes(path, found, BOXES)
    for (start, shape), box in zip(BOXES, boxes, strict=True):
        z, y, x = (slice(a, a + n) for a, n in zip(start, shape, strict=True))
        np.testing.assert_allclose(box, np.maximum(values[z, y, x], -1024), rtol=1e-6)
    return found


@pytest.mark.parametrize("kind", [sitk.sitkInt16, sitk.sitkInt32, sitk.sitkFloat32])
@pytest.mark.parametrize("name", ["ct.nii", "ct.nii.gz", "ct.nrrd"])
def test_volumes_lie_where_simpleitk_writes_them(tmp_path, image, name, kind):
    written = sitk.Cast(image, kind)
    sitk.WriteImage(written, str(tmp_path / name), useCompression=True)
    found = same(tmp_path / name, written)
    assert scans.from_json(scans.to_json(found)) == found


def test_nrrd_without_compression(tmp_path, image):
    sitk.WriteImage(image, str(tmp_path / "ct.nrrd"), useCompression=False)
    same(tmp_path / "ct.nrrd", image)


def test_scaled_nifti_comes_back_in_its_unit(tmp_path):
    values = np.random.default_rng(3).integers(0, 3000, (5, 6, 7)).astype(np.int16)
    written = nib.Nifti1Image(values, np.diag([2.0, 2.0, 3.0, 1.0]))
    written.header.set_slope_inter(0.01, 0.5)
    nib.save(written, tmp_path / "pet.nii.gz")
    scan, notes = scans.index_pet(tmp_path / "pet.nii.gz", repairs=Repairs())
    box = ((0, 0, 0), scan.lattice.shape)
    (suv,) = scans.read_boxes(tmp_path / "pet.nii.gz", scan, [box])
    oracle = nib.load(tmp_path / "pet.nii.gz").get_fdata().T
    np.testing.assert_allclose(suv, oracle, rtol=1e-6)
    assert notes == ()


def test_a_volume_says_nothing_of_contrast(tmp_path, image):
    sitk.WriteImage(image, str(tmp_path / "ct.nrrd"))
    _, acquisition, _ = scans.index_ct(
        tmp_path / "ct.nrrd", repairs=Repairs(), wording=Wording()
    )
    assert not acquisition.contrast_agent
    assert acquisition.moment is None


def damaged(content: bytes, kind: str) -> bytes:
    if kind == "truncated":
        return content[: len(content) * 2 // 3]
    if kind == "no place":
        return content.replace(b"space origin", b"spice origin")
    if kind == "elsewhere":
        return content.replace(b"encoding:", b"data file: /etc/passwd\nencoding:", 1)
    if kind == "nan axis":
        return content.replace(
            b"space directions: (0.", b"space directions: (nan,0.", 1
        )
    return b"NRRD0004\n" + b"\0" * 99


@pytest.mark.parametrize(
    "kind", ["truncated", "no place", "elsewhere", "nan axis", "rubbish"]
)
def test_a_damaged_nrrd_is_one_sentence(tmp_path, kind):
    values = np.random.default_rng(2).integers(-99, 99, (7, 6, 5)).astype(np.int16)
    image = sitk.GetImageFromArray(values)
    image.SetSpacing((0.7, 0.8, 3.0))
    path = tmp_path / "Doe.nrrd"
    sitk.WriteImage(image, str(path), useCompression=True)
    path.write_bytes(damaged(path.read_bytes(), kind))
    fix = "or write the volume as one" if kind == "elsewhere" else "write it again$"
    with pytest.raises(VolumeError, match=fix):
        found = volumes.index_volume(path, unit="HU")
        volumes.read_boxes(path, found, BOXES[:1])


def test_voxels_that_are_not_numbers_are_refused(tmp_path):
    """At inspection, and in a file that was exchanged after it."""
    values = np.zeros((4, 4, 4), np.float32)
    for name in ("pet.nrrd", "pet.nii"):
        path = tmp_path / name
        sitk.WriteImage(sitk.GetImageFromArray(values), str(path))
        found = volumes.index_volume(path, unit="SUV")
        hurt = values.copy()
        hurt[1, 2, 3] = np.nan
        sitk.WriteImage(sitk.GetImageFromArray(hurt), str(path))
        with pytest.raises(VolumeError, match="not finite"):
            volumes.read_boxes(path, found, [((0, 0, 0), (4, 4, 4))])
        with pytest.raises(VolumeError, match="not finite"):
            volumes.index_volume(path, unit="SUV")


def test_a_file_exchanged_after_inspection_is_noticed(tmp_path, image):
    path = tmp_path / "ct.nii"
    sitk.WriteImage(image, str(path))
    found = volumes.index_volume(path, unit="HU")
    path.write_bytes(path.read_bytes() + b"\0")
    with pytest.raises(ChangedFileError, match="changed since it was inspected"):
        volumes.read_boxes(path, found, BOXES)


def test_a_gzip_that_inflates_to_less_than_declared_is_refused(tmp_path, image):
    sitk.WriteImage(image, str(tmp_path / "a.nii"))
    content = (tmp_path / "a.nii").read_bytes()
    (tmp_path / "b.nii.gz").write_bytes(gzip.compress(content[:-10]))
    with pytest.raises(VolumeError, match="truncated"):
        volumes.index_volume(tmp_path / "b.nii.gz", unit="HU")


@pytest.mark.parametrize("shift_mm", [0.3, 1.4])
def test_a_nifti_that_places_its_voxels_twice_is_refused(tmp_path, shift_mm):
    """SimpleITK follows one form where nibabel follows the other."""
    affine = np.diag([2.0, 2.0, 3.0, 1.0])
    written = nib.Nifti1Image(np.zeros((7, 6, 5), np.int16), affine)
    written.set_sform(affine, 1)
    affine[0, 3] = shift_mm
    written.set_qform(affine, 1)
    nib.save(written, tmp_path / "ct.nii")
    if shift_mm < 1:
        volumes.index_volume(tmp_path / "ct.nii", unit="HU")
        return
    with pytest.raises(VolumeError, match="sform and qform"):
        volumes.index_volume(tmp_path / "ct.nii", unit="HU")


def test_values_beyond_single_precision_are_refused(tmp_path):
    voxels = np.zeros((4, 4, 4))
    voxels[1, 2, 3] = 1e300
    sitk.WriteImage(sitk.GetImageFromArray(voxels), str(tmp_path / "pet.nii"))
    lines = (
        "NRRD0004",
        "type: double",
        "dimension: 3",
        "space: left-posterior-superior",
        "sizes: 4 4 4",
        "space directions: (1,0,0) (0,1,0) (0,0,1)",
        "kinds: domain domain domain",
        "endian: little",
        "encoding: raw",
        "space origin: (0,0,0)",
    )
    content = "\n".join(lines).encode() + b"\n\n" + voxels.tobytes()
    (tmp_path / "pet.nrrd").write_bytes(content)
    for name in ("pet.nii", "pet.nrrd"):
        with pytest.raises(VolumeError, match=r"not finite"):
            volumes.index_volume(tmp_path / name, unit="SUV")


@pytest.mark.parametrize("end", [0, 3, 99, -1])
@pytest.mark.parametrize("compressed", [True, False])
def test_a_truncated_nrrd_is_noticed_when_it_is_indexed(
    tmp_path, image, end, compressed
):
    path = tmp_path / "ct.nrrd"
    sitk.WriteImage(image, str(path), useCompression=compressed)
    path.write_bytes(path.read_bytes()[:end])
    with pytest.raises(VolumeError, match=r"; "):
        volumes.index_volume(path, unit="HU")


def test_a_nrrd_that_goes_on_is_noticed_when_it_is_indexed(tmp_path, image):
    path = tmp_path / "ct.nrrd"
    sitk.WriteImage(image, str(path), useCompression=False)
    path.write_bytes(path.read_bytes() + b"\0")
    with pytest.raises(VolumeError, match="more than the voxels"):
        volumes.index_volume(path, unit="HU")


def test_a_nrrd_of_layers_is_no_volume(tmp_path):
    values = np.zeros((4, 4, 4, 2), np.int16)
    path = tmp_path / "ct.nrrd"
    sitk.WriteImage(sitk.GetImageFromArray(values, isVector=True), str(path))
    with pytest.raises(VolumeError, match=r"^2 values a voxel"):
        volumes.index_volume(path, unit="HU")


def test_a_file_of_other_sizes_and_the_same_length_is_noticed(tmp_path):
    """A box of the old sizes would lie elsewhere in the body."""
    path = tmp_path / "ct.nii"
    nib.save(nib.Nifti1Image(np.zeros((4, 6, 8), np.int16), np.eye(4)), path)
    found = volumes.index_volume(path, unit="HU")
    nib.save(nib.Nifti1Image(np.zeros((8, 6, 4), np.int16), np.eye(4)), path)
    with pytest.raises(ChangedFileError, match="changed since it was inspected"):
        volumes.read_boxes(path, found, [((0, 0, 0), (8, 6, 4))])


def test_a_file_that_cannot_be_opened_is_one_sentence(tmp_path, image, monkeypatch):
    path = tmp_path / "Doe.nii"
    sitk.WriteImage(image, str(path))

    def refuse(*arguments, **options):
        raise PermissionError(13, "Permission denied", str(path))

    monkeypatch.setattr(type(path), "open", refuse)
    with pytest.raises(VolumeError, match=r"^the file cannot be opened"):
        volumes.index_volume(path, unit="HU")
