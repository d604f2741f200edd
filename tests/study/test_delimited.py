"""Tables as people save them: whatever the program, the same rows and cells."""

import gzip
import io
import itertools
import zipfile

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nodal_staging.study.delimited import read_delimited
from nodal_staging.study.normalised_text import plain
from nodal_staging.study.table_text import TableError

CELLS = [
    ["node_id", "label", "remark"],
    ["N1", "1", "left, deep"],
    ["N2", "2", 'said "large"; and so on'],
    ["N3", "3", ""],
    ["Knoten_ü4", "4", "two\nlines"],
]


def quoted(cell, separator):
    special = any(mark in cell for mark in (separator, '"', "\n", "\r"))
    doubled = cell.replace('"', '""')
    return f'"{doubled}"' if special else cell


def text_of(cells, separator, end):
    lines = (separator.join(quoted(cell, separator) for cell in row) for row in cells)
    return "".join(line + end for line in lines)


@pytest.fixture
def saved(tmp_path):
    def save(content, name="nodes.tsv"):
        path = tmp_path / name
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return path

    return save


def cells_of(path, **options):
    table = read_delimited(path, **options)
    return [table.header, *table.rows]


@pytest.mark.parametrize(
    ("separator", "end", "encoding"),
    list(
        itertools.product(
            "\t;,",
            ["\n", "\r\n", "\r"],
            ["utf-8", "utf-8-sig", "utf-16", "utf-32"],
        )
    ),
)
def test_every_form_gives_the_same_cells(saved, separator, end, encoding):
    content = text_of(CELLS, separator, end).encode(encoding)
    for name in ("nodes.tsv", "nodes.csv", "nodes.txt"):
        assert cells_of(saved(content, name)) == CELLS


@pytest.mark.parametrize("order", ["utf-16-le", "utf-16-be"])
def test_utf_16_of_either_byte_order(saved, order):
    content = ("\ufeff" + text_of(CELLS, "\t", "\r\n")).encode(order)
    assert cells_of(saved(content)) == CELLS


@pytest.mark.parametrize(
    "text",
    [
        "a;b\n1;2\n",
        "a;b\n1;2",
        "\n\na;b\n\n1;2\n\n\n",
        "a;b\n1;2\n;\n;\n",
        "a;b;;\n1;2;;\n;;;\n",
        "a;b\n1;2;;\n",
        "sep=;\na;b\n1;2\n",
        '"a";"b"\n"1";"2"\n',
        " a ; b\n1;2\n",
        "# note\na;b\n# another\n1;2\n",
    ],
)
def test_what_has_no_content_does_not_count(saved, text):
    assert cells_of(saved(text), comment="#") == [["a", "b"], ["1", "2"]]


def test_rows_have_the_numbers_that_a_spreadsheet_shows(saved):
    table = read_delimited(saved('a,b\n\n"two\nlines",2\n3\n'))
    assert table.rows == [["two\nlines", "2"], ["3", ""]]
    assert table.numbers == [3, 4]


def test_a_name_may_hold_other_separators(saved):
    assert cells_of(saved("a\tb@1, 2, 3; 4\n1\t2\n"))[0] == ["a", "b@1, 2, 3; 4"]
    assert cells_of(saved('a;"b, c"\n1;2\n'))[0] == ["a", "b, c"]


def test_names_are_compared_without_case_and_blanks():
    assert plain("  Patient_ID ") == "patient_id"
    assert plain("Axilla\u0308r") == "axillär"


def workbook():
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("[Content_Types].xml", "<Types/>")
        archive.writestr("xl/workbook.xml", "<workbook/>")
    return buffer.getvalue()


def archive(name):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as opened:
        opened.writestr(name, "a\tb\n")
    return buffer.getvalue()


