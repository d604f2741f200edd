"""Identifiers of any script: kept, or refused in a sentence that names the cell."""

import unicodedata

import pytest
from hostile_identifiers import HOSTILE, identifiers
from hypothesis import given, settings

from nodal_staging import tables
from nodal_staging.study.sheet_identifiers import confused, fault_of, identifier
from nodal_staging.study.sheet_rows import rows_by_shard
from nodal_staging.tables import TableError

HEADER = "reader;node_id;rating\n"


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("sheets")


def read(folder, *node_ids, reader="Ada"):
    path = folder / "readings.csv"
    cells = [[reader, node_id, "1"] for node_id in node_ids]
    lines = [
        ";".join('"' + cell.replace('"', '""') + '"' for cell in row) for row in cells
    ]
    path.write_text(HEADER + "\n".join(lines) + "\n", encoding="utf-8", newline="")
    return tables.read(path, tables.READING_SHEET)


def test_identifiers_of_any_script_are_kept(folder):
    kept = list(read(folder, *HOSTILE)["node_id"])
    assert kept == [unicodedata.normalize("NFC", one) for one in HOSTILE]


@settings(max_examples=15, deadline=None)
@given(identifiers())
def test_identifiers_survive_sheets_and_tables_exactly(folder, names):
    frame = read(folder, *names)
    assert list(frame["node_id"]) == names
    for name in ("written.tsv", "written.csv"):
        tables.write(frame, folder / name, tables.READING_SHEET)
        again = tables.read(folder / name, tables.READING_SHEET)
        assert list(again["node_id"]) == names


def shards(folder, patient):
    """Return the shards that a patient is part of."""
    path = folder / "exams.tsv"
    path.write_text("patient_id\tct\n", encoding="utf-8")
    empty = rows_by_shard({"exams": path}, 64)
    path.write_text(f"patient_id\tct\n{patient}\tct\n", encoding="utf-8")
    found = rows_by_shard({"exams": path}, 64)
    return [name for name, total in found.items() if total != empty[name]]


def test_composed_and_decomposed_letters_are_the_same_identifier(folder):
    composed, decomposed = "Kn\u00f6tchen", "Kno\u0308tchen"
    assert read(folder, composed).equals(read(folder, decomposed))
    assert len(shards(folder, composed)) == 1
    assert shards(folder, composed) == shards(folder, decomposed)
    with pytest.raises(TableError, match="node_id Knötchen stands in rows 2, 3"):
        read(folder, composed, decomposed)


@pytest.mark.parametrize(
    ("cell", "expected"),
    [
        ("N1 ", "no blanks at its start and end; remove them"),
        ("\u00a0N1", "no blanks at its start and end"),
        ("N\n1", r"no line breaks, control or formatting characters \(U\+000A\)"),
        ("N\u20281", r"\(U\+2028\)"),
        ("N\x071", r"\(U\+0007\)"),
        ("N\u202e1", r"\(U\+202E\); type the identifier again"),
        ("N\u2066x\u2069", r"\(U\+2066\)"),
        ("N\u200b1", r"\(U\+200B\)"),
        ("N\ufeff1", r"\(U\+FEFF\)"),
        ("=1+1", r"does not start like a formula \(with =\); rename it"),
        ("+49", r"\(with \+\)"),
        ("-1", r"\(with -\)"),
        ("@SUM(A1)", r"\(with @\)"),
        ("\uff1dA1", r"\(with =\)"),
        ("N1;=A1", r"\(with =\)"),
        ("N1, -2", r"\(with -\)"),
        ("x" * 101, "at most 100 characters, not 101; shorten it"),
    ],
)
def test_an_unsound_identifier_is_one_sentence(folder, cell, expected):
    sentence = (
        f"^readings.csv, row 3, column node_id: found '.*', expected .*{expected}"
    )
    with pytest.raises(TableError, match=sentence) as raised:
        read(folder, "N0", cell)
    assert str(raised.value).isprintable()
    assert "\\" not in str(raised.value)
    with pytest.raises(TableError, match=r"^readings.csv, row 2, column reader: found"):
        read(folder, "N0", reader=cell)


@pytest.mark.parametrize(
    ("one", "other"),
    [("N1", "n1"), ("Node 1", "Node  1"), ("A\u00a01", "A 1"), ("Ünal", "u\u0308nal")],
)
def test_identifiers_that_people_confuse_are_refused_by_name(folder, one, other):
    words = r"row 4, column node_id: .* in row 2 only by case or blanks"
    with pytest.raises(TableError, match=words):
        read(folder, one, "B", other)


def test_different_identifiers_are_not_confused():
    assert confused(map(identifier, HOSTILE)) is None
    assert not any(map(fault_of, map(identifier, HOSTILE)))
