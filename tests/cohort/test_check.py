"""The dry inspection, uptake and status, and nodes from the names of labels."""

import json
import re
from pathlib import Path

import numpy as np
import pandas as pd
import pydicom
import pytest
import SimpleITK as sitk
import yaml
from dicom_files import write_series, written
from pydicom.encaps import encapsulate
from pydicom.uid import JPEG2000Lossless
from studies import measured_nodes

from nodal_staging import tables
from nodal_staging.cohort.check import CheckFiles, write_check
from nodal_staging.cohort.contrast_and_dose import Rules
from nodal_staging.cohort.exam_index import read_index
from nodal_staging.cohort.inclusion_criteria import CohortError, Limits, select_cohort
from nodal_staging.cohort.inspected_shard import InspectedShard
from nodal_staging.cohort.inspection import inspect_exams
from nodal_staging.cohort.label_names import (
    LabelNameError,
    Naming,
    gather_label_names,
    nodes_from_labels,
)
from nodal_staging.cohort.second_look import (
    SECOND_LOOK,
    SecondLookError,
    accept_second_look,
)
from nodal_staging.cohort.sheets import read_exams
from nodal_staging.figures.legend import Legend
from nodal_staging.figures.uptake import draw_uptake
from nodal_staging.geometry import Lattice
from nodal_staging.nodes.exam_volumes import (
    HU_STEP,
    SIZE,
    SUV_STEP,
    node_volumes,
    picture_exams,
)
from nodal_staging.nodes.masks import node_masks
from nodal_staging.nodes.measurements import measure_nodes
from nodal_staging.nodes.node_flags import NodeLimits, flag_nodes
from nodal_staging.nodes.uptake_check import check_uptake, disagreements
from nodal_staging.phantom.mitk_writer import write_multilabel
from nodal_staging.study.files import read_json
from nodal_staging.study.shards import item
from nodal_staging.tables.volume_viewer import decode_volume

SHARD = "1-of-1"
CONFIG = Path(__file__).parents[2] / "config" / "config.yaml"
NODE_LIMITS = yaml.safe_load(CONFIG.read_text())["cohort"]["node_limits"]
NODE_LIMITS["highest_hu"] = 600  # the nodes of these exams have 500 HU
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
            unread=output.with_suffix(".json"),
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
        unread=cohort / "unread.json",
    )
    nodes = tables.read(cohort / "nodes.tsv", tables.NEW_NODE_SHEET)
    assert list(nodes.loc[nodes["exam_id"] == "E/a", "label"]) == ["0:1", "0:2"]
    assert nodes["status"].eq("unknown").all()


def inspect(folder, **options):
    name_nodes(folder, **options)
    inspect_exams(
        exams=folder / "exams.tsv",
        nodes=folder / "nodes.tsv",
        shard=SHARD,
        rules=Rules(low_dose_mas=40),
        on_bad_exam="exclude",
        inspections=folder / "inspected.tsv",
        index=folder / "index.json",
        unread=folder / "labels" / "1.json",
    )


def test_names_of_labels_tell_location_and_status(cohort):
    nodes = name_nodes(cohort)
    own = nodes[nodes["exam_id"] == "E/a"]
    assert list(own["label"]) == ["0:1", "0:2"]
    assert list(own["location"]) == ["iliac", "axillary"]
    assert list(own["status"]) == ["positive", "negative"]
    assert "rechts" not in (cohort / "nodes.tsv").read_text()


SIDE = r"(?P<location>iliakal|axillary) *(?P<status>\w*)"
"""Takes the word after the location, the side, as status."""


def test_a_name_that_does_not_tell_is_not_quoted(cohort):
    with pytest.raises(LabelNameError, match=r"exam E/a.*label 0:1 ") as caught:
        name_nodes(cohort, pattern=SIDE)
    assert "rechts" not in str(caught.value)
    with pytest.raises(LabelNameError, match="no label of any exam"):
        name_nodes(cohort, on_bad_exam="exclude", pattern=SIDE)


def rename_labels(folder, names):
    path = folder / "seg.nrrd"
    values = sitk.GetArrayFromImage(sitk.ReadImage(str(path))).astype(np.uint16)
    write_multilabel(path, values.reshape(LATTICE.shape), LATTICE, names)


