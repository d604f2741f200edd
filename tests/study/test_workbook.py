"""Excel workbooks: the cells of the same table saved as text, or one sentence."""

import datetime
import io
import zipfile

import openpyxl
import pytest

from nodal_staging import tables
from nodal_staging.study.delimited import read_delimited
from nodal_staging.study.sheet_rows import rows_by_reader, rows_by_shard
from nodal_staging.study.table_text import TableError

NODES = [
    ["patient_id", "exam_id", "node_id", "label", "location", "status"],
    ["P1", "E1", "N1", 1, "Iliac", "negative"],
    ["P2", "E2", "N2", 2, "cervical", "Positive"],
]


@pytest.fixture
def saved(tmp_path):
    def save(*sheets, change=None, name="study.xlsx"):
        book = openpyxl.Workbook()
        book.remove(book.active)
        for title, rows in sheets:
            sheet = book.create_sheet(title)
            for row in rows:
                sheet.append(row)
        if change is not None:
            change(book.worksheets[0])
        book.save(tmp_path / name)
        return tmp_path / name

    return save


def cells_of(path, **options):
    table = read_delimited(path, **options)
    return [table.header, *table.rows]


def one_cell(saved, value, form="General", **options):
    path = saved(("A", [["a", "b"], [None, "x"]]), change=putting(value, form))
    return cells_of(path, **options)[1][0]


def putting(value, form):
    def change(sheet):
        sheet["A2"].value = value
        sheet["A2"].number_format = form

    return change


@pytest.mark.parametrize(
    ("value", "form", "text"),
    [
        (7, "General", "7"),
        (7.0, "General", "7"),
        (7, "000", "007"),
        (-3.25, "General", "-3.25"),
        (0.1 + 0.2, "General", "0.3"),
        (0.5, "0%", "0.5"),
        (True, "General", "TRUE"),
        ("007", "@", "007"),
        (" Iliac ", "General", " Iliac "),
        (datetime.datetime(2020, 3, 1), "yyyy-mm-dd", "2020-03-01"),
        ("two\nlines", "General", "two\nlines"),
        (None, "General", ""),
    ],
)
def test_a_cell_is_what_the_table_as_text_holds(saved, value, form, text):
    assert one_cell(saved, value, form) == text


@pytest.mark.parametrize(
    ("value", "form", "text"),
    [
        (0.9, "0.00", "0.90"),
        (0.125, "0.00", "0.13"),
        (0.845, "0.0%", "84.5%"),
        (84, "0", "84"),
        (0.9, "General", "0.9"),
        ("0.90", "@", "0.90"),
    ],
)
def test_printed_shares_have_the_decimals_that_are_shown(saved, value, form, text):
    assert one_cell(saved, value, form, as_shown=True) == text


def test_a_workbook_gives_the_table_of_its_text(saved, tmp_path):
    text = "\n".join(",".join(map(str, row)) for row in NODES)
    (tmp_path / "nodes.csv").write_text(text)
    expected = tables.read(tmp_path / "nodes.csv", tables.NODE_SHEET)
    moved = [[], *NODES[:1], [], *NODES[1:]]
    for path in (saved(("Nodes", NODES)), saved(("x", moved), ("empty", []))):
        assert tables.read(path, tables.NODE_SHEET).equals(expected)
        assert tables.sheet_remarks(path, tables.NODE_SHEET) == []


def test_messages_have_the_rows_of_the_spreadsheet(saved):
    wrong = [[], NODES[0], [], [*NODES[1][:4], "elbow", "negative"]]
    with pytest.raises(TableError, match=r"study.xlsx, row 4, column location"):
        tables.read(saved(("Nodes", wrong)), tables.NODE_SHEET)


def test_one_workbook_holds_all_sheets_of_a_study(saved):
    exams = [["patient_id", "exam_id", "ct"], ["P1", "E1", "ct1"], ["P2", "E2", "ct2"]]
    readings = [["reader", "node_id", "rating"], ["anna", "N1", 3], ["bert", "N1", 1]]
    path = saved(("Readings", readings), ("EXAMS", exams), ("nodes", NODES))
    assert list(tables.read(path, tables.EXAM_SHEET)["ct"]) == ["ct1", "ct2"]
    assert list(tables.read(path, tables.NODE_SHEET)["node_id"]) == ["N1", "N2"]
    assert list(tables.read(path, tables.READING_SHEET)["rating"]) == ["3", "1"]
    assert list(rows_by_reader(path)) == ["reader_anna", "reader_bert"]
    assert len(set(rows_by_reader(path).values())) == 2
    before = rows_by_shard({"exams": path, "nodes": path}, 8)
    exams[2][2] = "ct3"
    path = saved(("Readings", readings), ("EXAMS", exams), ("nodes", NODES))
    after = rows_by_shard({"exams": path, "nodes": path}, 8)
    assert sum(before[name] != after[name] for name in before) == 1
    assert tables.sheet_remarks(path, tables.EXAM_SHEET) == [
        "of 3 sheets with content, only exams is read"
    ]


