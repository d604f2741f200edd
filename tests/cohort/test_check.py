"""The dry inspection, uptake beside status, and nodes from the names of labels."""

import re

import numpy as np
import pandas as pd
import pydicom
import pytest
import SimpleITK as sitk
from dicom_files import write_series, written
from pydicom.encaps import encapsulate
from pydicom.uid import JPEG2000Lossless
from studies import measured_nodes

from nodal_staging import tables
from nodal_staging.cohort.check import write_check
from nodal_staging.cohort.contrast_and_dose import Rules
from nodal_staging.cohort.exam_index import read_index
from nodal_staging.cohort.inspection import inspect_exams
from nodal_staging.cohort.label_names import (
    LabelNameError,
    Naming,
    gather_label_names,
    nodes_from_labels,
)
from nodal_staging.cohort.selection import Limits
from nodal_staging.cohort.sheets import read_exams
from nodal_staging.figures.exam_pictures import picture_exams
from nodal_staging.figures.legend import Legend
from nodal_staging.figures.uptake import draw_uptake
from nodal_staging.geometry import Lattice
from nodal_staging.nodes.masks import node_masks
from nodal_staging.nodes.uptake_check import check_uptake, disagreements
from nodal_staging.nodes.views import node_views
from nodal_staging.phantom.mitk_writer import write_multilabel
from nodal_staging.study.files import read_json
from nodal_staging.study.shards import item

SHARD = "1-of-1"
LATTICE = Lattice((6, 20, 24), (0.7, 0.8, 3.0), (-10.0, -20.0, 100.0))
NAMES = ["iliakal rechts pos", "LN axillary NEG"]
PET = {
    "Units": "GML",
    "PixelSpacing": [2.0, 2.0],
    "RescaleSlope": 0.01,
    "RescaleIntercept": 0,
}


@pytest.fixture
def cohort(tmp_path):
    """Return the folder of two exams: one usable, one whose slices have a gap."""
    values = np.zeros(LATTICE.shape, np.uint16)
    values[2:4, 5:9, 6:10], values[4, 12:15, 15:18] = 1, 2
    stored = np.random.default_rng(0).integers(950, 1100, LATTICE.shape)
    stored[values > 0] = 1500
    uptake = np.zeros((6, 10, 12))
    uptake[2:4, 2:5, 2:4] = 1000
    for name, order in (("a", None), ("b", [0, 1, 3, 4, 5])):
        write_series(tmp_path / name / "ct", stored, order=order, Exposure=100)
        write_series(tmp_path / name / "pet", uptake, modality="PT", **PET)
        write_multilabel(tmp_path / name / "seg.nrrd", values, LATTICE, NAMES)
    rows = [
        {
            "patient_id": f"P{name}",
            "exam_id": f"E/{name}",
            "ct": f"{name}/ct",
            "pet": f"{name}/pet",
            "segmentation": f"{name}/seg.nrrd",
            "contrast": "yes",
        }
        for name in "ab"
    ]
    tables.write(pd.DataFrame(rows), tmp_path / "exams.tsv", tables.EXAM_SHEET)
    return tmp_path


NAMING = {
    "pattern": r"(?P<location>iliakal|axillary).* (?P<status>pos|neg)$",
    "locations": {"Iliakal": "iliacal"},
    "statuses": {"pos": "positive", "neg": "negative"},
}


def name_nodes(folder, on_bad_exam="fail", shards=1, **changes):
    named = [folder / "labels" / f"{n}.tsv" for n in range(1, shards + 1)]
    for number, output in enumerate(named, start=1):
        nodes_from_labels(
            exams=folder / "exams.tsv",
            shard=item(number, shards),
            naming=Naming.of(NAMING | changes),
            on_bad_exam=on_bad_exam,
            output=output,
        )
    gather_label_names(shards=named, named=True, output=folder / "nodes.tsv")
    return tables.read(folder / "nodes.tsv", tables.NODE_SHEET)


def test_the_number_of_shards_changes_no_node(cohort):
    whole = name_nodes(cohort).sort_values("node_id", ignore_index=True)
    split = name_nodes(cohort, shards=5).sort_values("node_id", ignore_index=True)
    pd.testing.assert_frame_equal(whole, split)


def test_without_a_pattern_every_label_is_a_node_of_unknown_status(cohort):
    nodes_from_labels(
        exams=cohort / "exams.tsv",
        shard=SHARD,
        naming=None,
        on_bad_exam="exclude",
        output=cohort / "nodes.tsv",
    )
    nodes = tables.read(cohort / "nodes.tsv", tables.NEW_NODE_SHEET)
    assert list(nodes.loc[nodes["exam_id"] == "E/a", "label"]) == ["0:1", "0:2"]
    assert nodes["status"].eq("unknown").all()


