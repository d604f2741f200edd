"""Sheets as people fill them in: read as they are meant, or one sentence."""

import numpy as np
import pytest

from nodal_staging import tables
from nodal_staging.tables import TableError
from nodal_staging.tables.sheet_cells import LOCATION_FORMS

EXAMS = "patient_id;exam_id;ct;age;psa\n"


@pytest.fixture
def sheet(tmp_path):
    def write(text, name="sheet.csv"):
        path = tmp_path / name
        path.write_text(text, encoding="utf-8")
        return path

    return write


def exam(age, psa, number=1):
    return f"P{number};E{number};ct;{age};{psa}\n"


def test_columns_and_words_are_compared_without_case_and_blanks(sheet):
    path = sheet(
        "Patient_ID, EXAM_ID ,Node_Id,Label,Location,STATUS\n"
        "P1,E1,N1,Iliac left, Iliac ,Positive\n"
    )
    row = tables.read(path, tables.NODE_SHEET).iloc[0]
    assert row["label"] == "Iliac left"
    assert (row["location"], row["status"]) == ("iliac", "positive")


@pytest.mark.parametrize("form", [*LOCATION_FORMS, *tables.LOCATIONS])
def test_forms_of_a_location_are_stored_alike(sheet, form):
    path = sheet(
        "patient_id,exam_id,node_id,label,location,status\n"
        f"P1,E1,N1,1,{form.title()},negative\n"
    )
    found = tables.read(path, tables.NODE_SHEET).loc[0, "location"]
    assert found == LOCATION_FORMS.get(form, form)
    assert found in tables.LOCATIONS


@pytest.mark.parametrize(
    ("written", "status", "contrast"),
    [
        ("Positiv", "positive", "Ja"),
        ("neg", "negative", "TRUE"),
        ("POS", "positive", "y"),
    ],
)
def test_other_forms_of_words_are_stored_alike(sheet, written, status, contrast):
    nodes = sheet(
        "patient_id,exam_id,node_id,label,location,status\n"
        f"P1,E1,N1,1,cervical,{written}\n"
    )
    assert tables.read(nodes, tables.NODE_SHEET).loc[0, "status"] == status
    exams = sheet(f"patient_id,exam_id,ct,contrast\nP1,E1,ct,{contrast}\n")
    assert tables.read(exams, tables.EXAM_SHEET).loc[0, "contrast"] == "yes"


def test_ratings_keep_their_words(sheet):
    path = sheet("reader\tnode_id\trating\nanna\tN1\tVery  Likely\nanna\tN2\t3\n")
    found = tables.read(path, tables.READING_SHEET)["rating"]
    assert found.tolist() == ["very likely", "3"]


def test_other_columns_are_left_out_and_listed(sheet):
    path = sheet("patient_id,exam_id,ct,scanner,,Site of study\nP1,E1,ct,A,x,B\n")
    found = tables.read(path, tables.EXAM_SHEET)
    assert list(found.columns) == ["patient_id", "exam_id", "ct"]
    assert tables.sheet_remarks(path, tables.EXAM_SHEET) == [
        f"the column {name} is ignored"
        for name in ("scanner", "(unnamed)", "Site of study")
    ]


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("segmentaton", "segmentation"),
        ("Segmentations", "segmentation"),
        ("seg", "segmentation"),
        ("low dose", "low_dose"),
        ("low-dose", "low_dose"),
        ("qualtiy", "quality"),
        ("days", "day"),
        ("PET-Scan", "pet"),
        ("pet_path", "pet"),
        ("Segmentation file", "segmentation"),
    ],
)
def test_a_misspelling_is_refused_and_the_advice_cures_it(sheet, written, meant):
    text = "patient_id,exam_id,ct,{}\nP1,E1,ct,\n"
    words = rf"unexpected column {written}; did you mean {meant}\? Rename it to {meant}"
    with pytest.raises(TableError, match=words):
        tables.read(sheet(text.format(written)), tables.EXAM_SHEET)
    assert meant in tables.read(sheet(text.format(meant)), tables.EXAM_SHEET)
    removed = "patient_id,exam_id,ct\nP1,E1,ct\n"
    assert len(tables.read(sheet(removed), tables.EXAM_SHEET)) == 1


