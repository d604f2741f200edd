"""One judgement of a NIfTI header, whether it is that of a CT or of labels.

Voxels and lattices are compared with nibabel and with matrices worked out here.
"""

import gzip
import itertools
import time

import nibabel as nib
import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from nodal_staging.exams import scans, voxel_stream
from nodal_staging.exams.dicom import Repairs, Wording
from nodal_staging.exams.isolation import isolated
from nodal_staging.exams.segmentation.reading import read_segmentation
from nodal_staging.exams.volumes import index_volume, read_boxes
from nodal_staging.study.errors import (
    InputError,
    SegmentationError,
    VolumeError,
    naming,
)

PLACE = "exam E0001, column ct"
SECRET = "Sekretowski"
LONGEST_S = 20
SIZES = (5, 6, 7)
"""Along x, y and z."""

VOXELS = np.zeros(SIZES, np.int16)
VOXELS[1:3, 2:4, 1:5] = 1
VOXELS[4, 3, 5:] = 2
AFFINE = np.diag([-0.7, -0.8, 3.0, 1.0])
HALF_TURN = {"sform_code": 0, "qform_code": 1, "pixdim": [1, 0.7, 0.8, 3, 0, 0, 0, 0]}
"""A qform whose quaternion (0, 0, 0, 1) turns x and y, as AFFINE does."""

HALF_TURN |= {"quatern_b": 0, "quatern_c": 0, "quatern_d": 1}
NO_QFORM = {"qform_code": 0, "sform_code": 1}


@pytest.fixture(autouse=True)
def soon_and_in_silence(capfd):
    """Bound the time, and let nothing of a header reach the terminal."""
    began = time.monotonic()
    yield
    assert time.monotonic() - began < LONGEST_S
    assert SECRET not in "".join(capfd.readouterr())


def content(voxels=VOXELS, *, version=1, order="<", affine=AFFINE, **fields) -> bytes:
    """Write a NIfTI file, then overwrite fields of its header."""
    image_type, header_type = {
        1: (nib.Nifti1Image, nib.Nifti1Header),
        2: (nib.Nifti2Image, nib.Nifti2Header),
    }[version]
    header = header_type(endianness=order)
    header.set_data_dtype(voxels.dtype)
    image = image_type(voxels, affine, header)
    image.set_sform(affine, 1)
    image.set_qform(affine, 1)
    image.header["descrip"] = SECRET
    written = bytearray(image.to_bytes())
    for name, value in fields.items():
        kind, place = header_type.template_dtype.fields[name][:2]
        raw = np.array(value, dtype=kind.base.newbyteorder(order)).tobytes()
        written[place : place + len(raw)] = raw
    return bytes(written)


def write(path, written: bytes):
    zipped = path.suffix.lower() == ".gz"
    path.write_bytes(gzip.compress(written, 1) if zipped else written)
    return path


def read_volume(path):
    """Read a CT whole, in the unit of PET, which is not cut off below."""
    found = index_volume(path, unit="SUV")
    box = ((0, 0, 0), found.lattice.shape)
    return found.lattice, read_boxes(path, found, [box])[0]


def read_labels(path):
    """Read labels, as values ``(z, y, x)``."""
    regions = read_segmentation(path).regions
    lattice = regions[0].lattice
    values = np.zeros(lattice.shape)
    for region in regions:
        z, y, x = (
            slice(low, low + size)
            for low, size in zip(region.start, region.mask.shape, strict=True)
        )
        values[z, y, x][region.mask] = region.value
    return lattice, values


def judged_alike(path) -> str:
    """Return the sentence by which both readers refuse a file."""
    with pytest.raises(VolumeError) as of_volume, naming(PLACE):
        read_volume(path)
    with pytest.raises(SegmentationError) as of_labels, naming(PLACE):
        read_labels(path)
    sentence = str(of_volume.value)
    assert sentence == str(of_labels.value)
    assert sentence.startswith(f"{PLACE}: ")
    assert sentence.count(PLACE) == 1
    assert "; " in sentence
    assert len(sentence) < 400
    for hidden in (SECRET, "/", "\n"):
        assert hidden not in sentence
    return sentence


