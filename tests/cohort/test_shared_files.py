"""A file that two rows or two columns name is refused before anything is read."""

import os

import pandas as pd
import pytest

from nodal_staging.cohort.sheets import SheetError, check_sheets
from nodal_staging.tables import TableError

EXAMS = {
    "patient_id": ["P1", "P2", "P3"],
    "exam_id": ["E1", "E2", "E3"],
    "ct": ["1/ct.nii", "2/ct.nii", "3/dicom"],
    "pet": ["1/pet.nii", "2/pet.nii", "3/dicom"],
    "segmentation": ["1/seg.nii", "2/seg.nii", "3/seg.nii"],
}
NODES = {
    "patient_id": ["P1", "P1", "P2", "P3"],
    "exam_id": ["E1", "E1", "E2", "E3"],
    "node_id": ["N1", "N2", "N3", "N4"],
    "label": ["1", "2", "1", "1"],
    "location": ["iliac"] * 4,
    "status": ["negative"] * 4,
    "segmentation": ["1/own.nii", "1/own.nii", None, None],
}


@pytest.fixture
def folder(tmp_path):
    for number in "123":
        (tmp_path / number / "dicom").mkdir(parents=True)
        for name in ("ct", "pet", "seg", "own"):
            (tmp_path / number / f"{name}.nii").write_bytes(b"")
    return tmp_path


def check(folder, exams=EXAMS, nodes=NODES, period=None):
    pd.DataFrame(exams).to_csv(folder / "exams.tsv", sep="\t", index=False)
    pd.DataFrame(nodes).to_csv(folder / "nodes.tsv", sep="\t", index=False)
    check_sheets(
        exams=folder / "exams.tsv",
        nodes=folder / "nodes.tsv",
        readings=None,
        labelled=True,
        output=folder / "sheets.json",
        period=period,
    )


def changed(column, row, value, table=EXAMS):
    cells = list(table[column])
    cells[row] = value
    return table | {column: cells}


def test_each_exam_with_files_of_its_own_is_accepted(folder):
    check(folder)
    assert (folder / "sheets.json").is_file()


@pytest.mark.parametrize("column", ["ct", "pet", "segmentation"])
@pytest.mark.parametrize("form", ["{}", "./{}", "2/../{}", "absolute", "link", "hard"])
def test_two_exams_of_one_file_are_refused(folder, column, form):
    path = EXAMS[column][0]
    if form == "absolute":
        second = str(folder / path)
    elif form in ("link", "hard"):
        second = f"2/{form}.nii"
        link = os.symlink if form == "link" else os.link
        link(folder / path, folder / second)
    else:
        second = form.format(path)
    words = (
        f"exams.tsv, column {column}: exam E1 of patient P1 and exam E2 of patient P2 "
        "name the same file"
    )
    with pytest.raises(SheetError, match=words):
        check(folder, changed(column, 1, second))


def test_a_missing_file_named_twice_is_refused(folder):
    exams = changed("ct", 0, "gone.nii")
    with pytest.raises(SheetError, match="column ct: exam E1 of patient P1"):
        check(folder, changed("ct", 1, "gone.nii", exams))


def test_two_exams_of_one_folder_are_refused(folder):
    with pytest.raises(SheetError, match=r"column ct: exam E2 .* the same folder"):
        check(folder, changed("ct", 1, "3/dicom"))


@pytest.mark.parametrize(
    ("first", "second", "allowed"),
    [
        ("#1", "#2", True),
        ("#kernel=B30f", "#kernel=B70f", True),
        ("#1", "#1", False),
        ("#1", "", False),
    ],
)
def test_two_exams_may_name_two_series_of_a_folder(folder, first, second, allowed):
    exams = changed("ct", 1, f"3/dicom{first}")
    exams = changed("ct", 2, f"3/dicom{second}", exams)
    if allowed:
        check(folder, exams)
    else:
        with pytest.raises(SheetError, match="the same folder"):
            check(folder, exams)


@pytest.mark.parametrize(
    ("column", "other"),
    [("ct", "pet"), ("pet", "segmentation"), ("ct", "segmentation")],
)
def test_one_file_in_two_columns_is_refused(folder, column, other):
    words = f"patient P1, exam E1: the columns {column} and {other} name the same file"
    with pytest.raises(SheetError, match=words):
        check(folder, changed(other, 0, EXAMS[column][0]))


def test_a_segmentation_of_nodes_belongs_to_one_exam(folder):
    with pytest.raises(SheetError, match=r"column segmentation: exam E1 .* exam E2"):
        check(folder, nodes=changed("segmentation", 2, "1/own.nii", NODES))


def test_a_sheet_without_rows_is_refused(folder):
    empty = {column: [] for column in EXAMS}
    with pytest.raises(SheetError, match=r"exams.tsv: the sheet has a header but no"):
        check(folder, empty, {column: [] for column in NODES})


@pytest.mark.parametrize("name", ["mean", "Mean", "TRUTH"])
def test_a_reader_of_a_reserved_name_is_refused(folder, name):
    readings = folder / "readings.tsv"
    readings.write_text(f"reader\tnode_id\trating\n{name}\tN1\tlikely\n")
    check(folder)
    with pytest.raises(SheetError, match=f"a reader is named {name}"):
        check_sheets(
            exams=folder / "exams.tsv",
            nodes=folder / "nodes.tsv",
            readings=readings,
            labelled=True,
            output=folder / "sheets.json",
        )


@pytest.mark.parametrize("age", [-1, 121])
def test_an_impossible_age_is_refused(folder, age):
    with pytest.raises(TableError, match=r"exams.tsv, row 2, column age: found"):
        check(folder, EXAMS | {"age": [age, 60, 61]})


def test_a_period_needs_the_days_of_the_exams(folder):
    with pytest.raises(SheetError, match=r"no column day, .* set cohort"):
        check(folder, period=[0, 10])
    check(folder, EXAMS | {"day": [1, 2, 3]}, period=[0, 10])