def inspect(folder):
    name_nodes(folder)
    inspect_exams(
        exams=folder / "exams.tsv",
        nodes=folder / "nodes.tsv",
        shard=SHARD,
        rules=Rules(low_dose_mas=40),
        on_bad_exam="exclude",
        inspections=folder / "inspected.tsv",
        index=folder / "index.json",
    )


def test_names_of_labels_tell_location_and_status(cohort):
    nodes = name_nodes(cohort)
    own = nodes[nodes["exam_id"] == "E/a"]
    assert list(own["label"]) == ["0:1", "0:2"]
    assert list(own["location"]) == ["iliacal", "axillary"]
    assert list(own["status"]) == ["positive", "negative"]
    assert "rechts" not in (cohort / "nodes.tsv").read_text()


def test_a_name_that_does_not_tell_is_not_quoted(cohort):
    with pytest.raises(LabelNameError, match=r"exam E/a.*label 0:1 ") as caught:
        name_nodes(cohort, statuses={"neg": "negative"})
    assert "rechts" not in str(caught.value)
    with pytest.raises(LabelNameError, match="no label of any exam"):
        name_nodes(cohort, on_bad_exam="exclude", statuses={})


@pytest.mark.parametrize(
    ("pattern", "words"), [("(", "no regular"), ("(?P<status>a)", "no group")]
)
def test_a_pattern_must_name_what_it_finds(pattern, words):
    with pytest.raises(LabelNameError, match=words):
        Naming.of(NAMING | {"pattern": pattern})


@pytest.mark.parametrize("orientation", ["LPS", "RAS", "LAS", "RPS"])
def test_pictures_are_turned_as_radiologists_look(cohort, orientation):
    """However a volume file runs, the left is on the right and the back below."""
    inspect(cohort)
    (expected, _) = views_of(cohort)
    paths = [str(path) for path in sorted((cohort / "a" / "ct").iterdir())]
    turned = sitk.DICOMOrient(sitk.ReadImage(paths), orientation)
    sitk.WriteImage(turned, str(cohort / "ct.nii.gz"))
    sheet = tables.read(cohort / "exams.tsv", tables.EXAM_SHEET)
    sheet.loc[0, "ct"] = "ct.nii.gz"
    tables.write(sheet.assign(low_dose="no"), cohort / "exams.tsv", tables.EXAM_SHEET)
    inspect(cohort)
    (found, _) = views_of(cohort)
    for one, other in (
        (found.hu, expected.hu),
        (found.mask, expected.mask),
        (found.others, expected.others),
        (found.centre, expected.centre),
    ):
        np.testing.assert_allclose(one, other)
    np.testing.assert_allclose(found.suv, expected.suv, atol=1e-5)


def views_of(folder):
    """Return the views of the first exam."""
    exam = read_exams(exams=folder / "exams.tsv", nodes=folder / "nodes.tsv")[0]
    index = read_index(folder / "index.json")[exam.exam_id]
    return node_views(exam, index, node_masks(exam, index, folder))


def test_every_exam_is_on_the_page_with_what_to_mend(cohort):
    inspect(cohort)
    pictures = cohort / "check" / "pictures" / SHARD
    picture_exams(
        exams=cohort / "exams.tsv",
        nodes=cohort / "nodes.tsv",
        index=cohort / "index.json",
        shard=SHARD,
        output=pictures,
    )
    write_check(
        study="mine",
        exams=cohort / "exams.tsv",
        nodes=cohort / "nodes.tsv",
        inspections=[cohort / "inspected.tsv"],
        pictures=[pictures],
        limits=Limits(),
        table=cohort / "check" / "exams.tsv",
        page=cohort / "check" / "index.html",
    )
    found = tables.read(cohort / "check" / "exams.tsv", tables.CHECKED)
    assert list(found["exam_id"]) == ["E/b", "E/a"]
    assert list(found["verdict"]) == ["problem", "ok"]
    assert found["reason"].iloc[0] == "slice_gap"
    assert list(found["picture"]) == ["-", f"pictures/{SHARD}/00001.png"]
    assert read_json(pictures / "pictures.json") == {"E/a": "00001.png"}
    page = (cohort / "check" / "index.html").read_text()
    assert page.count("<article") == 2
    assert "restore the missing slice" in page
    (image,) = re.findall(r'src="([^"]+)"', page)
    size = sitk.ReadImage(str(cohort / "check" / image)).GetSize()
    assert min(size[:2]) > 300


