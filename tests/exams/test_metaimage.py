"""MetaImage as CT, PET and labels, against SimpleITK."""

import re

import numpy as np
import pytest
import SimpleITK as sitk

from nodal_staging.exams import volumes
from nodal_staging.exams.segmentation.reading import read_segmentation
from nodal_staging.exams.volumes import VolumeError
from nodal_staging.geometry import Lattice

TURN = np.linalg.qr(np.random.default_rng(7).standard_normal((3, 3)))[0]
SECRET = "Sekretowski"
VALUES = np.random.default_rng(4).integers(0, 200, (7, 6, 5))


def image_of(values, kind=sitk.sitkInt16, direction=TURN):
    image = sitk.Cast(sitk.GetImageFromArray(values), kind)
    image.SetSpacing((0.7, 0.8, 3.0))
    image.SetOrigin((-120.5, 33.25, -800.0))
    image.SetDirection(direction.ravel().tolist())
    return image


def read(path):
    found = volumes.index_volume(path, unit="SUV")
    box = ((0, 0, 0), found.lattice.shape)
    return found.lattice, volumes.read_boxes(path, found, [box])[0]


def assert_same(path, image):
    """Both readers see the voxels where SimpleITK sees them."""
    wanted = Lattice(
        image.GetSize()[::-1],
        image.GetSpacing(),
        image.GetOrigin(),
        image.GetDirection(),
    )
    lattice, values = read(path)
    assert lattice.difference(wanted) is None
    np.testing.assert_array_equal(values, sitk.GetArrayFromImage(image))


KINDS = {
    "i1": sitk.sitkInt8,
    "u1": sitk.sitkUInt8,
    "i2": sitk.sitkInt16,
    "u2": sitk.sitkUInt16,
    "i4": sitk.sitkInt32,
    "u4": sitk.sitkUInt32,
    "i8": sitk.sitkInt64,
    "u8": sitk.sitkUInt64,
    "f4": sitk.sitkFloat32,
    "f8": sitk.sitkFloat64,
}


@pytest.mark.parametrize("compressed", [True, False])
@pytest.mark.parametrize("suffix", [".mha", ".mhd"])
@pytest.mark.parametrize("kind", KINDS)
def test_what_simpleitk_writes_is_read(tmp_path, kind, suffix, compressed):
    path = tmp_path / f"a{suffix}"
    values = np.minimum(VALUES, 100)
    image = image_of(values, KINDS[kind])
    sitk.WriteImage(image, str(path), useCompression=compressed)
    assert_same(path, sitk.ReadImage(str(path)))


@pytest.mark.parametrize("direction", [np.eye(3), np.diag([-1.0, 1, -1]), TURN])
def test_labels_lie_where_simpleitk_sees_them(tmp_path, direction):
    labels = np.zeros((7, 6, 5), np.uint8)
    labels[2:5, 1:3, 2:4], labels[6, 5, 4] = 1, 7
    image = image_of(labels, sitk.sitkUInt8, direction)
    sitk.WriteImage(image, str(tmp_path / "a.mha"), useCompression=True)
    regions = read_segmentation(tmp_path / "a.mha").regions
    shapes = sitk.LabelShapeStatisticsImageFilter()
    shapes.Execute(image)
    assert [region.value for region in regions] == [1, 7]
    for region in regions:
        points = region.lattice.to_points(np.argwhere(region.mask) + region.start)
        np.testing.assert_allclose(
            points.mean(axis=0), shapes.GetCentroid(region.value), atol=1e-5
        )
        assert len(points) == shapes.GetNumberOfPixels(region.value)


def test_a_folder_of_headers_and_voxels_is_one_layer_each(tmp_path):
    for name, compressed in (("a", False), ("b", True)):
        image = image_of((VALUES == VALUES.max()).astype(np.uint8), sitk.sitkUInt8)
        sitk.WriteImage(image, str(tmp_path / f"{name}.mhd"), useCompression=compressed)
    found = read_segmentation(tmp_path)
    assert [region.name for region in found.regions] == ["a", "b"]


HEADER = {
    "ObjectType": "Image",
    "NDims": "3",
    "BinaryData": "True",
    "BinaryDataByteOrderMSB": "True",
    "CompressedData": "False",
    "TransformMatrix": "1 0 0 0 1 0 0 0 1",
    "Offset": "1 2 3",
    "ElementSpacing": "0.7 0.8 3",
    "DimSize": "5 6 7",
    "ElementType": "MET_SHORT",
    "ElementDataFile": "LOCAL",
}


