"""Every format gives the labels, voxels and places that other readers see in it."""

import gzip
import warnings
import zipfile
from dataclasses import replace

import nibabel
import numpy as np
import pytest
import segmentation_files as files
import SimpleITK as sitk
from pydicom.uid import ImplicitVRLittleEndian
from scipy.spatial.transform import Rotation
from segmentation_files import GRID, volume

from nodal_staging.exams import voxel_stream
from nodal_staging.exams.segmentation import gathering
from nodal_staging.exams.segmentation.reading import read_labels, read_segmentation
from nodal_staging.exams.segmentation.regions import Label
from nodal_staging.geometry import Lattice, as_image
from nodal_staging.phantom.mitk_writer import write_json_labels, write_multilabel
from nodal_staging.study.errors import SegmentationError

PLACE = "patient P1, exam E1, column segmentation"
AWKWARD = ["LN1 \"re\" <pos> & 'li'", "axillär ß µ 淋巴", "  ", "a\\nb:=c", "'"]
OBLIQUE = Lattice(
    (5, 6, 7),
    (0.7, 0.8, 3.0),
    (-10.0, -20.0, 30.0),
    tuple(Rotation.from_euler("xyz", [20, -35, 50], degrees=True).as_matrix().ravel()),
)


def read(tmp_path, content: bytes, name="file"):
    path = tmp_path / name
    path.write_bytes(content)
    return read_segmentation(path)


def points(region) -> np.ndarray:
    """LPS centres of a region's voxels, in a fixed order."""
    found = region.lattice.to_points(np.argwhere(region.mask) + region.start)
    return found[np.lexsort(found.round(2).T)]


def expected_points(values, label, lattice=GRID) -> np.ndarray:
    """The same by SimpleITK, voxel for voxel."""
    image = as_image(values.astype(np.uint16), lattice)
    found = np.array(
        [
            image.TransformIndexToPhysicalPoint(index[::-1].tolist())
            for index in np.argwhere(values == label)
        ]
    )
    return found[np.lexsort(found.round(2).T)]


def assert_holds(segmentation, values=None, lattice=GRID, *, layer=0):
    """The regions of a layer are exactly the labels of a volume."""
    values = volume() if values is None else values
    regions = [r for r in segmentation.regions if r.layer == layer]
    assert [r.value for r in regions] == np.unique(values[values > 0]).tolist()
    for region in regions:
        assert region.mask.any(axis=(1, 2))[[0, -1]].all()  # the box is tight
        wanted = expected_points(values, region.value, lattice)
        np.testing.assert_allclose(points(region), wanted, atol=1e-4)


def names(segmentation) -> dict:
    return {(label.layer, label.value): label.name for label in segmentation.labels}


# --- real and reconstructed files -----------------------------------------------------

REAL = {
    "reconstructed/mitk2016_single_node.nrrd": {(0, 1): ("LN1_pos_iliakal", 361)},
    "reconstructed/mitk2016_four_nodes.nrrd": {
        (0, 1): ("LN1 pos iliakal re.", 361),
        (0, 2): ('LN2 neg inguinal "li"', 125),
        (0, 3): ("LN3 neg axillär", 325),
        (0, 4): ("leer", 0),
    },
    "reconstructed/mitk2018_two_layers_same_value.nrrd": {
        (0, 1): ("LN1", 361),
        (0, 2): ("LN2", 125),
        (1, 1): ("LN1b overlaps LN1", 311),
    },
    "reconstructed/mitk2024_v2_groups.nrrd": {
        (0, 1): ('LN1 "pos"', 361),
        (0, 2): ("LN2 ä", 125),
        (1, 3): ("overlap", 311),
    },
    "reconstructed/plain_binary_uchar_1.nrrd": {(0, 1): (None, 361)},
    "mitk2023_lib/mitk2023_v1_single_axial.nrrd": {
        (0, 1): ("LN 01 iliakal links äöü", 201),
        (0, 2): ('LN_02 retroperitoneal <neg> & "x"', 65),
        (0, 7): ("leer (no voxels)", 0),
    },
    "mitk2023_lib/mitk_legacy_single_axial.nrrd": {
        (0, 1): ("LN 01 iliakal links äöü", 201),
        (0, 2): ('LN_02 retroperitoneal <neg> & "x"', 65),
        (0, 7): ("leer (no voxels)", 0),
    },
    "pynrrd/BallBinary30x30x30_gz.nrrd": {(0, 257): (None, 14328)},
}


