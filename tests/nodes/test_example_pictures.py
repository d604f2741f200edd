"""Sections of Figure 1 lie where they say, whatever form the exams have."""

import numpy as np
import pandas as pd
import pytest
import SimpleITK as sitk
from drawn_text import drawn_texts, overlapping

from nodal_staging import tables
from nodal_staging.cohort.contrast_and_dose import Rules
from nodal_staging.cohort.inspection import inspect_exams
from nodal_staging.figures.figure_1 import draw_figure_1, lay_out
from nodal_staging.figures.legend import Legend
from nodal_staging.nodes.example_nodes import EXAMPLES
from nodal_staging.nodes.example_pictures import picture_examples
from nodal_staging.nodes.picture_files import read_pictures

WINDOW = (-160.0, 240.0)
TILT = np.deg2rad(8)
DIRECTIONS = {
    "straight": np.eye(3),
    "flipped": np.diag([-1.0, -1.0, 1.0]),
    "turned": np.array(
        [
            [np.cos(TILT), -np.sin(TILT), 0],
            [np.sin(TILT), np.cos(TILT), 0],
            [0, 0, 1],
        ]
    ),
}
CENTRE = np.array([7.0, -12.0, 40.0])
HOT = np.array([9.0, -2.0, 52.0])
SIZES_MM = np.array([90.0, 70.0, 60.0])


def image_of(function, spacing, direction):
    """Sample a function of LPS points on a grid whose middle is the node."""
    count = np.ceil(SIZES_MM / spacing).astype(int)
    steps = direction * spacing
    origin = CENTRE - steps @ ((count - 1) / 2)
    index = np.stack(np.meshgrid(*map(np.arange, count), indexing="ij"), -1)
    points = index @ steps.T + origin
    image = sitk.GetImageFromArray(function(points).astype(np.float32).T)
    image.SetSpacing([float(step) for step in spacing])
    image.SetOrigin(origin.tolist())
    image.SetDirection(direction.ravel().tolist())
    return image


def hu(points):
    """Grow by 1 HU a mm to the left, 2 to the back, 3 to the head."""
    return (points - CENTRE) @ np.array([1.0, 2.0, 3.0])


def suv(points):
    return 1 + 20 * np.exp(-(np.linalg.norm(points - HOT, axis=-1) ** 2) / 50)


def node(points):
    return np.linalg.norm(points - CENTRE, axis=-1) <= 8


@pytest.fixture(params=DIRECTIONS)
def cohort(request, tmp_path):
    """Write one exam as volume files; return its folder."""
    write_exam(tmp_path, DIRECTIONS[request.param])
    return tmp_path


def write_exam(folder, direction, *, with_pet=True):
    fine = np.array([0.9, 0.9, 2.0])
    sitk.WriteImage(image_of(hu, fine, direction), str(folder / "ct.nii.gz"))
    mask = sitk.Cast(image_of(node, fine, direction), sitk.sitkUInt8)
    sitk.WriteImage(mask, str(folder / "seg.nii.gz"))
    coarse = np.array([4.0, 4.0, 4.0])
    sitk.WriteImage(image_of(suv, coarse, direction), str(folder / "pet.nii.gz"))
    exam = {"patient_id": "CANARY", "exam_id": "E1", "ct": "ct.nii.gz"}
    exam |= {"segmentation": "seg.nii.gz", "contrast": "yes", "low_dose": "no"}
    exam |= {"pet": "pet.nii.gz"} if with_pet else {}
    tables.write(pd.DataFrame([exam]), folder / "exams.tsv", tables.EXAM_SHEET)
    row = {"patient_id": "CANARY", "exam_id": "E1", "node_id": "CANARY-1"}
    row |= {"location": "iliac", "status": "positive"}
    sheet = pd.DataFrame([row | {"label": "1"}])
    tables.write(sheet, folder / "nodes.tsv", tables.NODE_SHEET)
    chosen = pd.DataFrame([row | {"panel": panel} for panel in "abc"]).assign(
        volume_mm3=2144.0, suv_max=9.0 if with_pet else np.nan, distance=0, candidates=3
    )
    chosen.loc[1, "status"] = "negative"
    tables.write(chosen[list(EXAMPLES.columns)], folder / "chosen.tsv", EXAMPLES)


def pictures_of(folder, name="pictures.h5"):
    inspect_exams(
        exams=folder / "exams.tsv",
        nodes=folder / "nodes.tsv",
        shard="1-of-1",
        rules=Rules(low_dose_mas=40),
        on_bad_exam="fail",
        inspections=folder / "inspected.tsv",
        index=folder / "index.json",
    )
    picture_examples(
        chosen=folder / "chosen.tsv",
        exams=folder / "exams.tsv",
        nodes=folder / "nodes.tsv",
        indices=[folder / "index.json"],
        output=folder / name,
    )
    return read_pictures(folder / name)


def places(picture):
    """Return the coordinates of columns and of rows."""
    left, right, first, last = picture.extent_mm
    rows, columns = picture.values.shape
    x = left + (np.arange(columns) + 0.5) * (right - left) / columns
    along = first + (np.arange(rows) + 0.5) * (last - first) / rows
    return x, along