KINDS = {
    "damaged xlsx": (workbook(), "the workbook is damaged"),
    "xlsb": (archive("xl/workbook.bin"), r"a binary Excel workbook \(\.xlsb\)"),
    "numbers": (archive("Index/Document.iwa"), "an Apple Numbers document"),
    "xls": (
        b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(500),
        r"workbook of the old kind \(\.xls\)",
    ),
    "ods": (archive("content.xml"), "an OpenDocument file"),
    "zip": (archive("nodes.tsv"), "a ZIP archive, expected text or .*; unpack"),
    "cut zip": (archive("nodes.tsv")[:40], "ZIP archive that is damaged"),
    "pdf": (b"%PDF-1.7\n...", "a PDF document"),
    "gzip": (gzip.compress(b"a\tb\n"), "a gzip archive"),
    "html": (b"<!DOCTYPE html><table></table>", "a web page"),
    "DICOM": (bytes(128) + b"DICM" + bytes(20), "a DICOM file"),
    "binary": (bytes(range(256)), "a binary file"),
    "UTF-16 without mark": ("a\tb\n".encode("utf-16-le"), "without a byte order mark"),
    "cut UTF-16": ("\ufeffa\tb\n".encode("utf-16-le")[:-1], "saved incompletely"),
    "Latin-1": ("a\tb\n1\tü\n".encode("latin-1"), r"row 2: a letter that is not"),
    "empty": (b"", "the file is empty"),
    "mark only": (b"\xef\xbb\xbf\r\n", "the file is empty"),
    "separators only": (b";;;\n;;;\n", "no header"),
    "unclosed": (b'a\tb\n1\t"2\n3\t4\n', "row 2: a quotation mark opens a cell"),
    "unclosed in a large file": (
        b'a\tb\n1\t2\n1\t"2\n' + b"3\t4\n" * 100_000,
        "row 3: a quotation mark opens a cell",
    ),
    "long cell": (b"a\tb\n1\t" + b"x" * 200_000, "row 2: a cell of more than 131072"),
    "long header": (b"a\t" + b"x" * 200_000 + b"\n", "row 1: a cell of more than"),
    "surplus cell": (b"a,b\n1,2\n1,2,3\n", "row 3: 3 cells, but the header has 2"),
    "twice": (b"a,A\n1,2\n", "the column a occurs more than once"),
}
JARGON = ("codec", "utf-8'", "0x", "nan", "coerce", "_csv", "Error", "\\", "\n")


@pytest.mark.parametrize("kind", KINDS)
def test_what_is_no_table_is_named_in_one_sentence(saved, kind):
    content, words = KINDS[kind]
    with pytest.raises(TableError, match=rf"^nodes\.csv.*{words}") as caught:
        read_delimited(saved(content, "nodes.csv"))
    assert not [word for word in JARGON if word in str(caught.value)]


CURES = {
    "damaged xlsx": "a,b\n1,2\n".encode("utf-8-sig"),
    "zip": b"a\tb\n",
    "Latin-1": "a;b\n1;ü\n".encode("utf-8-sig"),
    "UTF-16 without mark": b"a\tb\n",
    "empty": b"a\n1\n",
    "unclosed": b'a\tb\n1\t"2"\n3\t4\n',
    "surplus cell": b'a,b\n1,2\n1,"2,3"\n',
    "twice": b"a\n1\n",
}
"""What the advice of a message makes of the file."""


@pytest.mark.parametrize("kind", CURES)
def test_the_advice_cures_the_fault(saved, kind):
    assert read_delimited(saved(CURES[kind], "nodes.csv")).header


def test_a_folder_and_a_missing_file_are_named(tmp_path):
    with pytest.raises(TableError, match="a folder, expected a table"):
        read_delimited(tmp_path)
    with pytest.raises(TableError, match="no such file"):
        read_delimited(tmp_path / "nodes.tsv")


words = st.text(
    st.characters(codec="utf-8", exclude_characters="\x00\ufeff"), min_size=1
).filter(lambda text: text.strip() == text)


@settings(max_examples=200, deadline=None)
@given(
    rows=st.lists(st.lists(words, min_size=3, max_size=3), max_size=5),
    separator=st.sampled_from("\t;,"),
    end=st.sampled_from(["\n", "\r\n", "\r"]),
)
def test_cells_come_back_as_they_were_written(tmp_path_factory, rows, separator, end):
    cells = [["a", "b", "c"], *rows]
    path = tmp_path_factory.mktemp("table") / "any.csv"
    path.write_bytes(text_of(cells, separator, end).encode("utf-8-sig"))
    assert cells_of(path) == cells


@settings(max_examples=300, deadline=None)
@given(content=st.binary(max_size=200) | st.text(max_size=200).map(str.encode))
def test_any_bytes_are_a_table_or_one_sentence(tmp_path_factory, content):
    path = tmp_path_factory.mktemp("bytes") / "any.tsv"
    path.write_bytes(content)
    try:
        table = read_delimited(path)
    except TableError as error:
        assert "\n" not in str(error)
    else:
        assert all(len(row) == len(table.header) for row in table.rows)