@pytest.mark.parametrize("name", REAL)
def test_real_nrrd_files_hold_what_simpleitk_sees(real_files, name):
    segmentation = read_segmentation(real_files / name)
    assert names(segmentation) == {k: label for k, (label, _) in REAL[name].items()}
    image = sitk.ReadImage(str(real_files / name))
    components = image.GetNumberOfComponentsPerPixel()
    for region in segmentation.regions:
        layer = image
        if components > 1:
            layer = sitk.VectorIndexSelectionCast(image, region.layer)
        shape = sitk.LabelShapeStatisticsImageFilter()
        shape.Execute(sitk.Cast(layer, sitk.sitkUInt16))
        assert region.mask.sum() == shape.GetNumberOfPixels(region.value)
        assert region.mask.sum() == REAL[name][region.layer, region.value][1]
        assert region.mask.sum() * region.lattice.voxel_volume_mm3 == pytest.approx(
            shape.GetPhysicalSize(region.value)
        )
        centroid = points(region).mean(axis=0)
        np.testing.assert_allclose(centroid, shape.GetCentroid(region.value), atol=1e-6)
        x, y, z, *_ = shape.GetBoundingBox(region.value)
        assert region.start == (z, y, x)


@pytest.mark.parametrize("name", REAL)
def test_real_headers_give_the_same_labels(real_files, name):
    labels = read_labels(real_files / name)
    assert {(x.layer, x.value): x.name for x in labels} == {
        key: label for key, (label, _) in REAL[name].items()
    }


@pytest.mark.parametrize(
    ("nrrd", "seg", "voxels"),
    [
        ("liver_seg.nrrd", "liver.dcm", 107098),
        ("23x38x3/nrrd/label.nrrd", "23x38x3/seg/label.seg", 322),
    ],
)
def test_dicom_and_nrrd_of_one_organ_agree(real_files, nrrd, seg, voxels):
    (drawn,) = read_segmentation(real_files / "dcmqi" / nrrd).regions
    (coded,) = read_segmentation(real_files / "dcmqi" / seg).regions
    assert drawn.mask.sum() == coded.mask.sum() == voxels
    np.testing.assert_allclose(points(drawn), points(coded), atol=1e-3)
    assert (drawn.name, coded.name) == (None, "Liver")


@pytest.mark.parametrize(
    "name", ["dcmqi/liver.dcm", "highdicom/seg_image_ct_binary.dcm"]
)
def test_real_dicom_segments_lie_where_highdicom_puts_them(real_files, name):
    import highdicom

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        other = highdicom.seg.segread(real_files / name).get_volume()
    (region,) = read_segmentation(real_files / name).regions
    index = np.argwhere(other.array[..., 0])
    wanted = index @ other.affine[:3, :3].T + other.affine[:3, 3]
    wanted = wanted[np.lexsort(wanted.round(2).T)]
    np.testing.assert_allclose(points(region), wanted, atol=1e-4)


def test_a_real_nifti_mask_lies_where_nibabel_puts_it(real_files):
    path = real_files / "ibsi_suv/DRO/DRO_0_0/mask/DRO_mask.nii.gz"
    (region,) = read_segmentation(path).regions
    image = nibabel.load(path)
    index = np.argwhere(np.asanyarray(image.dataobj) == 1)
    wanted = nibabel.affines.apply_affine(image.affine, index) * [-1, -1, 1]
    assert region.mask.sum() == len(index) == 203202
    np.testing.assert_allclose(points(region).mean(axis=0), wanted.mean(axis=0))
    np.testing.assert_allclose(points(region).max(axis=0), wanted.max(axis=0))