def read_alike(path):
    """Return the lattice and the values that both readers find."""
    (lattice, values), (of_labels, labels) = read_volume(path), read_labels(path)
    assert lattice == of_labels
    np.testing.assert_array_equal(values, labels)
    return lattice, values


def assert_at(lattice, affine):
    """Compare a lattice with a matrix from voxels to RAS."""
    index = np.array([(0, 0, 0), *np.eye(3, dtype=int), (4, 5, 6)])
    wanted = nib.affines.apply_affine(affine, index) * [-1, -1, 1]
    np.testing.assert_allclose(lattice.to_points(index[:, ::-1]), wanted, atol=1e-4)


# Why a header is refused: what its fields say, and the words of the sentence.
REFUSED = {
    "no form": ({"sform_code": 0, "qform_code": 0}, "neither sform nor qform"),
    "forms of negative codes": ({"sform_code": -1, "qform_code": -1}, "neither"),
    "forms apart": ({"srow_x": [-0.7, 0, 0, 1.4]}, "place the voxels differently"),
    "sform nan": ({"srow_x": [np.nan, 0, 0, 0]}, "not finite"),
    "sform infinite": ({"srow_x": [np.inf, 0, 0, 0]}, "not finite"),
    "sform 0": (NO_QFORM | {"srow_x": [0, 0, 0, 0]}, "spacing of at least"),
    "sform origin nan": ({"srow_x": [0, 0, 0, np.nan]}, "not finite"),
    "sform 1e30": (NO_QFORM | {"srow_x": [1e30, 0, 0, 0]}, "lies beyond"),
    "sheared": (NO_QFORM | {"srow_x": [-0.7, 0.3, 0, 0]}, "not at right angles"),
    "axis of no length": (NO_QFORM | {"srow_y": [-0.7, 0, 0, 0]}, "at least 0.001"),
    "axes parallel": (
        NO_QFORM | {"srow_x": [-0.7, -0.8, 0, 0], "srow_y": [0, 0, 0, 0]},
        "not at right angles",
    ),
    "origin 2 km away": (NO_QFORM | {"srow_z": [0, 0, 3, 2e6]}, "lies beyond"),
    "spacing 2 m": (NO_QFORM | {"srow_z": [0, 0, 2e3, 0]}, "lies beyond"),
    "spacing 0.1 um": (NO_QFORM | {"srow_z": [0, 0, 1e-4, 0]}, "at least 0.001 mm"),
    "quaternion 5": ({"sform_code": 0, "quatern_b": 5}, "no rotation"),
    "quaternion longer by 1e-5": (HALF_TURN | {"quatern_d": 1.00001}, "no rotation"),
    "quaternion nan": ({"sform_code": 0, "quatern_b": np.nan}, "no rotation"),
    "qform origin nan": ({"sform_code": 0, "qoffset_x": np.nan}, "not finite"),
    "pixdim 0": (HALF_TURN | {"pixdim": [1, 0, 1, 1, 0, 0, 0, 0]}, "no rotation"),
    "pixdim negative": (
        HALF_TURN | {"pixdim": [1, 0.7, -0.8, 3, 0, 0, 0, 0]},
        "positive spacings",
    ),
    "pixdim negative next to a sform": (
        {"pixdim": [1, -0.7, 0.8, 3, 0, 0, 0, 0]},
        "positive spacings",
    ),
    "pixdim nan": (HALF_TURN | {"pixdim": [1, np.nan, 1, 1, 0, 0, 0, 0]}, "rotation"),
    "handedness 2": (HALF_TURN | {"pixdim": [2, 0.7, 0.8, 3, 0, 0, 0, 0]}, "rotation"),
    "offset 1e30": ({"vox_offset": 1e30}, "vox_offset"),
    "offset -352": ({"vox_offset": -352}, "vox_offset"),
    "offset nan": ({"vox_offset": np.nan}, "vox_offset"),
    "offset infinite": ({"vox_offset": np.inf}, "vox_offset"),
    "offset 0": ({"vox_offset": 0}, "vox_offset"),
    "offset 8": ({"vox_offset": 8}, "vox_offset"),
    "offset 347": ({"vox_offset": 347}, "vox_offset"),
    "offset 348": ({"vox_offset": 348}, "vox_offset"),
    "offset 352.5": ({"vox_offset": 352.5}, "vox_offset"),
    "offset 400": ({"vox_offset": 400}, "truncated"),
    "size 0": ({"dim": [3, 0, 6, 7, 1, 1, 1, 1]}, "sizes from 1"),
    "size negative": ({"dim": [3, -5, 6, 7, 1, 1, 1, 1]}, "sizes from 1"),
    "sizes larger": ({"dim": [3, 5, 6, 8, 1, 1, 1, 1]}, "truncated"),
    "sizes smaller": ({"dim": [3, 5, 6, 6, 1, 1, 1, 1]}, "more than the voxels"),
    "sizes 32767": ({"dim": [3, *[32767] * 3, 1, 1, 1, 1]}, "sizes from 1"),
    "sizes 4096": ({"dim": [3, *[4096] * 3, 1, 1, 1, 1]}, "137438953472 bytes"),
    "two dimensions": ({"dim": [2, 5, 42, 1, 1, 1, 1, 1]}, "three dimensions"),
    "four dimensions": ({"dim": [4, 5, 6, 1, 7, 1, 1, 1]}, "three dimensions"),
    "no dimensions": ({"dim": [0, 5, 6, 7, 1, 1, 1, 1]}, "three dimensions"),
    "9 dimensions": ({"dim": [9, 5, 6, 7, 1, 1, 1, 1]}, "three dimensions"),
    "-3 dimensions": ({"dim": [-3, 5, 6, 7, 1, 1, 1, 1]}, "three dimensions"),
    "no magic": ({"magic": b"\0\0\0\0"}, "in one file with its voxels"),
    "magic of two files": ({"magic": b"ni1\0"}, "in one file with its voxels"),
    "magic of version 2": ({"magic": b"n+2\0"}, "in one file with its voxels"),
    "magic of somebody": ({"magic": b"Sekr"}, "in one file with its voxels"),
    "colours": ({"datatype": 128, "bitpix": 24}, "plain numbers"),
    "complex": ({"datatype": 32, "bitpix": 64}, "plain numbers"),
    "float128": ({"datatype": 1536, "bitpix": 128}, "plain numbers"),
    "datatype 0": ({"datatype": 0}, "plain numbers"),
    "datatype 1": ({"datatype": 1}, "plain numbers"),
    "datatype 999": ({"datatype": 999}, "plain numbers"),
    "bits of another type": ({"bitpix": 8}, "contradictory"),
    "wider type": ({"datatype": 64, "bitpix": 64}, "truncated"),
    "narrower type": ({"datatype": 2, "bitpix": 8}, "more than the voxels"),
    "slope infinite": ({"scl_slope": np.inf, "scl_inter": 0}, "scl_slope"),
    "intercept infinite": ({"scl_slope": 1, "scl_inter": np.inf}, "scl_inter"),
    "intercept nan": ({"scl_slope": 1, "scl_inter": np.nan}, "scl_inter"),
    "metres": ({"xyzt_units": 1}, "xyzt_units"),
    "micrometres": ({"xyzt_units": 3}, "xyzt_units"),
}
OTHER_LENGTH = [{"sizeof_hdr": 999}, {"sizeof_hdr": 0}]


