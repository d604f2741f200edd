"""RT structure sets on their CT, against other ways to fill polygons."""

import numpy as np
import pytest
import segmentation_files as files
from matplotlib.path import Path as Polygon
from pydicom.uid import DeflatedExplicitVRLittleEndian, ImplicitVRLittleEndian
from scipy.spatial.transform import Rotation

from nodal_staging.exams import scans
from nodal_staging.exams.dicom import Repairs, Wording
from nodal_staging.exams.segmentation.matching import match
from nodal_staging.exams.segmentation.reading import read_labels, read_segmentation
from nodal_staging.exams.segmentation.resampling import place
from nodal_staging.geometry import Lattice
from nodal_staging.study.errors import SegmentationError, naming

PLACE = "patient P1, exam E1, column segmentation"
UPRIGHT = Lattice((9, 40, 50), (0.7, 0.8, 3.0), (-20.0, -30.0, 100.0))
TURN = Rotation.from_euler("xyz", [20, -35, 50], degrees=True).as_matrix()
OBLIQUE = Lattice((9, 40, 50), (0.7, 0.8, 3.0), (9.0, 8.0, 7.0), tuple(TURN.ravel()))
SHEAR = np.array([[1, 0, 0], [0, 1, np.sin(0.3)], [0, 0, np.cos(0.3)]])
TILTED = Lattice((9, 40, 50), (0.7, 0.8, 3.0), (9.0, 8.0, 7.0), tuple(SHEAR.ravel()))
GRIDS = {"upright": UPRIGHT, "oblique": OBLIQUE, "tilted": TILTED}


def contour(lattice, z, corners):
    """Return the LPS points of corners ``(y, x)`` in voxels on a slice."""
    return lattice.to_points([(z, y, x) for y, x in corners])


def read(tmp_path, structures, lattice=UPRIGHT, **options):
    path = tmp_path / "structures"
    dataset = files.structure_set(structures, **options)
    path.write_bytes(files.dicom_bytes(dataset))
    return read_segmentation(path, ct=lattice)


def on_ct(region, lattice):
    """Return the whole mask of a region on the CT."""
    mask = np.zeros(lattice.shape, bool)
    placed = place(region, lattice)
    z, y, x = (
        slice(a, a + n) for a, n in zip(placed.start, placed.mask.shape, strict=True)
    )
    mask[z, y, x] = placed.mask
    return mask


def by_matplotlib(corners, shape):
    """Return the voxels ``(y, x)`` whose centres lie within a simple polygon."""
    centres = np.argwhere(np.ones(shape))[:, ::-1]
    polygon = Polygon(np.asarray(corners)[:, ::-1])
    return polygon.contains_points(centres).reshape(shape)


def star(seed, centre=(20, 25), radius=15):
    """Return the corners ``(y, x)`` of a polygon that does not cross itself."""
    rng = np.random.default_rng(seed)
    angles = np.sort(rng.uniform(0, 2 * np.pi, 30))
    lengths = rng.uniform(0.3, 1, 30) * radius
    return np.c_[np.sin(angles), np.cos(angles)] * lengths[:, None] + centre


@pytest.mark.parametrize("grid", GRIDS)
def test_any_polygon_is_filled_as_matplotlib_fills_it(tmp_path, grid):
    lattice = GRIDS[grid]
    stars = {z: star(z) for z in (2, 3, 4, 6)}
    contours = [contour(lattice, z, corners) for z, corners in stars.items()]
    (region,) = read(tmp_path, {"LN1": contours[::-1]}, lattice).regions
    wanted = np.zeros(lattice.shape, bool)
    for z, corners in stars.items():
        wanted[z] = by_matplotlib(corners, lattice.shape[1:])
    np.testing.assert_array_equal(on_ct(region, lattice), wanted)
    assert (region.name, region.value) == ("LN1", 1)


def test_a_circle_has_the_volume_of_a_cylinder(tmp_path):
    lattice = Lattice((9, 200, 200), (0.5, 0.5, 2.0), (0.0, 0.0, 0.0))
    angles = np.linspace(0, 2 * np.pi, 400, endpoint=False)
    points = [
        np.c_[49.3 + 30 * np.cos(angles), 50.1 + 30 * np.sin(angles), 0 * angles + z]
        for z in (4, 6, 8, 10)
    ]
    (region,) = read(tmp_path, {"LN1": points}, lattice).regions
    volume_mm3 = region.mask.sum() * lattice.voxel_volume_mm3
    assert volume_mm3 == pytest.approx(np.pi * 30**2 * 8, rel=2e-3)