def test_a_detached_header_is_read_with_the_voxels_next_to_it(real_files, tmp_path):
    source = real_files / "pynrrd"
    path = tmp_path / "BallBinary30x30x30.nhdr"
    path.write_bytes((source / path.name).read_bytes())
    with pytest.raises(SegmentationError, match="not next to it; copy it there"):
        read_segmentation(path)
    image = sitk.ReadImage(str(source / "BallBinary30x30x30_gz.nrrd"))
    values = sitk.GetArrayFromImage(image).astype("<i2")
    (tmp_path / "BallBinary30x30x30.raw").write_bytes(values.tobytes())
    (region,) = read_segmentation(path).regions
    assert region.mask.sum() == 14328
    path.write_bytes(path.read_bytes().replace(b"file: Ball", b"file: ./Ball"))
    (layer,) = read_segmentation(tmp_path).regions  # a folder of layers
    assert layer.name == "BallBinary30x30x30"
    np.testing.assert_array_equal(layer.mask, region.mask)


# --- NRRD -----------------------------------------------------------------------------


@pytest.mark.parametrize("encoding", ["raw", "gzip", "gz"])
@pytest.mark.parametrize(
    "kind", ["<i1", "<u1", ">i2", "<u2", ">i4", "<u4", ">i8", "<u8"]
)
def test_every_integer_type_and_byte_order(tmp_path, kind, encoding):
    content = files.nrrd(kind=kind, encoding=encoding)
    assert_holds(read(tmp_path, content))


SPELLINGS = {  # NRRD file format, version 5, section 4
    "i1": ["signed char", "int8", "int8_t"],
    "u1": ["uchar", "unsigned char", "uint8", "uint8_t"],
    "i2": ["short", "short int", "signed short", "signed short int"],
    "<i2": ["int16", "int16_t", "SHORT"],
    "u2": ["ushort", "unsigned short", "unsigned short int", "uint16", "uint16_t"],
    "i4": ["int", "signed int", "int32", "int32_t"],
    "u4": ["uint", "unsigned int", "uint32", "uint32_t"],
    "i8": ["longlong", "long long", "long long int", "signed long long"],
    "<i8": ["signed long long int", "int64", "int64_t"],
    "u8": ["ulonglong", "unsigned long long", "unsigned long long int"],
    "<u8": ["uint64", "uint64_t"],
}


@pytest.mark.parametrize(
    ("kind", "name"), [(kind, name) for kind in SPELLINGS for name in SPELLINGS[kind]]
)
def test_every_spelling_of_a_type(tmp_path, kind, name):
    """The largest value tells how many bits are read, and whether one is a sign."""
    values = volume().astype(kind)
    largest = np.iinfo(kind).max if kind[-2:] != "u8" else 2**63 - 1
    values[values == 2] = largest
    content = files.nrrd(values, kind=kind, type=name)
    assert [r.value for r in read(tmp_path, content).regions] == [1, largest]


@pytest.mark.parametrize("kind", ["<f4", ">f8"])
def test_floats_that_are_whole(tmp_path, kind):
    values = volume().astype(float)
    values[0, 0, 0] = -0.0
    assert_holds(read(tmp_path, files.nrrd(values, kind=kind)))


def test_bytes_need_no_byte_order(tmp_path):
    assert_holds(read(tmp_path, files.nrrd(kind="u1", endian=None)))


@pytest.mark.parametrize("value", [255, 2**31 - 1, 2**40])
def test_large_values_survive(tmp_path, value):
    values = volume().astype(np.int64)
    values[values == 1] = value
    (_, region) = read(tmp_path, files.nrrd(values, kind="<i8")).regions
    assert (region.value, region.mask.sum()) == (value, 16)


def test_values_that_agree_in_16_bits_stay_apart(tmp_path):
    shape = (20, 30, 30)
    values = np.random.default_rng(1).choice([0, 1, 65537, 2**33 + 1], shape)
    content = files.nrrd(values, replace(GRID, shape=shape), kind="<i8")
    segmentation = read(tmp_path, content)
    for region in segmentation.regions:
        assert region.mask.sum() == np.count_nonzero(values == region.value)
    assert [r.value for r in segmentation.regions] == [1, 65537, 2**33 + 1]