@pytest.mark.parametrize("suffix", [".nii", ".nii.gz"])
@pytest.mark.parametrize("name", REFUSED)
def test_a_wrong_header_is_refused_for_a_ct_and_for_labels(tmp_path, name, suffix):
    fields, words = REFUSED[name]
    path = write(tmp_path / f"{SECRET}{suffix}", content(**fields))
    assert words in judged_alike(path)


@pytest.mark.parametrize("fields", OTHER_LENGTH, ids=str)
def test_a_header_of_another_length_is_no_nifti(tmp_path, fields):
    """What has the name of a NIfTI file is judged as one, and so is a gzip stream."""
    path = write(tmp_path / f"{SECRET}.nii", content(**fields))
    assert "sizeof_hdr" in judged_alike(path)
    path = write(tmp_path / f"{SECRET}.nii.gz", content(**fields))
    assert "sizeof_hdr" in judged_alike(path)
    path.rename(tmp_path / SECRET)
    path = tmp_path / SECRET
    assert "sizeof_hdr" in judged_alike(path)


def test_the_length_of_version_2_asks_for_its_magic(tmp_path):
    path = write(tmp_path / f"{SECRET}.nii", content(sizeof_hdr=540))
    assert "magic" in judged_alike(path)


@pytest.mark.parametrize(
    ("eol", "accepted"), [([13, 10, 26, 10], True), ([0] * 4, True), ([10] * 4, False)]
)
def test_line_ends_of_version_2_tell_a_transfer_as_text(tmp_path, eol, accepted):
    path = write(tmp_path / "a.nii", content(version=2, eol_check=eol))
    if accepted:
        read_alike(path)
    else:
        assert "magic" in judged_alike(path)


