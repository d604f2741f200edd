"""What goes wrong in real cohorts: one sentence each, and the rest survives."""

import re
import shutil
from dataclasses import replace

import numpy as np
import pandas as pd
import pydicom
import pytest
from small_cohort import SHARD, draw_sheets, simulate_shard, small_scanner

from nodal_staging import tables
from nodal_staging.cohort.contrast_and_dose import Rules
from nodal_staging.cohort.inclusion_criteria import (
    CohortError,
    Limits,
    select_cohort,
)
from nodal_staging.cohort.inspected_shard import InspectedShard
from nodal_staging.cohort.inspection import accept_exams, inspect_exams
from nodal_staging.cohort.sheets import SheetError, check_sheets, read_exams
from nodal_staging.exams.segmentation.reading import read_segmentation
from nodal_staging.exams.segmentation.regions import Segmentation
from nodal_staging.nodes.measurements import measure_nodes
from nodal_staging.phantom.mitk_writer import write_multilabel
from nodal_staging.phantom.synthetic_cohort import Enrolment
from nodal_staging.study.errors import InputError
from nodal_staging.study.files import read_json
from nodal_staging.tables import TableError

SCANNER = small_scanner(noise_hu=0)


@pytest.fixture(scope="module")
def pristine(tmp_path_factory):
    folder = tmp_path_factory.mktemp("raw")
    draw_sheets(folder, Enrolment(4, 18, 0.2), SCANNER, seed=3)
    simulate_shard(folder, SCANNER, seed=3)
    return folder


@pytest.fixture
def raw(pristine, tmp_path):
    folder = tmp_path / "raw"
    shutil.copytree(pristine, folder)
    return folder


@pytest.fixture
def victim(raw):
    """Return the row of an exam that would be included."""
    sheet = tables.read(raw / "exams.tsv", tables.EXAM_SHEET)
    return sheet[sheet["segmentation"].notna()].iloc[0]


def inspect(raw, on_bad_exam="exclude"):
    inspect_exams(
        exams=raw / "exams.tsv",
        nodes=raw / "nodes.tsv",
        shard=SHARD,
        rules=Rules(low_dose_mas=40),
        on_bad_exam=on_bad_exam,
        inspections=raw / "inspections.tsv",
        index=raw / "index.json",
    )
    frame = tables.read(raw / "inspections.tsv", tables.INSPECTIONS)
    return frame.set_index("exam_id")


def select(raw):
    select_cohort(
        exams=raw / "exams.tsv",
        inspections=[raw / "inspections.tsv"],
        limits=Limits(),
        cohort=raw / "cohort.tsv",
        flow=raw / "flow.json",
    )
    return tables.read(raw / "cohort.tsv", tables.EXAMS).set_index("exam_id")


def remove_slice(raw, victim):
    sorted((raw / victim["ct"]).iterdir())[5].unlink()


def rewrite(path, change, extra=()):
    """Write a segmentation again with other values or at another place."""
    old: Segmentation = read_segmentation(path)
    lattice = old.regions[0].lattice
    values = np.zeros(lattice.shape, np.uint16)
    for region in old.regions:
        (z, y, x), (depth, height, width) = region.start, region.mask.shape
        box = values[z : z + depth, y : y + height, x : x + width]
        box[region.mask] = region.value
    names = [label.name for label in old.labels]
    write_multilabel(path, *change(values, lattice), [*names, *extra])


def shift_grid(raw, victim):
    def shifted(values, lattice):
        x, y, z = lattice.origin_mm
        return values, replace(lattice, origin_mm=(x, y, z + 500.0))

    rewrite(raw / victim["segmentation"], shifted)


def add_label(raw, victim):
    def added(values, lattice):
        values[0, 0, 0] = 77
        return values, lattice

    rewrite(raw / victim["segmentation"], added)


def lose_segmentation(raw, victim):
    (raw / victim["segmentation"]).unlink()


def lose_nodes(raw, victim):
    sheet = tables.read(raw / "nodes.tsv", tables.NODE_SHEET)
    others = sheet[sheet["exam_id"] != victim["exam_id"]]
    tables.write(others, raw / "nodes.tsv", tables.NODE_SHEET)


def compress(raw, victim):
    for path in (raw / victim["ct"]).iterdir():
        content = path.read_bytes()
        path.write_bytes(content.replace(b"10008.1.2.1\0", b"10008.1.2.5\0", 1))


def lose_folder(raw, victim):
    shutil.rmtree(raw / victim["ct"])


def write_path(column, path):
    def damage(raw, victim):
        sheet = tables.read(raw / "exams.tsv", tables.EXAM_SHEET)
        sheet.loc[sheet["exam_id"] == victim["exam_id"], column] = path
        tables.write(sheet, raw / "exams.tsv", tables.EXAM_SHEET)

    damage.__name__ = f"{column}_{path[:3]}"
    return damage