@pytest.mark.parametrize(
    ("space", "signs"),
    [
        ("right-anterior-superior", (-1, -1, 1)),
        ("RAS", (-1, -1, 1)),
        ("left-anterior-superior", (1, -1, 1)),
        ("LAS", (1, -1, 1)),
        ("Left-Posterior-Superior", (1, 1, 1)),
    ],
)
def test_other_spaces_are_turned_as_simpleitk_turns_them(tmp_path, space, signs):
    turned = np.diag(signs) @ OBLIQUE.axes_mm()
    content = files.nrrd(
        space=space,
        space_directions=" ".join(files.bracket(step) for step in turned.T),
        space_origin=files.bracket(np.multiply(signs, OBLIQUE.origin_mm)),
    )
    segmentation = read(tmp_path, content, "a.nrrd")
    assert_holds(segmentation, lattice=OBLIQUE)
    image = sitk.ReadImage(str(tmp_path / "a.nrrd"))
    lattice = segmentation.regions[0].lattice
    np.testing.assert_allclose(lattice.origin_mm, image.GetOrigin())
    np.testing.assert_allclose(lattice.direction, image.GetDirection(), atol=1e-12)


@pytest.mark.parametrize("space", ["left-posterior-superior-time", "LPST"])
def test_one_time_step_is_no_series(tmp_path, space):
    steps = [f"{vector[:-1]},0)" for vector in files.vectors(GRID)]
    content = files.nrrd(
        space=space,
        dimension="4",
        sizes="7 6 5 1",
        kinds="domain domain domain time",
        space_directions=" ".join([*steps, "(0,0,0,1)"]),
        space_origin="(-10,-20,30,0)",
    )
    assert_holds(read(tmp_path, content))


def test_gzip_of_several_members(tmp_path):
    head, tail = volume().tobytes()[:101], volume().tobytes()[101:]
    text = files.nrrd(encoding="raw").partition(b"\n\n")[0]
    text = text.replace(b"encoding: raw", b"encoding: gzip")
    content = text + b"\n\n" + gzip.compress(head) + gzip.compress(tail)
    assert_holds(read(tmp_path, content))


def test_lines_may_end_as_on_windows(tmp_path):
    text, _, voxels = files.nrrd(encoding="raw").partition(b"\n\n")
    content = text.replace(b"\n", b"\r\n") + b"\r\n\r\n" + voxels
    assert_holds(read(tmp_path, content))


@pytest.mark.parametrize("block_voxels", [1, 30, 10**6])
@pytest.mark.parametrize("slab_bytes", [1, 84, 200, 10**6])
def test_slabs_and_blocks_do_not_show(tmp_path, monkeypatch, slab_bytes, block_voxels):
    monkeypatch.setattr(voxel_stream, "SLAB_BYTES", slab_bytes)
    monkeypatch.setattr(gathering, "BLOCK_VOXELS", block_voxels)
    values = np.random.default_rng(1).integers(0, 4, GRID.shape)
    assert_holds(read(tmp_path, files.nrrd(values)), values)


def test_a_large_ct_is_within_the_bounds():
    layout = voxel_stream.VoxelLayout((2000, 1024, 1024), 3, np.dtype("<u2"))
    layout.check()  # raises nothing


def test_an_empty_volume_has_no_labels(tmp_path):
    segmentation = read(tmp_path, files.nrrd(np.zeros(GRID.shape, np.uint16)))
    assert segmentation.labels == ()
    assert segmentation.layers == 1


# --- MITK -----------------------------------------------------------------------------


@pytest.mark.parametrize("write", [write_multilabel, write_json_labels])
def test_the_phantoms_files_come_back(tmp_path, write):
    values = np.zeros((12, 30, 30), np.uint16)
    labels = np.arange(1, 301)
    values.ravel()[labels * 36 - 1] = labels  # 300 nodes of one voxel
    lattice = replace(GRID, shape=values.shape)
    called = [f"LN{value} {AWKWARD[1]}" for value in labels]
    write(tmp_path / "a.nrrd", values, lattice, called, exam="E1")
    segmentation = read_segmentation(tmp_path / "a.nrrd")
    assert_holds(segmentation, values, lattice)
    assert [region.name for region in segmentation.regions] == called