# Fields that do not matter for place and values, or that the standard leaves open.
READ = {
    "as written": {},
    "slope nan": {"scl_slope": np.nan, "scl_inter": np.nan},
    "slope 0": {"scl_slope": 0, "scl_inter": 99},
    "units unstated": {"xyzt_units": 0},
    "units with seconds": {"xyzt_units": 2 + 8},
    "grey values": {"cal_max": np.nan, "toffset": np.inf},
    "intent": {"intent_code": 1007, "intent_name": SECRET.encode()},
    "unknown code": {"sform_code": 77, "qform_code": 99},
    "dimensions of 1": {"dim": [7, 5, 6, 7, 1, 1, 1, 1]},
    "dimensions beyond the last": {"dim": [3, 5, 6, 7, -9, 0, 3, 4]},
    "sform alone": NO_QFORM,
    "sform next to no handedness": NO_QFORM | {"pixdim": [2, *[1] * 7]},
    "sform next to negative pixdim": NO_QFORM | {"pixdim": [1, -1, -1, 0, *[1] * 4]},
    "qform alone": HALF_TURN,
    "handedness 0": HALF_TURN | {"pixdim": [0, 0.7, 0.8, 3, 0, 0, 0, 0]},
    "quaternion rounded up": HALF_TURN | {"quatern_d": np.nextafter(np.float32(1), 2)},
}


@pytest.mark.parametrize("version", [1, 2])
@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize("name", READ)
def test_a_header_reads_the_same_for_a_ct_and_for_labels(
    tmp_path, name, order, version
):
    written = content(version=version, order=order, **READ[name])
    lattice, values = read_alike(write(tmp_path / "a.nii.gz", written))
    np.testing.assert_array_equal(values, VOXELS.T)
    assert_at(lattice, AFFINE)


@pytest.mark.parametrize("form", ["sform", "qform", "both"])
@pytest.mark.parametrize("handed", [1, -1])
@pytest.mark.parametrize("version", [1, 2])
@pytest.mark.parametrize("seed", range(5))
def test_an_oblique_grid_lies_where_its_matrix_puts_it(
    tmp_path, seed, version, handed, form
):
    rng = np.random.default_rng(seed)
    affine = np.eye(4)
    turn = Rotation.random(random_state=seed).as_matrix()
    affine[:3, :3] = turn * rng.uniform(0.4, 5, 3) * [1, 1, handed]
    affine[:3, 3] = rng.uniform(-400, 400, 3)
    codes = {"sform": NO_QFORM, "qform": {"sform_code": 0}, "both": {}}[form]
    path = write(tmp_path / "a.nii", content(version=version, affine=affine, **codes))
    lattice, _ = read_alike(path)
    assert_at(lattice, affine)
    assert_at(lattice, nib.load(path).affine)


KINDS = ["i1", "u1", "i2", "u2", "i4", "u4", "i8", "u8", "f4", "f8"]
SCALINGS = [
    (np.nan, np.nan),
    (1, 0),
    (0, 9),
    (0.01, 0.5),
    (0.37, 0),
    (1, -1024),
    (-2, 7),
]
BOXES = [((0, 0, 0), (7, 6, 5)), ((2, 1, 3), (3, 4, 2)), ((6, 5, 4), (1, 1, 1))]
BOXES += [((0, 0, 0), (1, 6, 5)), ((5, 0, 0), (2, 1, 5)), ((0, 0, 0), (7, 1, 1))]