def test_holes_islands_and_several_contours(tmp_path):
    """Contours within contours alternate, whichever way they run."""
    rings = [
        [(a, a), (a, 39 - a), (39 - a, 39 - a), (39 - a, a)] for a in (1.5, 5.5, 9.5)
    ]
    rings[1].reverse()
    aside = [(2.5, 42.5), (2.5, 46.5), (7.5, 46.5), (7.5, 42.5)]
    contours = [contour(UPRIGHT, 4, corners) for corners in (*rings, aside)]
    (region,) = read(tmp_path, {"LN1": contours}).regions
    wanted = np.zeros(UPRIGHT.shape, bool)
    wanted[4, 2:38, 2:38] = True
    wanted[4, 6:34, 6:34] = False
    wanted[4, 10:30, 10:30] = True
    wanted[4, 3:8, 43:47] = True
    np.testing.assert_array_equal(on_ct(region, UPRIGHT), wanted)
    assert read(tmp_path, {"LN1": contours}).notes == ()


@pytest.mark.parametrize("gate", [20, 20.25, 17.123456])
def test_a_keyhole_is_a_hole_and_its_channel_nothing(tmp_path, gate):
    outer = [(5.5, 5.5), (5.5, 35.5), (35.5, 35.5), (35.5, 5.5), (gate, 5.5)]
    inner = [(gate, 15.5), (25.5, 15.5), (25.5, 25.5), (15.5, 25.5), (15.5, 15.5)]
    corners = [*outer, *inner, (gate, 15.5), (gate, 5.5)]
    (region,) = read(tmp_path, {"LN1": [contour(UPRIGHT, 4, corners)]}).regions
    wanted = np.zeros(UPRIGHT.shape, bool)
    wanted[4, 6:36, 6:36] = True
    wanted[4, 16:26, 16:26] = False
    np.testing.assert_array_equal(on_ct(region, UPRIGHT), wanted)


def test_neighbours_share_no_voxel_and_leave_none_out(tmp_path):
    """Of an edge through centres of voxels, one side holds them."""
    halves = {
        "left": [(5, 5), (5, 20), (30, 20), (30, 5)],
        "right": [(5, 20), (5, 40), (30, 40), (30, 20)],
    }
    structures = {
        name: [contour(OBLIQUE, 3, corners)] for name, corners in halves.items()
    }
    left, right = (
        on_ct(region, OBLIQUE) for region in read(tmp_path, structures, OBLIQUE).regions
    )
    assert not (left & right).any()
    assert (left | right)[3, 5:30, 5:40].all()
    assert (left | right).sum() == 25 * 35


def square(z):
    return contour(UPRIGHT, z, [(9.5, 9.5), (9.5, 19.5), (19.5, 19.5), (19.5, 9.5)])


def test_a_gap_between_contours_stays_and_is_remarked(tmp_path):
    found = read(tmp_path, {"LN1": [square(2), square(4), square(5)]})
    mask = on_ct(found.regions[0], UPRIGHT)
    assert mask.any(axis=(1, 2)).nonzero()[0].tolist() == [2, 4, 5]
    assert found.notes == (
        "1 slices between the contours of a label have no contour and stay empty",
    )


def test_a_contour_between_slices_goes_to_the_nearest_with_a_remark(tmp_path):
    found = read(tmp_path, {"LN1": [square(2.3), square(3.3)]})
    mask = on_ct(found.regions[0], UPRIGHT)
    assert mask.any(axis=(1, 2)).nonzero()[0].tolist() == [2, 3]
    (note,) = found.notes
    assert "up to 0.30 slice distances" in note
    assert "filled on the nearest slice" in note
    assert read(tmp_path, {"LN1": [square(2.01)]}).notes == ()


@pytest.mark.parametrize("shift", [0, 5])
def test_contours_that_overlap_in_part_or_coincide_are_remarked(tmp_path, shift):
    second = square(2) + np.array([shift * 0.7, 0, 0])
    found = read(tmp_path, {"LN1": [square(2), second], "LN2": [square(3)]})
    (note,) = found.notes
    assert "overlap in part or coincide on a slice" in note
    counts = [int(region.mask.sum()) for region in found.regions]
    assert counts == ([100, 100] if shift else [100])


def refused(tmp_path, structures, **options):
    with pytest.raises(SegmentationError) as caught:
        found = read(tmp_path, structures, **options)
        for region in found.regions:
            place(region, UPRIGHT)
    sentence = str(caught.value)
    assert "; " in sentence
    assert files.SECRET not in sentence
    return sentence