def test_awkward_names_of_2016(tmp_path):
    listed = list(enumerate(AWKWARD[:3] + AWKWARD[4:], start=1))
    segmentation = read(tmp_path, files.nrrd(keys=files.xml_keys(listed)))
    assert_holds(segmentation)
    assert names(segmentation) == {(0, value): name for value, name in listed}
    assert [label.value for label in segmentation.empty] == [3, 4]


def test_value_comes_from_the_description_not_the_count(tmp_path):
    keys = files.xml_keys([(2, "second"), (1, "first")])
    segmentation = read(tmp_path, files.nrrd(keys=keys))
    assert names(segmentation) == {(0, 1): "first", (0, 2): "second"}


def test_newlines_of_later_writers_are_escapes(tmp_path):
    keys = files.xml_keys([(1, "a"), (2, "b")])
    keys = {key: text.replace("><", r">\n  <") for key, text in keys.items()}
    assert names(read(tmp_path, files.nrrd(keys=keys))) == {(0, 1): "a", (0, 2): "b"}


def test_a_line_in_another_code_page_does_not_spoil_the_names(tmp_path):
    keys = files.xml_keys([(1, "ä"), (2, "b")])
    content = files.nrrd(keys=keys, lines=["MITK_IO_path:=PLACE"])
    content = content.replace(b"PLACE", "Müller".encode("latin-1"))
    assert names(read(tmp_path, content))[0, 1] == "ä"


def test_layers_of_2018_keep_equal_values_apart(tmp_path):
    values = np.stack([volume(), volume()[:, ::-1]], axis=-1)
    keys = files.xml_keys([(1, "a"), (2, "b")], [(1, "c"), (2, "d")])
    segmentation = read(tmp_path, files.nrrd(values, keys=keys))
    assert segmentation.layers == 2
    assert names(segmentation) == {(0, 1): "a", (0, 2): "b", (1, 1): "c", (1, 2): "d"}
    assert_holds(segmentation, layer=0)
    assert_holds(segmentation, volume()[:, ::-1], layer=1)


@pytest.mark.parametrize("version", ["1", "2", "3"])
def test_groups_of_2023_to_2025(tmp_path, version):
    color = [1, 0, 0] if version == "3" else {"type": "ColorProperty", "value": [1, 0]}
    groups = [
        {
            "name": "nodes",
            "labels": [
                {"value": 1, "name": AWKWARD[0], "color": color, "infiltrated": True},
                {"value": 2, "name": AWKWARD[3], "x": {"type": "X", "value": 1}},
                {"value": 9, "name": "leer"},
            ],
        },
        {"labels": None},
        {},
        None,
    ]
    values = np.zeros((*GRID.shape, 4), np.uint16)
    values[..., 0] = volume()
    values[2, 2, 2, 3] = 5
    keys = files.json_keys(groups, version=version)
    segmentation = read(tmp_path, files.nrrd(values, keys=keys))
    assert names(segmentation) == {
        (0, 1): AWKWARD[0],
        (0, 2): AWKWARD[3],
        (0, 9): "leer",
        (3, 5): None,
    }
    assert segmentation.empty == (Label(0, 9, "leer"),)
    assert_holds(segmentation, layer=0)


@pytest.mark.parametrize("groups", ["null", "[]", "[null]", "[{}]"])
def test_groups_without_labels(tmp_path, groups):
    segmentation = read(tmp_path, files.nrrd(keys=files.json_keys(groups)))
    assert names(segmentation) == {(0, 1): None, (0, 2): None}


def test_slicer_segments(tmp_path):
    values = np.stack([volume(), volume()[:, ::-1]], axis=-1)
    keys = {"Segmentation_ReferenceImageExtentOffset": "3 4 5"}
    for number, (layer, value) in enumerate([(0, 1), (0, 2), (1, 2), (1, 1)]):
        keys |= {
            f"Segment{number}_ID": f"Segment_{number}",
            f"Segment{number}_Name": f"Ä {number}",
            f"Segment{number}_LabelValue": str(value),
            f"Segment{number}_Layer": str(layer),
        }
    for kind in ("list", "vector"):
        content = files.nrrd(values, keys=keys, kinds=f"{kind} domain domain domain")
        segmentation = read(tmp_path, content)
        assert_holds(segmentation, layer=0)
        assert_holds(segmentation, volume()[:, ::-1], layer=1)
        assert names(segmentation)[1, 1] == "Ä 3"