def test_an_exam_whose_labels_give_no_nodes_is_listed_with_the_cause(cohort):
    rename_labels(cohort / "a", ["Mustermann", NAMES[1]])
    inspect(cohort, on_bad_exam="exclude")
    check(cohort)
    own = tables.read(cohort / "check" / "exams.tsv", tables.CHECKED)
    own = own.set_index("exam_id").loc["E/a"]
    assert (own["verdict"], own["reason"]) == ("problem", "label_name")
    place = "patient Pa, exam E/a, column segmentation: the name of label 0:1 "
    assert own["problem"].startswith(place)
    assert "; rename the label, or" in own["problem"]
    with pytest.raises(CohortError, match=r"\(label_name 1, slice_gap 1\)"):
        select_cohort(
            exams=cohort / "exams.tsv",
            inspections=[cohort / "inspected.tsv"],
            limits=Limits(),
            cohort=cohort / "cohort.tsv",
            flow=cohort / "flow.json",
        )
    rename_labels(cohort / "a", NAMES)
    inspect(cohort, on_bad_exam="exclude")
    found = tables.read(cohort / "inspected.tsv", tables.INSPECTIONS)
    assert found.set_index("exam_id").loc["E/a", "reason"] == "ok"


def test_an_exam_without_its_segmentation_is_listed_with_the_cause(cohort):
    (cohort / "a" / "seg.nrrd").unlink()
    inspect(cohort, on_bad_exam="exclude")
    found = tables.read(cohort / "inspected.tsv", tables.INSPECTIONS)
    own = found.set_index("exam_id").loc["E/a"]
    assert own["reason"] == "unusable_file"
    assert "column segmentation" in own["problem"]


def volumes_of(folder):
    """Return the volumes of the nodes of the first exam."""
    exam = read_exams(exams=folder / "exams.tsv", nodes=folder / "nodes.tsv")[0]
    index = read_index(folder / "index.json")[exam.exam_id]
    return list(node_volumes(exam, index, node_masks(exam, index, folder)).values())


@pytest.mark.parametrize("orientation", ["LPS", "RAS", "LAS", "RPS"])
def test_volumes_lie_along_the_axes_of_the_patient(cohort, orientation):
    """However a volume file runs, the same cubes are cut."""
    inspect(cohort)
    expected = volumes_of(cohort)
    paths = [str(path) for path in sorted((cohort / "a" / "ct").iterdir())]
    turned = sitk.DICOMOrient(sitk.ReadImage(paths), orientation)
    sitk.WriteImage(turned, str(cohort / "ct.nii.gz"))
    sheet = tables.read(cohort / "exams.tsv", tables.EXAM_SHEET)
    sheet.loc[0, "ct"] = "ct.nii.gz"
    tables.write(sheet.assign(low_dose="no"), cohort / "exams.tsv", tables.EXAM_SHEET)
    inspect(cohort)
    for found, other in zip(volumes_of(cohort), expected, strict=True):
        np.testing.assert_array_equal(found.mask, other.mask)
        np.testing.assert_allclose(found.ct, other.ct, atol=1)
        np.testing.assert_allclose(found.pet, other.pet, atol=1)


def answers_of(folder, rows):
    """Write answers of a second look."""
    columns = list(SECOND_LOOK.columns)
    tables.write(pd.DataFrame(rows, columns=columns), folder / "look.tsv", SECOND_LOOK)
    return folder / "look.tsv"


def accept(folder, answers, *, required):
    select_cohort(
        exams=folder / "exams.tsv",
        inspections=[folder / "inspected.tsv"],
        limits=Limits(),
        cohort=folder / "cohort.tsv",
        flow=folder / "flow.json",
    )
    accept_second_look(
        answers=answers,
        nodes=folder / "nodes.tsv",
        cohort=folder / "cohort.tsv",
        required=required,
        output=folder / "accepted.json",
    )
    return read_json(folder / "accepted.json")