def test_what_cannot_be_filled_is_refused(tmp_path):
    upright = contour(UPRIGHT, 0, [(9, 9), (9, 20), (9, 20)])
    upright[2, 2] += 12  # a contour in another plane
    assert "not parallel to the slices" in refused(tmp_path, {"A": [upright]})
    two = [square(2.2), square(1.8)]
    assert "in different planes fall on slice 3" in refused(tmp_path, {"A": two})
    assert "far from the CT" in refused(tmp_path, {"A": [square(1) + 9000]})
    assert "not CLOSED_PLANAR; close" in refused(
        tmp_path, {"A": [square(1)]}, kind="OPEN_PLANAR"
    )
    assert "no structure is described" in refused(tmp_path, {})
    dataset = files.structure_set({"A": [square(1)]})
    content = files.dicom_bytes(dataset)
    for end in (-1, -9, -99, content.index(b"\x06\x30\x39\x00") - len(content)):
        (tmp_path / "a").write_bytes(content[:end])
        with pytest.raises(SegmentationError, match="ends early or has no contours"):
            read_segmentation(tmp_path / "a", ct=UPRIGHT)


def test_a_structure_beyond_the_ct_is_refused_as_other_labels_are(tmp_path):
    found = read(tmp_path, {"A": [square(7), square(8), square(9)]})
    with pytest.raises(SegmentationError, match=r"only 66\.7 % of label 1"):
        place(found.regions[0], UPRIGHT)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("ContourData", ["1", "2"]),
        ("ContourData", ["1", "nan", "3"]),
        ("ContourData", ["1", "1e999", "3"]),
        ("ContourData", ["1", "2_0", "3"]),
        ("NumberOfContourPoints", 5),
        ("ContourGeometricType", "SPLINE"),
    ],
)
def test_a_damaged_contour_is_refused(tmp_path, name, value):
    dataset = files.structure_set({"A": [square(1)]})
    item = dataset.ROIContourSequence[0].ContourSequence[0]
    item[name].VR = "IS" if isinstance(value, int) else "LO"
    item[name].value = value
    (tmp_path / "a").write_bytes(files.dicom_bytes(dataset))
    with pytest.raises(SegmentationError, match=f"^{PLACE}: .*; "), naming(PLACE):
        read_segmentation(tmp_path / "a", ct=UPRIGHT)


@pytest.mark.parametrize("change", ["number twice", "unknown", "deflated", "number 0"])
def test_a_contradicting_structure_set_is_refused(tmp_path, change):
    dataset = files.structure_set({"A": [square(1)], "B": [square(2)]})
    if change == "number twice":
        dataset.StructureSetROISequence[1].ROINumber = 1
    elif change == "unknown":
        dataset.ROIContourSequence[1].ReferencedROINumber = 9
    elif change == "number 0":
        dataset.StructureSetROISequence[0].ROINumber = 0
    else:
        dataset.file_meta.TransferSyntaxUID = DeflatedExplicitVRLittleEndian
    (tmp_path / "a").write_bytes(files.dicom_bytes(dataset))
    with pytest.raises(SegmentationError, match=f"^{PLACE}: .*; "), naming(PLACE):
        read_segmentation(tmp_path / "a", ct=UPRIGHT)


def test_names_numbers_and_empty_structures(tmp_path):
    """Names stand where contours are not read; a point encloses nothing."""
    path = tmp_path / "a.dcm"
    structures = {"LN1 axillär": [square(1)], "leer": [], "LN3": [square(2)]}
    dataset = files.structure_set(structures)
    dataset.file_meta.TransferSyntaxUID = ImplicitVRLittleEndian
    path.write_bytes(files.dicom_bytes(dataset))
    names = [(1, "LN1 axillär"), (2, "leer"), (3, "LN3")]
    assert [(x.value, x.name) for x in read_labels(path)] == names
    found = read_segmentation(path, ct=UPRIGHT)
    assert [(x.value, x.name) for x in found.labels] == names
    assert [label.name for label in found.empty] == ["leer"]
    assert match(found, {"n1": "LN1 axillär", "n3": "3"}) == {
        "n1": (0, 1),
        "n3": (0, 3),
    }
    points = read(tmp_path, {"A": [square(1)[:1]]}, kind="POINT")
    assert points.regions == ()
    assert len(points.empty) == 1


def test_the_example_lies_on_its_ct(faults):
    folder = faults / "segmentation"
    ct, _, _ = scans.index_ct(folder / "ct", repairs=Repairs(), wording=Wording())
    found = read_segmentation(folder / "rt.dcm", ct=ct.lattice)
    (region,) = found.regions
    points = ct.lattice.to_points(np.argwhere(region.mask) + region.start)
    # A square of 4 mm an edge on a grid of 1 mm: 16 centres, at half-open edges.
    assert region.name == "node 1"
    assert sorted(map(tuple, points.tolist())) == [
        (x, y, 106.0) for x in range(-10, -6) for y in range(-8, -4)
    ]