def test_old_slicer_segments_are_layers(tmp_path):
    values = np.stack([volume() == 1, volume() == 2], axis=-1)
    keys = {f"Segment{n}_{what}": f"s{n}" for n in (0, 1) for what in ("ID", "Name")}
    assert names(read(tmp_path, files.nrrd(values, keys=keys))) == {
        (0, 1): "s0",
        (1, 1): "s1",
    }


# --- scenes, stacks, folders ----------------------------------------------------------


def nodes():
    ct = np.full(GRID.shape, 40, np.int16)
    listed = files.xml_keys([(1, "innen")])
    return [
        ("Image", files.nrrd(ct, kind="<i2"), {"name": "CT", "binary": False}),
        ("LabelSetImage", files.nrrd(volume() == 1, keys=listed), {"name": "node a"}),
        ("Image", files.nrrd(volume() == 2), {"name": AWKWARD[1], "binary": True}),
        ("Image", files.nrrd(255 * (volume() == 2)), {"segmentation": True}),
        ("MultiLabelSegmentation", files.nrrd(), {"name": "several"}),
    ]


def test_a_scene_gives_its_segmentations_and_no_image(tmp_path):
    segmentation = read(tmp_path, files.scene(*nodes()), "a.mitk")
    assert names(segmentation) == {
        (0, 1): "innen",
        (1, 1): AWKWARD[1],
        (2, 255): None,
        (3, 1): None,
        (3, 2): None,
    }
    assert_holds(segmentation, layer=3)
    assert read_labels(tmp_path / "a.mitk") == segmentation.labels


def test_properties_of_one_window_do_not_count(tmp_path):
    members = files.scene_members(nodes()[2])
    other = b'<properties renderwindow="axial" file="window"/></node>'
    members["index.xml"] = members["index.xml"].replace(b"</node>", other)
    members["window"] = files.property_list(name="other", binary=False).encode()
    (region,) = read(tmp_path, files.zipped(members)).regions
    assert region.name == AWKWARD[1]


def test_a_scene_may_be_stored_without_compression(tmp_path):
    members = files.scene_members(*nodes())
    content = files.zipped(members, method=zipfile.ZIP_STORED)
    assert len(read(tmp_path, content).regions) == 5


def test_a_stack_takes_groups_and_labels_from_files(tmp_path):
    (tmp_path / "sub").mkdir()
    (tmp_path / "group.nrrd").write_bytes(files.nrrd())
    (tmp_path / "sub" / "one.nii.gz").write_bytes(files.nifti(5 * (volume() == 2)))
    groups = [
        {
            "_file": "group.nrrd",
            "labels": [
                {"value": 1, "name": "a"},
                {"value": 2, "name": "b", "_file": "sub/one.nii.gz", "_file_value": 5},
                {"value": 7, "name": "c", "_file": "sub/one.nii.gz"},
                {"value": 8, "name": "none there"},
            ],
        },
        None,
        {
            "labels": [
                {"value": 1, "name": "d", "_file": "group.nrrd", "_file_value": 2}
            ]
        },
    ]
    for version in (3, "1"):
        content = files.stack(groups, version=version)
        segmentation = read(tmp_path, content, "a.mitklabel.json")
        assert segmentation.layers == 3
        assert {
            (r.layer, r.value): (r.name, r.mask.sum()) for r in segmentation.regions
        } == {(0, 1): ("a", 16), (0, 2): ("b", 2), (0, 7): ("c", 2), (2, 1): ("d", 2)}
        assert segmentation.empty == (Label(0, 8, "none there"),)