def test_every_pixel_shows_the_point_where_it_lies(cohort):
    body = pictures_of(cohort)["a"]
    x, y = places(body["axial_ct"])
    expected = (x - CENTRE[0])[None, :] + 2 * (y - CENTRE[1])[:, None]
    inside = np.hypot(*np.meshgrid(x - CENTRE[0], y - CENTRE[1])) < 25
    found = body["axial_ct"].values
    np.testing.assert_allclose(found[inside], expected[inside], atol=0.05)
    x, z = places(body["coronal_ct"])
    expected = (x - CENTRE[0])[None, :] + 3 * (z - CENTRE[2])[:, None]
    inside = np.hypot(*np.meshgrid(x - CENTRE[0], z - CENTRE[2])) < 25
    found = body["coronal_ct"].values
    np.testing.assert_allclose(found[inside], expected[inside], atol=0.05)


def test_the_node_lies_in_the_middle_of_its_section(cohort):
    covered = pictures_of(cohort)["b"]["axial_node"]
    x, y = places(covered)
    rows, columns = np.nonzero(covered.values > 0.5)
    assert x[columns].mean() == pytest.approx(CENTRE[0], abs=0.3)
    assert y[rows].mean() == pytest.approx(CENTRE[1], abs=0.3)
    area = len(rows) * (x[1] - x[0]) * (y[1] - y[0])
    assert area == pytest.approx(np.pi * 64, rel=0.06)


def test_the_projection_shows_the_hottest_point_of_the_whole_exam(cohort):
    projected = pictures_of(cohort)["a"]["projected_pet"]
    x, z = places(projected)
    row, column = np.unravel_index(np.argmax(projected.values), projected.values.shape)
    assert x[column] == pytest.approx(HOT[0], abs=3)
    assert z[row] == pytest.approx(HOT[2], abs=3)
    stored = sitk.GetArrayFromImage(sitk.ReadImage(str(cohort / "pet.nii.gz")))
    # A grid along the axes of the patient is not interpolated, a turned one is.
    straight = sitk.ReadImage(str(cohort / "pet.nii.gz")).GetDirection()[1] == 0
    low = 1 - (1e-6 if straight else 0.25)
    assert low * stored.max() <= projected.values.max() <= stored.max() * (1 + 1e-6)


def test_whole_bodies_are_kept_for_the_first_panel_alone(cohort):
    pictures = pictures_of(cohort)
    axial = {"axial_ct", "axial_node", "axial_pet"}
    whole = axial | {"coronal_ct", "coronal_node", "projected_pet"}
    assert set(pictures["a"]) == whole
    assert set(pictures["b"]) == set(pictures["c"]) == axial


@pytest.mark.figures
def test_same_pictures_same_bytes_and_nobody_is_named(cohort):
    pictures_of(cohort, "once.h5")
    pictures_of(cohort, "again.h5")
    content = (cohort / "once.h5").read_bytes()
    assert content == (cohort / "again.h5").read_bytes()
    assert b"CANARY" not in content


@pytest.mark.figures
@pytest.mark.parametrize("with_pet", [True, False])
def test_figure_1_is_drawn_the_same_twice_and_names_nobody(tmp_path, with_pet):
    write_exam(tmp_path, np.eye(3), with_pet=with_pet)
    pictures_of(tmp_path)
    drawn = []
    for name in ("once", "again"):
        files = [tmp_path / f"{name}.{kind}" for kind in ("pdf", "svg", "png")]
        draw_figure_1(
            chosen=tmp_path / "chosen.tsv",
            pictures=tmp_path / "pictures.h5",
            window_hu=WINDOW,
            synthetic=True,
            output=files,
        )
        drawn.append([path.read_bytes() for path in files])
    assert drawn[0] == drawn[1]
    svg = drawn[0][1].decode()
    assert "CANARY" not in svg
    assert "synthetic cohort" in svg
    assert "−160 (black) to 240 (white) HU" in svg
    assert ("no PET" in svg) is not with_pet
    caption = Legend.of(svg).caption
    assert ("whose volume and SUVmax" in caption) is with_pet
    assert "of another patient" not in caption
    assert "of the 3 positive and 3 negative nodes" in caption


def test_pictures_show_the_window_and_the_node_where_it_is(tmp_path):
    write_exam(tmp_path, np.eye(3))
    pictures = pictures_of(tmp_path)
    nodes = tables.read(tmp_path / "chosen.tsv", EXAMPLES).set_index("panel")
    figure = lay_out(nodes, pictures, WINDOW)
    for axes in figure.axes:
        (image,) = axes.get_images()
        assert image.get_clim() in {WINDOW, (0, 10)}
    assert not overlapping(figure)
    words = [text.get_text() for text in drawn_texts(figure)]
    assert words.count("20 mm") == 6
    assert words.count("50 mm") == 2
    for axes in figure.axes:
        assert axes.get_aspect() == 1
    axial = figure.axes[2]
    left, right = axial.get_xlim()
    bottom, top = axial.get_ylim()
    # The patient's right is on the left of the picture, the front above.
    assert left < right
    assert bottom > top
    coronal = figure.axes[0]
    assert coronal.get_ylim()[0] < coronal.get_ylim()[1]
