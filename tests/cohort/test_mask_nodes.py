"""Components of masks: how many, which touch, where they lie, and which are offered."""

from pathlib import Path

import nibabel
import numpy as np
import pytest
import segmentation_files
from exam_inspection import COHORT

from nodal_staging import tables
from nodal_staging.cohort.imported.collection import Request, import_collection
from nodal_staging.cohort.imported.drafted_exam import LabelVolume
from nodal_staging.cohort.imported.drafted_sheets import LEFT_OUT, LESIONS
from nodal_staging.cohort.imported.label_volume import write_label_volume
from nodal_staging.cohort.imported.lesions import Smallest, lesions_of, narrows
from nodal_staging.cohort.imported.organ_masks import (
    OrganError,
    Organs,
    read_organ_names,
)
from nodal_staging.exams.segmentation.reading import read_segmentation
from nodal_staging.exams.segmentation.regions import Region
from nodal_staging.geometry import Lattice

GRID = Lattice((40, 50, 60), (2.0, 2.0, 3.0), (-60.0, -50.0, 0.0))
TURNED = Lattice(
    (40, 50, 60), (2.0, 2.0, 3.0), (60.0, 50.0, 0.0), (-1, 0, 0, 0, -1, 0, 0, 0, 1)
)


def points(grid: Lattice = GRID) -> np.ndarray:
    index = np.meshgrid(*map(np.arange, grid.shape), indexing="ij")
    return grid.to_points(np.stack(index, axis=-1))


def ball(centre, radius, grid: Lattice = GRID) -> np.ndarray:
    return np.linalg.norm(points(grid) - centre, axis=-1) <= radius


def region(mask: np.ndarray, grid: Lattice = GRID) -> Region:
    return Region(grid, 0, 1, None, (0, 0, 0), mask)


def write(path: Path, values: np.ndarray, grid: Lattice = GRID, kind="<u2") -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    content = segmentation_files.nifti(values.astype(kind), grid, kind=kind)
    path.write_bytes(content)


def test_components_are_counted_with_their_volumes_and_places():
    balls = [ball((-30, 0, 30), 8), ball((20, 20, 60), 12), ball((30, -30, 90), 6)]
    found = list(lesions_of(region(np.any(balls, axis=0))))
    assert [one.voxels for one in found] == [int(mask.sum()) for mask in balls]
    for one, mask in zip(found, balls, strict=True):
        assert one.volume_ml == pytest.approx(mask.sum() * 12 / 1000)
        assert not one.touching
        whole = np.zeros(GRID.shape, bool)
        start, shape = one.region.start, one.region.mask.shape
        box = tuple(slice(a, a + n) for a, n in zip(start, shape, strict=True))
        whole[box] = one.region.mask
        assert (whole == mask).all()


@pytest.mark.parametrize(("radius", "distance"), [(12, 20), (12, 23), (8, 19)])
def test_two_balls_that_touch_are_one_component_that_narrows(radius, distance):
    for direction in ((1, 0, 0), (0, 0, 1), (0.6, 0.8, 0)):
        centre = np.array((-8.0, -8.0, 45.0))
        other = centre + distance * np.array(direction)
        (found,) = lesions_of(region(ball(centre, 12) | ball(other, radius)))
        assert found.touching, direction


@pytest.mark.parametrize(
    "half", [(10, 10, 10), (24, 10, 10), (10, 10, 30), (14, 8, 5), (4, 4, 4)]
)
def test_single_ellipsoids_do_not_narrow(half):
    for shift in (0.0, 0.7):
        away = (points() - (shift, shift, 45.0 + shift)) / half
        mask = np.linalg.norm(away, axis=-1) <= 1
        assert not narrows(mask, GRID.spacing_mm[::-1])


def test_both_limits_of_size_count():
    (two,) = lesions_of(region(ball((0, 0, 45), 1.5)))
    assert two.voxels == 1
    assert not Smallest().reached_by(two)
    assert not Smallest(1, 0.1).reached_by(two)
    assert Smallest(1, 0.012).reached_by(two)


@pytest.mark.parametrize("grid", [GRID, TURNED])
def test_a_written_segmentation_is_read_the_same_by_two_programs(grid, tmp_path):
    masks = [ball((-30, 0, 30), 8, grid), ball((20, 20, 60), 12, grid)]
    volume = LabelVolume(grid, [region(mask, grid) for mask in masks])
    for name in ("one.nii.gz", "two.nii.gz"):
        write_label_volume(volume, tmp_path / name)
    assert (tmp_path / "one.nii.gz").read_bytes() == (
        tmp_path / "two.nii.gz"
    ).read_bytes()
    expected = masks[0] + 2 * masks[1]
    image = nibabel.load(tmp_path / "one.nii.gz")
    assert (np.asarray(image.dataobj).T == expected).all()
    assert image.affine[:3] == pytest.approx(
        np.diag([-1, -1, 1]) @ np.column_stack([grid.axes_mm(), grid.origin_mm])
    )
    read = read_segmentation(tmp_path / "one.nii.gz")
    assert [one.value for one in read.regions] == [1, 2]
    assert read.regions[0].lattice.difference(grid) is None