@pytest.mark.parametrize("slab_bytes", [1, 200, 512 * 1024])
@pytest.mark.parametrize("scaling", SCALINGS, ids=str)
@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize("kind", KINDS)
def test_boxes_hold_the_very_values_of_nibabel(
    tmp_path, monkeypatch, kind, order, scaling, slab_bytes
):
    """Every type, byte order and scaling gives the same bits in single precision."""
    monkeypatch.setattr(voxel_stream, "SLAB_BYTES", slab_bytes)
    rng = np.random.default_rng(KINDS.index(kind))
    stored = rng.normal(0, 3000, SIZES)
    if kind[0] in "iu":
        bounds = np.iinfo(kind)
        stored = np.clip(np.rint(stored), bounds.min, bounds.max)
    else:
        stored[0, 0, :2] = -0.0, 1e-42
    slope, intercept = scaling
    path = tmp_path / "pet.nii.gz"
    written = content(
        stored.astype(kind), order=order, scl_slope=slope, scl_inter=intercept
    )
    path.write_bytes(gzip.compress(written, 1))
    found = index_volume(path, unit="SUV")
    boxes = read_boxes(path, found, BOXES)
    image = nib.load(path)
    for ((z, y, x), (depth, height, width)), box in zip(BOXES, boxes, strict=True):
        wanted = image.dataobj[x : x + width, y : y + height, z : z + depth]
        wanted = np.asarray(wanted, dtype=np.float32).T
        assert box.dtype == np.float32
        assert box.tobytes() == np.ascontiguousarray(wanted).tobytes()


@pytest.mark.parametrize("zipped", [True, False])
def test_any_number_of_boxes_takes_one_pass(tmp_path, monkeypatch, zipped):
    path = write(tmp_path / ("a.nii.gz" if zipped else "a.nii"), content())
    found = index_volume(path, unit="HU")
    passes = []
    original = voxel_stream.VoxelStream.slabs

    def counted(voxels):
        passes.append(voxels)
        return original(voxels)

    monkeypatch.setattr(voxel_stream.VoxelStream, "slabs", counted)
    assert len(read_boxes(path, found, BOXES * 2)) == 12
    assert len(passes) == 1


@pytest.mark.parametrize("at", [1, 200, 348, 352, 400])
def test_gzip_streams_of_several_members_are_one_file(tmp_path, at):
    written = content()
    parts = [written[:at], b"", written[at : at + 99], written[at + 99 :]]
    path = tmp_path / "a.nii.gz"
    path.write_bytes(b"".join(gzip.compress(part) for part in parts))
    _, values = read_alike(path)
    np.testing.assert_array_equal(values, VOXELS.T)


@pytest.mark.parametrize("suffix", [".nii", ".nii.gz", ".NII", ".NII.GZ"])
def test_names_in_any_case_are_volumes(tmp_path, suffix):
    path = write(tmp_path / f"{SECRET}{suffix}", content())
    scan, _, _ = scans.index_ct(path, repairs=Repairs(), wording=Wording())
    (values,) = scans.read_boxes(path, scan, BOXES[:1])
    np.testing.assert_array_equal(values, VOXELS.T)


@pytest.mark.parametrize("zipped", [True, False])
def test_content_and_not_the_name_tells_a_gzip_stream(tmp_path, zipped):
    written = gzip.compress(content()) if zipped else content()
    path = tmp_path / ("a.nii" if zipped else "a.nii.gz")
    path.write_bytes(written)
    read_alike(path)


def extended(extension: bytes) -> bytes:
    """A file with bytes between its header and its voxels."""
    written = content(vox_offset=352 + len(extension))
    return written[:352] + extension + written[352:]


@pytest.mark.parametrize(
    "extension",
    [
        np.array([32, 4], "<i4").tobytes() + SECRET.encode().ljust(24, b"\0"),
        np.array([2**31 - 1, 4], "<i4").tobytes() + bytes(24),
        np.array([-16, 0], "<i4").tobytes() + bytes(8),
        b"\xff" * 17,
    ],
)
def test_extensions_are_skipped_unread(tmp_path, extension):
    """They may identify a patient, and what they declare is not trusted."""
    _, values = read_alike(write(tmp_path / "a.nii", extended(extension)))
    np.testing.assert_array_equal(values, VOXELS.T)


def test_extensions_are_bounded(tmp_path):
    path = write(tmp_path / "a.nii.gz", extended(bytes(17 * 2**20)))
    assert "vox_offset" in judged_alike(path)