DAMAGES = {
    write_path("ct", "x" * 300): r"column ct: there is no such file or folder",
    write_path("ct", "x" * 300 + "#2"): r"column ct: there is no such file or folder",
    write_path("ct", "ct/" * 3000): r"column ct: the path has \d+ letters, more than",
    write_path("ct", "C:\\scans\\1"): r"column ct: a Windows path, .* with slashes",
    write_path("ct", "~/scans"): r"column ct: ~ does not stand for your home folder",
    write_path("segmentation", "x" * 300): r"column segmentation: there is no such",
    remove_slice: r"column ct: .*found 8 mm between slices .*restore the missing slice",
    shift_grid: r"column segmentation: only 0.0 % of label \d+ .*on this CT",
    add_label: r"label 0:77 has no node in nodes.tsv; add its row",
    compress: r"files 1, 2, 3, 4, 5 and .* absent or truncated",
    lose_folder: r"column ct: there is no such file or folder; correct the path",
    lose_segmentation: r"column segmentation: there is no such file or folder",
    lose_nodes: r"nodes.tsv has no node of this exam",
}


@pytest.mark.parametrize("damage", DAMAGES, ids=lambda damage: damage.__name__)
def test_a_bad_exam_is_named_and_the_rest_survives(raw, victim, damage):
    damage(raw, victim)
    found = inspect(raw)
    problem = found.loc[victim["exam_id"], "problem"]
    assert f"patient {victim['patient_id']}, exam {victim['exam_id']}" in problem
    assert re.search(DAMAGES[damage], problem)
    cohort = select(raw)
    assert cohort.loc[victim["exam_id"], "included"] == "no"
    assert (cohort["included"] == "yes").sum() == 3


@pytest.mark.parametrize("damage", DAMAGES, ids=lambda damage: damage.__name__)
def test_strict_stops_at_a_bad_exam(raw, victim, damage):
    damage(raw, victim)
    with pytest.raises(InputError, match="on_bad_exam: exclude"):
        inspect(raw, on_bad_exam="fail")


def accept(raw, on_bad_exam):
    accept_exams(
        inspections=[raw / "inspections.tsv"],
        on_bad_exam=on_bad_exam,
        output=raw / "accepted.json",
    )
    return read_json(raw / "accepted.json")


def test_exams_that_were_inspected_before_are_judged_too(raw, victim):
    next(iter(DAMAGES))(raw, victim)
    unusable = int((inspect(raw)["reason"] != "ok").sum())
    assert unusable > 0
    assert accept(raw, "exclude") == {"unusable": unusable}
    with pytest.raises(InputError, match="on_bad_exam: exclude"):
        accept(raw, "fail")


def test_an_unusable_pet_costs_the_suv_and_not_the_exam(raw, victim):
    sorted((raw / victim["pet"]).iterdir())[3].unlink()
    found = inspect(raw).loc[victim["exam_id"]]
    assert found["reason"] == "ok"
    assert "SUV of this exam left empty" in found["notes"]
    assert found["notes"].count(f"patient {victim['patient_id']}") == 1
    assert found["pet"] == "no"
    measure_nodes(
        shard=InspectedShard(
            name=SHARD,
            exams=raw / "exams.tsv",
            nodes=raw / "nodes.tsv",
            inspections=raw / "inspections.tsv",
            index=raw / "index.json",
            limits=Limits(),
        ),
        refused_share=0.5,
        on_bad_exam="exclude",
        output=raw / "measured.tsv",
        lost=raw / "lost.tsv",
    )
    measured = tables.read(raw / "measured.tsv", tables.NODES)
    own = measured["patient_id"] == victim["patient_id"]
    assert measured.loc[own, "suv_max"].isna().all()
    assert measured.loc[~own, "suv_max"].notna().all()
    assert len(measured) == 18


def test_the_sheet_gives_a_weight_that_the_header_lacks(raw, victim):
    stated = tables.read(raw / "exams.tsv", tables.EXAM_SHEET)
    for path in (raw / victim["pet"]).iterdir():
        header = pydicom.dcmread(path)
        weight = float(header.PatientWeight)
        del header.PatientWeight
        header.save_as(path)
    notes = inspect(raw).loc[victim["exam_id"], "notes"]
    assert "fill in the column weight_kg" in notes
    own = stated["exam_id"] == victim["exam_id"]
    stated["weight_kg"] = np.where(own, weight, np.nan)
    tables.write(stated, raw / "exams.tsv", tables.EXAM_SHEET)
    found = inspect(raw).loc[victim["exam_id"]]
    assert "of the column weight_kg was used" in found["notes"]
    assert found["pet"] == "yes"