def test_a_name_like_that_of_a_present_column_is_no_misspelling(sheet):
    path = sheet("patient_id,exam_id,ct,segmentation,segmentation_2\nP,E,ct,a,b\n")
    assert tables.read(path, tables.EXAM_SHEET).loc[0, "segmentation"] == "a"


@pytest.mark.parametrize("separator", ";\t")
def test_decimal_commas_are_read_where_commas_separate_nothing(sheet, separator):
    text = EXAMS + exam("70,5", "0,12") + exam("71", "12,345", 2) + exam("", "1e-3", 3)
    found = tables.read(sheet(text.replace(";", separator)), tables.EXAM_SHEET)
    np.testing.assert_array_equal(found["age"], [70.5, 71, np.nan])
    np.testing.assert_array_equal(found["psa"], [0.12, 12.345, 0.001])


def test_commas_in_text_stay(sheet):
    text = "patient_id;exam_id;ct;age\nP1,5;E1,5;1,5;70,5\n"
    row = tables.read(sheet(text), tables.EXAM_SHEET).iloc[0]
    assert row.tolist() == ["P1,5", "E1,5", "1,5", 70.5]


@pytest.mark.parametrize(
    ("rows", "words", "cured"),
    [
        (
            exam("70,5", "1.5"),
            r"row 2, column age: found '70,5', but '1\.5' in row 2, column psa; write",
            exam("70.5", "1.5"),
        ),
        (
            exam("70", "1,234"),
            r"column psa: '1,234' may be 1234 or 1\.234; write all decimals with a",
            exam("70", "1.234"),
        ),
        (
            exam("70", "1.234,5"),
            r"column psa: found '1\.234,5', expected a number; write decimals with",
            exam("70", "1234.5"),
        ),
        (
            exam("old", "1"),
            "column age: found 'old', expected a number; correct the cell",
            exam("70", "1"),
        ),
        (
            exam("-1", "1"),
            r"column age: found '?-1(\.0)?'?, expected at least 0; correct the cell",
            exam("1", "1"),
        ),
    ],
)
def test_numbers_that_cannot_be_read_are_named_and_cured(sheet, rows, words, cured):
    with pytest.raises(TableError, match=words) as caught:
        tables.read(sheet(EXAMS + rows), tables.EXAM_SHEET)
    assert not [word for word in ("coerce", "nan", "\n") if word in str(caught.value)]
    assert len(tables.read(sheet(EXAMS + cured), tables.EXAM_SHEET)) == 1


def test_a_decimal_comma_between_commas_is_refused_and_cured(sheet):
    text = 'patient_id,exam_id,ct,age\nP1,E1,ct,"70,5"\n'
    with pytest.raises(
        TableError, match="found '70,5', expected a number; write decimals"
    ):
        tables.read(sheet(text), tables.EXAM_SHEET)
    cured = sheet(text.replace("70,5", "70.5"))
    assert tables.read(cured, tables.EXAM_SHEET).loc[0, "age"] == 70.5


def test_a_decimal_comma_that_cuts_a_cell_is_refused_and_cured(sheet):
    text = "patient_id,exam_id,ct,age\nP1,E1,ct,70,5\n"
    with pytest.raises(TableError, match=r"row 2: 5 cells, .*; write decimals with a"):
        tables.read(sheet(text), tables.EXAM_SHEET)
    cured = sheet(text.replace("70,5", "70.5"))
    assert tables.read(cured, tables.EXAM_SHEET).loc[0, "age"] == 70.5


def test_a_failing_cell_counts_once(sheet):
    text = EXAMS + exam("x", "1") + exam("y", "z", 2)
    with pytest.raises(TableError, match=r"expected a number \(and 2 more\); correct"):
        tables.read(sheet(text), tables.EXAM_SHEET)