def exam(folder: Path, **contents: np.ndarray) -> None:
    """Write the volumes of one exam: its masks, a CT, and what else is given."""
    write(folder / "ct" / "a.nii.gz", np.zeros(GRID.shape), kind="<i2")
    for name, values in contents.items():
        kind = "<f4" if name == "pet" else "<u2"
        write(folder / name / "a.nii.gz", values, kind=kind)


def imported(folder: Path, names: tuple[str, ...], **options) -> Path:
    study = folder.parent / "study"
    study.mkdir()
    patterns = {name: f"{name}/{{patient}}.nii.gz" for name in ("ct", *names)}
    request = Request(
        folder, study, None, COHORT, patterns=patterns, split=True, **options
    )
    import_collection("folders", request)
    return study


def test_touching_lesions_are_named_with_the_fix(tmp_path):
    mask = ball((-30, 0, 30), 8) | ball((10, 0, 60), 12) | ball((30, 0, 60), 12)
    exam(tmp_path / "c", segmentation=mask)
    study = imported(tmp_path / "c", ("segmentation",))
    (left,) = tables.read(study / "left_out.tsv", LEFT_OUT).to_dict("records")
    nodes = tables.read(study / "nodes.tsv", tables.NODE_SHEET)
    assert left["reason"] == "touching_lesions"
    assert f"node {nodes['node_id'][1]} " in left["sentence"]
    assert "Split islands to segments" in left["fix"]
    assert len(nodes) == 2


def test_nodes_without_uptake_are_offered_and_stay_unknown(tmp_path):
    lesion, cold, warm = (
        ball((-30, 0, 30), 8),
        ball((10, 0, 60), 9),
        ball((30, 20, 90), 9),
    )
    pet = np.full(GRID.shape, 0.5) + 8 * lesion + 4 * warm + cold
    nodes = lesion + 2 * cold + 3 * warm
    exam(tmp_path / "c", segmentation=lesion, pet=pet, nodes=nodes)
    study = imported(tmp_path / "c", ("segmentation", "pet", "nodes"))
    rows = tables.read(study / "nodes.tsv", tables.NODE_SHEET)
    assert list(rows["status"]) == ["unknown", "unknown"]
    assert rows["suggested"].fillna("-").tolist() == ["-", "negative"]
    lesions = tables.read(study / "lesions.tsv", LESIONS)
    assert list(lesions["suggested_status"]) == ["-", "negative"]
    assert lesions["suv_max"][1] == pytest.approx(1.5)
    written = read_segmentation(next((study / "segmentations").iterdir()))
    assert [one.mask.sum() for one in written.regions] == [lesion.sum(), cold.sum()]


def organs(**masks: np.ndarray) -> tuple[np.ndarray, Organs]:
    values = np.zeros(GRID.shape, np.uint16)
    for number, mask in enumerate(masks.values(), start=1):
        values[mask] = number
    return values, Organs(dict(enumerate(masks, start=1)))


def test_the_location_is_that_of_the_closest_structure(tmp_path):
    x, _, z = np.moveaxis(points(), -1, 0)
    values, known = organs(
        iliac_vena_left=np.abs(x - 40) < 5,
        inferior_vena_cava=np.abs(x + 40) < 5,
        liver=z > 90,
    )
    write(tmp_path / "organs.nii.gz", values)
    balls = [ball((20, 0, 40), 6), ball((0, 0, 40), 6), ball((-22, 0, 40), 6)]
    balls.append(ball((20, 0, 104), 8))
    found = known.around(tmp_path / "organs.nii.gz", [region(one) for one in balls])
    left, between, right, inside = found
    assert (left.nearest, left.location) == ("iliac_vena_left", "iliac")
    assert right.location == "retroperitoneal"
    # As far from both: the nearer one is named, and no location is stated.
    assert between.location is None
    assert between.confidence == pytest.approx(0, abs=0.15)
    assert [one.within for one in found] == [None, None, None, "liver"]
    # By hand: from the surface of a ball to the next voxel of the sheet.
    inner = points()[balls[0]][:, 0].max()
    sheet = points()[np.abs(x - 40) < 5][:, 0].min()
    assert left.distance_mm == pytest.approx(sheet - inner, abs=0.1)
    assert inside.location is not None


def test_below_the_clavicle_is_infraclavicular(tmp_path):
    values, known = organs(clavicula_left=np.abs(points()[..., 2] - 60) < 5)
    write(tmp_path / "organs.nii.gz", values)
    found = known.around(
        tmp_path / "organs.nii.gz",
        [region(ball((0, 0, z), 6)) for z in (80, 40)],
    )
    assert [one.location for one in found] == ["supraclavicular", "infraclavicular"]


def test_names_of_organs_are_read_with_or_without_a_header(tmp_path):
    path = tmp_path / "organs.tsv"
    path.write_text("value\tname\n1\tliver\n2\tiliac_vena_left\n")
    assert read_organ_names(path) == {1: "liver", 2: "iliac_vena_left"}
    path.write_text("1,liver\nspleen\n")
    with pytest.raises(OrganError, match="line 2: expected a value and a name"):
        read_organ_names(path)


def test_an_image_in_place_of_organs_is_refused(tmp_path):
    write(tmp_path / "organs.nii.gz", np.full(GRID.shape, 0.5), kind="<f4")
    with pytest.raises(OrganError, match="no whole numbers"):
        Organs({1: "liver"}).around(
            tmp_path / "organs.nii.gz", [region(ball((0, 0, 40), 6))]
        )