def test_the_cohort_can_require_that_every_node_is_accepted(cohort):
    inspect(cohort)
    sheet = tables.read(cohort / "nodes.tsv", tables.NODE_SHEET)
    first, second = sheet.loc[sheet["exam_id"] == "E/a", "node_id"]
    assert accept(cohort, None, required=False) == {"accept": 0, "doubt": 0, "open": 2}
    with pytest.raises(SecondLookError, match=rf"{first} \(and 1 more\): not accepted"):
        accept(cohort, None, required=True)
    some = [("E/a", first, "accept", "-"), ("E/a", second, "doubt", "a vessel?")]
    look = answers_of(cohort, some)
    assert accept(cohort, look, required=False) == {"accept": 1, "doubt": 1, "open": 0}
    with pytest.raises(SecondLookError, match=f"exam E/a, node {second}: not accepted"):
        accept(cohort, look, required=True)
    look = answers_of(
        cohort, [("E/a", name, "accept", "-") for name in (first, second)]
    )
    assert accept(cohort, look, required=True)["accept"] == 2
    look = answers_of(cohort, [("E/a", "strange", "accept", "-")])
    with pytest.raises(SecondLookError, match="node strange is not in the node sheet"):
        accept(cohort, look, required=False)


def test_answers_of_an_earlier_look_are_on_the_page_and_in_the_summary(cohort):
    inspect(cohort)
    sheet = tables.read(cohort / "nodes.tsv", tables.NODE_SHEET)
    name = sheet.loc[sheet["exam_id"] == "E/a", "node_id"].iloc[0]
    look = answers_of(
        cohort, [("E/a", name, "doubt", "</script>"), ("E/a", "-", "accept", "-")]
    )
    check(cohort, second_look=look)
    page = (cohort / "check" / "index.html").read_text()
    (given,) = re.findall(r"const GIVEN = (.*);", page)
    assert json.loads(given)[0] == {
        "exam_id": "E/a",
        "node_id": name,
        "answer": "doubt",
        "comment": "</script>",
    }
    summary = (cohort / "check" / "summary.txt").read_text()
    assert "second look: 1 answer accepts, 1 doubts" in summary


def check(folder, **files):
    """Draw and measure the exams and write the check; return the pictures."""
    pictures = folder / "check" / "pictures" / SHARD
    picture_exams(
        exams=folder / "exams.tsv",
        nodes=folder / "nodes.tsv",
        index=folder / "index.json",
        shard=SHARD,
        output=pictures,
    )
    sheets = {"exams": folder / "exams.tsv", "nodes": folder / "nodes.tsv"}
    shard = InspectedShard(
        name=SHARD,
        **sheets,
        inspections=folder / "inspected.tsv",
        index=folder / "index.json",
        limits=Limits(),
    )
    measure_nodes(
        shard=shard,
        refused_share=0.5,
        on_bad_exam="exclude",
        output=folder / "measured.tsv",
        lost=folder / "lost.tsv",
    )
    flag_nodes(
        nodes=[folder / "measured.tsv"],
        limits=NodeLimits.of(NODE_LIMITS),
        output=folder / "flags.tsv",
    )
    write_check(
        study="mine",
        files=CheckFiles(
            **sheets,
            inspections=[folder / "inspected.tsv"],
            lost=[folder / "lost.tsv"],
            measured=[folder / "measured.tsv"],
            flags=folder / "flags.tsv",
            pictures=[pictures],
            **files,
        ),
        limits=Limits(),
        table=folder / "check" / "exams.tsv",
        page=folder / "check" / "index.html",
        summary=folder / "check" / "summary.txt",
    )
    return pictures


def test_every_exam_is_on_the_page_with_its_fix(cohort):
    inspect(cohort)
    pictures = check(cohort)
    found = tables.read(cohort / "check" / "exams.tsv", tables.CHECKED)
    assert list(found["exam_id"]) == ["E/b", "E/a"]
    assert list(found["verdict"]) == ["problem", "ok"]
    assert found["reason"].iloc[0] == "slice_gap"
    assert list(found["picture"]) == ["-", f"pictures/{SHARD}/00001.js"]
    assert read_json(pictures / "pictures.json") == {"E/a": "00001.js"}
    page = (cohort / "check" / "index.html").read_text()
    assert page.count("<article") == 2
    assert "restore the missing slice" in page
    assert f'data-source="pictures/{SHARD}/00001.js"' in page
    assert page.count('<li class="node"') == 4
    assert page.count('class="look"') == 2
    assert "SUVmax 10.0 · short axis" in page