def test_a_folder_stacks_its_files_in_the_order_of_names(tmp_path):
    shifted = replace(GRID, origin_mm=(0.0, 0.0, 0.0))
    folder = tmp_path / "nodes"
    folder.mkdir()
    (folder / "b.nii.gz").write_bytes(files.nifti(volume() == 1, shifted))
    (folder / "a.nrrd").write_bytes(files.nrrd(volume()))
    (folder / "c.dcm").write_bytes(files.seg())
    (folder / ".hidden").write_bytes(b"x")
    segmentation = read_segmentation(folder)
    places = [(r.layer, r.value) for r in segmentation.regions]
    assert places == [(0, 1), (0, 2), (1, 1), (2, 1), (2, 2)]
    assert_holds(segmentation, (volume() == 1).astype(int), shifted, layer=1)
    assert [r.name for r in segmentation.regions][:3] == [None, None, "b"]


# --- NIfTI ----------------------------------------------------------------------------


@pytest.mark.parametrize("zipped", [True, False])
@pytest.mark.parametrize("image", [nibabel.Nifti1Image, nibabel.Nifti2Image])
@pytest.mark.parametrize("kind", ["u1", "<i2", "<u2", "<i4", "<f4", "<f8"])
def test_nifti_types(tmp_path, kind, image, zipped):
    content = files.nifti(kind=kind, image=image, zipped=zipped)
    assert_holds(read(tmp_path, content))


@pytest.mark.parametrize("form", ["sform", "qform"])
@pytest.mark.parametrize("flip", [(1, 1, 1), (-1, 1, 1), (-1, -1, 1), (1, -1, -1)])
def test_oblique_and_mirrored_nifti(tmp_path, form, flip):
    axes = np.reshape(OBLIQUE.direction, (3, 3)) * flip
    lattice = replace(OBLIQUE, direction=tuple(axes.ravel()))
    image = files.nifti_image(lattice=lattice)
    getattr(image, f"set_{form}")(None, 0)
    nibabel.save(image, tmp_path / "a.nii.gz")
    segmentation = read_segmentation(tmp_path / "a.nii.gz")
    assert_holds(segmentation, lattice=lattice)


def test_big_endian_nifti(tmp_path):
    image = nibabel.Nifti1Image(
        volume().T.astype(np.int16), None, nibabel.Nifti1Header(endianness=">")
    )
    image.set_sform(files.affine(), 1)
    content = image.to_bytes()
    assert content[:4] == b"\0\0\1\x5c"
    assert_holds(read(tmp_path, content))


def test_nifti_slope_and_intercept_may_give_whole_values(tmp_path):
    stored = np.where(volume() == 0, 4, 2 * volume() + 4).astype(np.int16)
    image = files.nifti_image(stored, kind="<i2")
    content = bytearray(image.to_bytes())
    content[112:120] = np.array([0.5, -2], "<f4").tobytes()
    assert_holds(read(tmp_path, bytes(content)))


def test_trailing_dimensions_of_one(tmp_path):
    image = nibabel.Nifti1Image(volume().T[..., None, None].astype("u1"), None)
    image.set_sform(files.affine(), 1)
    assert_holds(read(tmp_path, image.to_bytes()))


# --- DICOM SEG ------------------------------------------------------------------------


@pytest.mark.parametrize("lattice", [GRID, OBLIQUE])
def test_frames_of_odd_size_are_unpacked(tmp_path, lattice):
    shape = (5, 5, 7)  # 35 bits a frame
    lattice = replace(lattice, shape=shape)
    values = volume(shape)
    segmentation = read(tmp_path, files.seg(values, lattice))
    assert_holds(segmentation, values, lattice)
    assert segmentation.regions[0].name.startswith("Knoten ä 1")


def test_segments_may_overlap(tmp_path):
    masks = {1: volume() == 1, 4: volume() > 0}
    segmentation = read(tmp_path, files.seg(segments=masks))
    assert {r.value: r.mask.sum() for r in segmentation.regions} == {1: 16, 4: 18}