def check(raw, *, labelled=True):
    check_sheets(
        exams=raw / "exams.tsv",
        nodes=raw / "nodes.tsv",
        readings=raw / "readings.tsv",
        labelled=labelled,
        output=raw / "sheets.json",
    )


def edit(path, old, new):
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new, 1))


@pytest.mark.parametrize(
    ("sheet", "old", "new", "words"),
    [
        ("exams", "\tct\t", "\tcet\t", "exams.tsv: missing column ct"),
        ("nodes", "\tstatus", "\tstate", "nodes.tsv: missing column status"),
        ("nodes", "\tpositive", "\tcancer", r"nodes.tsv, row \d+, column status"),
        ("nodes", "N00001", "N00002", "column node_id"),
        ("nodes", "\tE0", "\tE9", r"node N\d+: exam E9\d+ of patient"),
        ("readings", "N00001", "N99999", "node N99999 is not in nodes.tsv"),
    ],
)
def test_sheets_that_contradict_are_refused(raw, sheet, old, new, words):
    edit(raw / f"{sheet}.tsv", old, new)
    with pytest.raises((TableError, SheetError), match=words):
        check(raw)


def test_a_shard_refuses_a_node_of_nobody_too(raw):
    """It does not wait for the check of the sheets."""
    edit(raw / "nodes.tsv", "\tE0", "\tE9")
    with pytest.raises(SheetError, match=r"node N\d+: exam E9\d+ of patient"):
        read_exams(exams=raw / "exams.tsv", nodes=raw / "nodes.tsv", shard=SHARD)


def test_good_sheets_pass(raw):
    check(raw)
    assert (raw / "sheets.json").exists()


def saved_as(path, separator, encoding):
    """Save a sheet as another program would, with a column of one's own."""
    lines = path.read_text().splitlines()
    rows = [line.replace("\t", separator) + f"{separator}mine" for line in lines]
    path.write_bytes("\r\n".join([*rows, separator * 3, ""]).encode(encoding))


@pytest.mark.parametrize(
    ("separator", "encoding"),
    [(";", "utf-8-sig"), ("\t", "utf-16"), (",", "utf-8")],
)
def test_sheets_of_any_spreadsheet_pass_with_a_remark(raw, caplog, separator, encoding):
    before = read_exams(exams=raw / "exams.tsv", nodes=raw / "nodes.tsv")
    for name in ("exams", "nodes", "readings"):
        saved_as(raw / f"{name}.tsv", separator, encoding)
    with caplog.at_level("WARNING", "nodal_staging"):
        check(raw)
    assert caplog.messages == [
        f"{name}.tsv: the column mine is ignored"
        for name in ("exams", "nodes", "readings")
    ]
    after = read_exams(exams=raw / "exams.tsv", nodes=raw / "nodes.tsv")
    for one, other in zip(before, after, strict=True):
        assert (one.exam_id, one.ct) == (other.exam_id, other.ct)
        pd.testing.assert_frame_equal(one.nodes, other.nodes)


def test_an_empty_cohort_is_an_error(raw):
    text = (raw / "exams.tsv").read_text()
    (raw / "exams.tsv").write_text(text.replace("\tgood", "\tpoor"))
    inspect(raw)
    with pytest.raises(CohortError, match="no exam can be included"):
        select(raw)


def test_reasons_are_those_of_the_synthetic_fates(raw):
    inspect(raw)
    cohort = select(raw)
    assert (cohort["included"] == "yes").sum() == 4
    assert set(cohort["reason"]) <= {
        "included",
        "follow_up",
        "non_contrast",
        "low_dose",
        "quality",
    }


def test_only_a_prediction_takes_nodes_without_status(raw):
    nodes = pd.read_csv(raw / "nodes.tsv", sep="\t", dtype=str)
    nodes.loc[0, ["status", "location"]] = "unknown"
    nodes.to_csv(raw / "nodes.tsv", sep="\t", index=False)
    check(raw)
    nodes.assign(status=None).to_csv(raw / "nodes.tsv", sep="\t", index=False)
    with pytest.raises(InputError, match=r"nodes\.tsv, row 2, column status"):
        check(raw)
    nodes.drop(columns=["status", "location"]).to_csv(
        raw / "nodes.tsv", sep="\t", index=False
    )
    check(raw, labelled=False)
    for exam in read_exams(exams=raw / "exams.tsv", nodes=raw / "nodes.tsv"):
        assert exam.nodes["status"].eq("unknown").all()
        assert exam.nodes["location"].eq("unknown").all()


def test_a_synthetic_cohort_raises_no_remark(raw):
    """Its headers state one patient, study and frame of reference per exam."""
    found = inspect(raw)
    usable = found[found["reason"] == "ok"]
    assert len(usable) == 4
    assert found["notes"].eq("-").all()