def test_pixels_that_cannot_be_decoded_are_a_problem_of_the_check(cohort):
    """Headers are sound; only drawing the exam finds the damage."""
    for path in sorted((cohort / "a" / "ct").iterdir()):
        dataset = pydicom.dcmread(path)
        dataset.PixelData = encapsulate([b"no picture" * 50])
        dataset["PixelData"].VR = "OB"
        dataset["PixelData"].is_undefined_length = True
        path.write_bytes(written(dataset, JPEG2000Lossless))
    inspect(cohort)
    pictures = cohort / "check" / "pictures" / SHARD
    picture_exams(
        exams=cohort / "exams.tsv",
        nodes=cohort / "nodes.tsv",
        index=cohort / "index.json",
        shard=SHARD,
        output=pictures,
    )
    write_check(
        study="mine",
        exams=cohort / "exams.tsv",
        nodes=cohort / "nodes.tsv",
        inspections=[cohort / "inspected.tsv"],
        pictures=[pictures],
        limits=Limits(),
        table=cohort / "check" / "exams.tsv",
        page=cohort / "check" / "index.html",
    )
    found = tables.read(cohort / "check" / "exams.tsv", tables.CHECKED)
    own = found.set_index("exam_id").loc["E/a"]
    assert (own["verdict"], own["reason"]) == ("problem", "undecodable_pixels")
    assert "patient Pa, exam E/a, column ct, file" in own["problem"]
    assert own["picture"] == "-"
    assert list(found["exam_id"]) == ["E/a", "E/b"]


def test_a_picture_shows_the_node_where_it_is_and_the_pet_at_the_same_place(cohort):
    inspect(cohort)
    exam = read_exams(exams=cohort / "exams.tsv", nodes=cohort / "nodes.tsv")[0]
    index = read_index(cohort / "index.json")["E/a"]
    views = node_views(exam, index, node_masks(exam, index, cohort))
    first, second = views
    assert np.argwhere(first.mask).min(axis=0).tolist() == [5, 6]
    assert first.mask.sum() == 16
    assert not first.others.any()
    assert first.hu[first.mask].mean() == 500
    assert np.median(first.hu[~first.mask]) < 100
    # PET voxel (2, 2) of 2 mm has its centre at 4 mm: column 5.7, row 5 of the CT.
    assert first.suv[5, 6] == pytest.approx(10, abs=0.01)
    assert first.suv[15, 20] == 0
    assert second.node_id.endswith("-0-2")


NODES = pd.DataFrame(
    {
        "node_id": ["N1", "N2", "N3", "N4", "N5", "N6"],
        "patient_id": "P1",
        "location": "iliacal",
        "status": [
            "positive",
            "positive",
            "negative",
            "negative",
            "negative",
            "positive",
        ],
        "suv_max": [9.0, 2.0, 1.0, 4.0, 8.0, np.nan],
    }
)


def test_noise_below_zero_is_an_uptake_like_any_other(tmp_path):
    nodes = measured_nodes(3).assign(suv_max=[-0.2, 1.0, 9.0], status="positive")
    tables.write(nodes, tmp_path / "nodes.tsv", tables.NODES)
    listed = tmp_path / "listed.tsv"
    check_uptake(nodes=tmp_path / "nodes.tsv", cutoff_suv=3.0, output=listed)
    found = tables.read(listed, tables.DISAGREEMENTS)
    assert list(found["suv_max"]) == [-0.2, 1.0]


def test_disagreements_are_listed_and_status_stays():
    found = disagreements(NODES, 3.0)
    assert list(found["node_id"]) == ["N2", "N5", "N4"]
    assert list(found["status"]) == ["positive", "negative", "negative"]


def test_uptake_is_drawn(tmp_path):
    others = {
        name: 1
        for name in tables.NODES.columns
        if name not in NODES.columns and name != "flags"
    }
    frame = NODES.assign(**others, flags="ok")[list(tables.NODES.columns)]
    tables.write(frame, tmp_path / "nodes.tsv", tables.NODES)
    listed = disagreements(frame, 3.0)
    tables.write(listed, tmp_path / "listed.tsv", tables.DISAGREEMENTS)
    draw_uptake(
        nodes=tmp_path / "nodes.tsv",
        disagreements=tmp_path / "listed.tsv",
        cutoff_suv=3.0,
        synthetic=True,
        output=[tmp_path / "uptake.svg"],
    )
    drawn = (tmp_path / "uptake.svg").read_text()
    caption = Legend.of(drawn).caption
    assert "disagree in 3 of 5 nodes, which are ringed; 1 without SUV" in caption