def test_missing_planes_are_empty(tmp_path):
    values = np.zeros((9, 6, 7), np.uint16)
    values[1, 2, 2] = values[3, 3, 3] = values[7, 4, 4] = 1
    lattice = replace(GRID, shape=values.shape)
    for declared in (3.0, None, 0.0, 77.0, 0.003):
        dataset = files.seg_dataset(values, lattice)
        measures = dataset.SharedFunctionalGroupsSequence[0].PixelMeasuresSequence[0]
        if declared is None:
            del measures.SpacingBetweenSlices
        else:
            measures.SpacingBetweenSlices = declared
        (region,) = read(tmp_path, files.dicom_bytes(dataset)).regions
        np.testing.assert_allclose(
            points(region), expected_points(values, 1, lattice), atol=1e-4
        )
        # Distance or thickness show that every second plane is left out.
        assert region.lattice.spacing_mm[2] == 3.0
        if declared != 3.0:
            del measures.SliceThickness
            (region,) = read(tmp_path, files.dicom_bytes(dataset)).regions
            assert region.lattice.spacing_mm[2] == 6.0


def test_one_plane_is_as_thick_as_its_slice(tmp_path):
    """Thickness is no distance, unless there is nothing else."""
    values = np.zeros(GRID.shape, np.uint16)
    values[2, 2:4, 2:5] = 1
    for planes, spacing in (([2], 2.5), ([1, 2], 3.0)):
        values[planes] = values[2]
        dataset = files.seg_dataset(values)
        measures = dataset.SharedFunctionalGroupsSequence[0].PixelMeasuresSequence[0]
        del measures.SpacingBetweenSlices
        measures.SliceThickness = 2.5
        (region,) = read(tmp_path, files.dicom_bytes(dataset)).regions
        volume_mm3 = len(planes) * 6 * 0.7 * 0.8 * spacing
        assert region.mask.sum() * region.lattice.voxel_volume_mm3 == pytest.approx(
            volume_mm3
        )


def test_implicit_transfer_syntax(tmp_path):
    dataset = files.seg_dataset()
    dataset.file_meta.TransferSyntaxUID = ImplicitVRLittleEndian
    assert_holds(read(tmp_path, files.dicom_bytes(dataset)))


@pytest.mark.parametrize("bits", [8, 16])
def test_label_maps_in_dicom(tmp_path, bits):
    dataset = files.seg_dataset()
    dataset.SegmentationType, dataset.BitsAllocated = "LABELMAP", bits
    dataset.SOPClassUID = "1.2.840.10008.5.1.4.1.1.66.7"
    dataset.PerFrameFunctionalGroupsSequence = [
        files.seg_frame(GRID, z, 1) for z in reversed(range(5))
    ]
    dataset.NumberOfFrames = 5
    dataset.PixelData = volume()[::-1].astype(f"<u{bits // 8}").tobytes()
    assert_holds(read(tmp_path, files.dicom_bytes(dataset)))


def test_what_highdicom_writes_comes_back(tmp_path, real_files):
    import highdicom
    import pydicom

    source = [
        pydicom.dcmread(path)
        for path in sorted((real_files / "dcmqi/ct-3slice").iterdir())
    ]
    for image in source:
        image.SpecificCharacterSet = "ISO_IR 192"
    mask = np.zeros((3, 512, 512), np.uint8)
    mask[1:, 100:117, 200:231] = 1
    description = highdicom.seg.SegmentDescription(
        segment_number=1,
        segment_label="LN ä",
        segmented_property_category=highdicom.sr.CodedConcept(
            "T-D0050", "SRT", "Tissue"
        ),
        segmented_property_type=highdicom.sr.CodedConcept("T-C4000", "SRT", "Node"),
        algorithm_type="MANUAL",
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        written = highdicom.seg.Segmentation(
            source, mask, "BINARY", [description], "1.2.3", 1, "1.2.3.4", 1, "a", "b",
            "1", "2",
        )  # fmt: skip
        written.save_as(tmp_path / "a.dcm")
    (region,) = read_segmentation(tmp_path / "a.dcm").regions
    assert (region.name, region.mask.sum()) == ("LN ä", 2 * 17 * 31)
    # Rows 100 to 116 and columns 200 to 230 of each source image, by its own header.
    x, y, _ = (float(v) for v in source[0].ImagePositionPatient)
    heights = [float(image.ImagePositionPatient[2]) for image in source[1:]]
    spacing = float(source[0].PixelSpacing[0])
    centre = [x + 215 * spacing, y + 108 * spacing, np.mean(heights)]
    np.testing.assert_allclose(points(region).mean(axis=0), centre, atol=1e-4)