def test_hidden_rows_and_columns_are_read_with_a_remark(saved):
    def hide(sheet):
        sheet.row_dimensions[2].hidden = True
        sheet.column_dimensions["C"].hidden = True

    path = saved(("Nodes", NODES), change=hide)
    assert len(tables.read(path, tables.NODE_SHEET)) == 2
    rows, columns = tables.sheet_remarks(path, tables.NODE_SHEET)
    assert rows.startswith("1 hidden rows (the first is row 2) are read")
    assert columns == "hidden columns (the first is column C) are read"


def merge(sheet):
    sheet.merge_cells("A2:A3")


def error(sheet):
    sheet["E3"] = "#N/A"


def formula(sheet):
    sheet["D2"] = "=1+1"


def long_number(sheet):
    sheet["C2"] = 1234567890123456


FAULTS = {
    "merged": (merge, "cells A2:A3: the cells are merged; unmerge"),
    "error value": (error, "cell E3: the error value #N/A; correct its formula"),
    "formula": (formula, "cell D2: a formula without a stored result"),
    "long number": (long_number, "cell C2: a number of more than 15 digits"),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_cell_that_cannot_be_read_is_named(saved, fault):
    change, words = FAULTS[fault]
    with pytest.raises(TableError, match=f"study.xlsx, {words}"):
        read_delimited(saved(("Nodes", NODES), change=change))


def stored_results(path, results):
    """Store results of the formulas, as Excel does."""
    with zipfile.ZipFile(path) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    sheet = parts["xl/worksheets/sheet1.xml"].decode()
    for empty, filled in results:
        assert empty in sheet
        sheet = sheet.replace(empty, filled)
    parts["xl/worksheets/sheet1.xml"] = sheet.encode()
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in parts.items():
            archive.writestr(name, content)


def test_stored_results_of_formulas_are_read(saved):
    path = saved(("A", [["a", "b", "c"], ["=1+1", '=""', "x"]]))
    stored_results(
        path,
        [
            ('<c r="A2"><f>1+1</f><v /></c>', '<c r="A2"><f>1+1</f><v>2</v></c>'),
            ('<c r="B2"><f>""</f><v /></c>', '<c r="B2" t="str"><f>""</f><v></v></c>'),
        ],
    )
    assert cells_of(path)[1] == ["2", "", "x"]


def test_printed_shares_of_another_format_are_refused(saved):
    with pytest.raises(TableError, match=r"cell A2: .*; format the cell as text"):
        one_cell(saved, 0.9, "0.0E+00", as_shown=True)
    assert one_cell(saved, "0.9", "@", as_shown=True) == "0.9"


def test_the_sheet_that_is_meant_must_be_named(saved):
    other = [["a", "b"], [1, 2]]
    path = saved(("Sheet1", NODES), ("Sheet2", other))
    with pytest.raises(TableError, match=r"2 sheets .* rename .* to nodes, or delete"):
        tables.read(path, tables.NODE_SHEET)
    assert len(tables.read(saved(("Nodes", NODES), ("b", other)), tables.NODE_SHEET))
    assert len(tables.read(saved(("Sheet1", NODES)), tables.NODE_SHEET))


def test_a_workbook_without_content_is_refused(saved):
    with pytest.raises(TableError, match="no sheet of the workbook has content"):
        read_delimited(saved(("a", []), ("b", [])))


def test_any_cut_of_a_workbook_is_refused_or_gives_the_same(saved, tmp_path):
    path = saved(("Nodes", NODES))
    content, whole = path.read_bytes(), cells_of(path)
    for end in range(10, len(content), 97):
        (tmp_path / "cut.xlsx").write_bytes(content[:end])
        with pytest.raises(TableError, match=r"cut.xlsx: .*damaged or incomplete"):
            read_delimited(tmp_path / "cut.xlsx")
    damaged = bytearray(content)
    for place in range(30, len(content), 61):
        damaged[place] ^= 0xFF
        (tmp_path / "cut.xlsx").write_bytes(bytes(damaged))
        damaged[place] ^= 0xFF
        try:
            assert cells_of(tmp_path / "cut.xlsx") == whole
        except TableError as refused:
            assert "cut.xlsx" in str(refused)


def test_a_workbook_that_unpacks_to_too_much_is_refused(tmp_path):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/workbook.xml", "<workbook/>")
        with archive.open("xl/worksheets/sheet1.xml", "w") as part:
            for _ in range(301):
                part.write(bytes(1_000_000))
    (tmp_path / "bomb.xlsx").write_bytes(buffer.getvalue())
    with pytest.raises(TableError, match="301 MB, expected at most 300 MB"):
        read_delimited(tmp_path / "bomb.xlsx")