def test_a_status_that_is_suggested_is_offered_and_stays_unknown(cohort):
    inspect(cohort)
    nodes = pd.read_csv(cohort / "nodes.tsv", sep="\t", dtype=str)
    own = nodes["exam_id"].eq("E/a")
    nodes.loc[own, "status"] = "unknown"
    nodes.loc[own, "suggested"] = "negative"
    nodes.to_csv(cohort / "nodes.tsv", sep="\t", index=False)
    check(cohort)
    found = tables.read(cohort / "check" / "exams.tsv", tables.CHECKED)
    (notes,) = found.loc[found["exam_id"] == "E/a", "notes"]
    node_id = nodes.loc[own, "node_id"].iloc[0]
    assert f"node {node_id}: negative is suggested" in notes
    measured = tables.read(cohort / "measured.tsv", tables.NODES)
    assert set(measured["status"]) == {"unknown"}


def damage_pixels(folder):
    """Leave the headers of a series sound, and nothing that can be decoded."""
    for path in sorted(folder.iterdir()):
        dataset = pydicom.dcmread(path)
        dataset.PixelData = encapsulate([b"no picture" * 50])
        dataset["PixelData"].VR = "OB"
        dataset["PixelData"].is_undefined_length = True
        path.write_bytes(written(dataset, JPEG2000Lossless))


def test_a_pet_that_cannot_be_decoded_is_a_remark_of_the_check(cohort):
    damage_pixels(cohort / "a" / "pet")
    inspect(cohort)
    check(cohort)
    found = tables.read(cohort / "check" / "exams.tsv", tables.CHECKED)
    own = found.set_index("exam_id").loc["E/a"]
    assert (own["verdict"], own["reason"]) == ("remark", "included")
    assert (own["nodes"], own["lost_nodes"]) == (2, 0)
    assert "exam E/a, column pet, file" in own["notes"]


def test_pixels_that_cannot_be_decoded_are_a_problem_of_the_check(cohort):
    """Headers are sound; only reading the voxels finds the damage."""
    damage_pixels(cohort / "a" / "ct")
    inspect(cohort)
    check(cohort)
    found = tables.read(cohort / "check" / "exams.tsv", tables.CHECKED)
    own = found.set_index("exam_id").loc["E/a"]
    assert (own["verdict"], own["reason"]) == ("problem", "undecodable_pixels")
    assert "patient Pa, exam E/a, column ct, file" in own["problem"]
    assert (own["nodes"], own["lost_nodes"]) == (2, 2)
    page = (cohort / "check" / "index.html").read_text()
    assert "2 nodes of 1 exam could not be measured" in page
    assert own["picture"] == "-"
    assert list(found["exam_id"]) == ["E/a", "E/b"]


def test_a_volume_shows_the_node_where_it_is_and_the_pet_at_the_same_place(cohort):
    inspect(cohort)
    first, second = volumes_of(cohort)
    assert first.ct.shape == first.mask.shape == first.pet.shape == (SIZE,) * 3
    # 16 voxels of 0.7 x 0.8 x 3 mm; the middle of the node is that of the cube.
    volume = first.mask.sum() * first.spacing_mm**3
    assert volume == pytest.approx(2 * 16 * 0.7 * 0.8 * 3, rel=0.5)
    middle = np.argwhere(first.mask).mean(axis=0)
    assert np.abs(middle - (SIZE - 1) / 2).max() < 0.6
    inside = HU_STEP * first.ct[first.mask == 1].astype(float)
    assert inside.max() > 400
    assert np.median(HU_STEP * first.ct[first.mask == 0].astype(float)) < 100
    hot = SUV_STEP * first.pet[first.mask == 1].astype(float)
    assert hot.max() > 7
    assert first.pet[0].max() == 0
    assert second.mask.any()


def test_the_script_of_an_exam_holds_its_voxels(cohort):
    inspect(cohort)
    pictures = check(cohort)
    text = (pictures / "00001.js").read_text()
    content = json.loads(text.removeprefix("checkExam(").removesuffix(");\n"))
    assert content["exam"] == "E/a"
    for told, volume in zip(content["nodes"].values(), volumes_of(cohort), strict=True):
        for name in ("ct", "mask", "pet"):
            found = decode_volume(told[name])
            np.testing.assert_array_equal(found, getattr(volume, name))


NODES = pd.DataFrame(
    {
        "node_id": ["N1", "N2", "N3", "N4", "N5", "N6"],
        "patient_id": "P1",
        "location": "iliac",
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