@pytest.mark.parametrize("suffix", [".nii", ".nii.gz"])
def test_every_cut_is_refused(tmp_path, suffix):
    path = write(tmp_path / f"{SECRET}{suffix}", content())
    whole = path.read_bytes()
    ends = itertools.chain(range(0, len(whole), 37), range(len(whole) - 12, len(whole)))
    for end in ends:
        path.write_bytes(whole[:end])
        for read in (read_volume, read_labels):
            with pytest.raises(InputError, match=PLACE), naming(PLACE):
                read(path)


@pytest.mark.parametrize("suffix", [".nii", ".nii.gz"])
@pytest.mark.parametrize("more", [b"\0", b"\0" * 16, SECRET.encode()])
def test_bytes_after_the_last_voxel_are_refused(tmp_path, suffix, more):
    """Voxels that the header does not declare mean that one of both is wrong."""
    path = write(tmp_path / f"{SECRET}{suffix}", content() + more)
    assert "more than the voxels" in judged_alike(path)


def test_bytes_after_a_gzip_stream_are_refused(tmp_path):
    path = tmp_path / f"{SECRET}.nii.gz"
    path.write_bytes(gzip.compress(content()) + SECRET.encode())
    assert "truncated or damaged" in judged_alike(path)


def test_a_gzip_stream_with_a_wrong_checksum_is_refused(tmp_path):
    path = write(tmp_path / f"{SECRET}.nii.gz", content())
    written = bytearray(path.read_bytes())
    written[-6] ^= 1
    path.write_bytes(written)
    assert "truncated or damaged" in judged_alike(path)


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf, 1e300])
@pytest.mark.parametrize("kind", ["f4", "f8"])
def test_values_that_are_not_finite_are_refused(tmp_path, kind, value):
    voxels = VOXELS.astype(kind)
    with np.errstate(over="ignore"):
        voxels[4, 3, 2] = value
    path = write(tmp_path / f"{SECRET}.nii.gz", content(voxels))
    with pytest.raises(VolumeError, match="not finite numbers"):
        read_volume(path)
    with pytest.raises(SegmentationError, match="fractions or no numbers"):
        read_labels(path)


def test_a_slope_beyond_single_precision_is_refused(tmp_path):
    path = write(tmp_path / "a.nii", content(scl_slope=3e38, scl_inter=0))
    with pytest.raises(VolumeError, match="not finite numbers"):
        read_volume(path)


def test_a_gzip_bomb_is_inflated_no_further_than_declared(tmp_path):
    path = tmp_path / f"{SECRET}.nii.gz"
    with gzip.open(path, "wb", compresslevel=1) as file:
        file.write(content())
        for _ in range(300):
            file.write(b"\0" * (1 << 20))
    for read in (read_volume, read_labels):
        with (
            pytest.raises(InputError, match="more than the voxels") as refused,
            naming(PLACE),
        ):
            isolated(read, path, memory_mb=300, seconds=15)
        assert str(refused.value).startswith(f"{PLACE}: ")


def test_a_gzip_bomb_of_sizes_that_no_exam_has_is_refused(tmp_path):
    written = content(dim=[3, 4096, 4096, 4096, 1, 1, 1, 1])
    path = tmp_path / f"{SECRET}.nii.gz"
    path.write_bytes(gzip.compress(written) + gzip.compress(b"\0" * (100 << 20)))
    assert "bytes of voxels" in judged_alike(path)


@pytest.mark.parametrize("suffix", [".nii", ".nii.gz"])
@pytest.mark.parametrize("kind", ["<f4", "<f8", "scaled <i2"])
def test_values_that_are_not_finite_are_refused_at_inspection(tmp_path, kind, suffix):
    """Boxes of some nodes may be sound, so only the whole volume shows them."""
    values = np.zeros((6, 5, 4), kind.split()[-1])
    values[5, 4, 3] = 30_000 if kind.startswith("scaled") else np.nan
    image = nib.Nifti1Image(values, np.eye(4))
    if kind.startswith("scaled"):
        image.header.set_slope_inter(1e35, 0)
    path = tmp_path / f"ct{suffix}"
    image.to_filename(path)
    with (
        pytest.raises(VolumeError, match="not finite numbers") as caught,
        naming(PLACE),
    ):
        index_volume(path, unit="HU")
    assert str(caught.value).count(PLACE) == 1