def content(voxels=None, **changes) -> bytes:
    tags = {name: value for name, value in (HEADER | changes).items() if value}
    data = tags.pop("ElementDataFile", None)
    lines = [f"{name} = {value}" for name, value in tags.items()]
    lines += [f"ElementDataFile = {data}"] if data else []
    voxels = VALUES.astype(">i2").tobytes() if voxels is None else voxels
    return ("\n".join(lines) + "\n").encode() + voxels


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"BinaryDataByteOrderMSB": None, "ElementByteOrderMSB": "True"},
        {"TransformMatrix": None, "Rotation": " ".join(map(str, TURN.ravel()))},
        {"Offset": None, "Position": "-4 5 6.5"},
        {"PatientName": SECRET, "Comment": SECRET},
        {"HeaderSize": "0", "CenterOfRotation": "0 0 0"},
    ],
    ids=str,
)
def test_big_endian_and_other_names_of_tags_are_read(tmp_path, changes):
    path = tmp_path / "a.mha"
    path.write_bytes(content(**changes))
    assert_same(path, sitk.ReadImage(str(path)))


REFUSED = {
    "list": ({"ElementDataFile": "LIST"}, "one file per slice .* as one .mha file"),
    "pattern": ({"ElementDataFile": "a%d.raw 1 7 1"}, "one file per slice"),
    "elsewhere": ({"ElementDataFile": "/etc/passwd"}, "in another folder"),
    "above": ({"ElementDataFile": "../a.raw"}, "in another folder"),
    "absent": ({"ElementDataFile": "b.raw"}, "not next to it; copy it there"),
    "ascii": ({"BinaryData": "False"}, "BinaryData as true"),
    "no matrix": ({"TransformMatrix": None}, "no tag TransformMatrix"),
    "no origin": ({"Offset": None}, "no tag Offset"),
    "no spacing": ({"ElementSpacing": None}, "no tag ElementSpacing"),
    "spacing 0": ({"ElementSpacing": "0 1 1"}, "positive ElementSpacing"),
    "spacing nan": ({"ElementSpacing": "nan 1 1"}, "not finite"),
    "matrix of zeros": ({"TransformMatrix": "0 " * 9}, "unit vectors"),
    "sheared": ({"TransformMatrix": "1 0 0 .6 .8 0 0 0 1"}, "not at right angles"),
    "four": ({"NDims": "4", "DimSize": "5 6 7 1"}, "NDims as 3"),
    "size 0": ({"DimSize": "5 0 7"}, "sizes from 1"),
    "huge": ({"DimSize": "4096 4096 4096"}, "more than the"),
    "type": ({"ElementType": "MET_STRING"}, "ElementType"),
    "colours": ({"ElementNumberOfChannels": "3"}, "3 values a voxel"),
    "short": ({"DimSize": "5 6 8"}, "truncated"),
    "long": ({"DimSize": "5 6 6"}, "more than the voxels"),
    "scaled": ({"ElementToIntensityFunctionSlope": "2"}, "FunctionSlope as 1"),
    "skipped": ({"HeaderSize": "-1"}, "HeaderSize as 0"),
    "not compressed": ({"CompressedData": "True"}, "truncated or damaged"),
    "no end": ({"ElementDataFile": None}, "does not end with ElementDataFile"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_not_one_plain_volume_is_refused(tmp_path, name):
    changes, words = REFUSED[name]
    path = tmp_path / f"{SECRET}.mha"
    voxels = b"" if name == "no end" else None
    path.write_bytes(content(voxels, **changes))
    with pytest.raises(VolumeError) as caught:
        read(path)
    sentence = str(caught.value)
    assert re.search(words, sentence)
    assert "; " in sentence
    assert SECRET not in sentence


def test_compressed_voxels_end_where_they_should(tmp_path):
    """A cut, a flipped bit or bytes behind them never give other voxels."""
    path = tmp_path / "a.mha"
    sitk.WriteImage(image_of(VALUES), str(path), useCompression=True)
    whole = path.read_bytes()
    start = whole.index(b"LOCAL\n") + 6
    truth = read(path)[1]
    for end in range(start, len(whole)):
        path.write_bytes(whole[:end])
        with pytest.raises(VolumeError):
            read(path)
    path.write_bytes(whole + b"x")
    with pytest.raises(VolumeError, match="damaged"):
        read(path)
    for at in range(start, len(whole)):
        path.write_bytes(whole[:at] + bytes([whole[at] ^ 4]) + whole[at + 1 :])
        try:
            values = read(path)[1]
        except VolumeError:
            continue
        np.testing.assert_array_equal(values, truth)


def test_a_link_to_voxels_elsewhere_is_refused(tmp_path):
    (tmp_path / "b").mkdir()
    path = tmp_path / "b" / "a.mhd"
    path.write_bytes(content(b"", ElementDataFile="a.raw"))
    (tmp_path / "a.raw").write_bytes(VALUES.astype(">i2").tobytes())
    (tmp_path / "b" / "a.raw").symlink_to(tmp_path / "a.raw")
    with pytest.raises(VolumeError, match="leads out of its folder"):
        read(path)
    (tmp_path / "b" / "a.raw").unlink()
    (tmp_path / "a.raw").rename(tmp_path / "b" / "a.raw")
    assert_same(path, sitk.ReadImage(str(path)))
