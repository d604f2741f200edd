"""A job depends on its own rows of a sheet."""

import os

import pytest

from nodal_staging.study import sheet_rows
from nodal_staging.study.shards import AUTOMATIC, item, number_of_shards, shard_of
from nodal_staging.study.sheet_rows import (
    rows_by_reader,
    rows_by_shard,
    whole_sheets,
)

N_SHARDS = 4
PATIENTS = [f"P{n}" for n in range(12)]


def write(path, rows, header=("patient_id", "ct")):
    path.write_text("\n".join("\t".join(row) for row in (header, *rows)) + "\n")
    return path


@pytest.fixture
def exams(tmp_path):
    return write(tmp_path / "exams.tsv", [(name, f"{name}/ct") for name in PATIENTS])


def changed(before, after):
    assert before.keys() == after.keys()
    return {name for name in before if before[name] != after[name]}


def test_a_new_exam_changes_its_shard_alone(exams):
    before = rows_by_shard({"exams": exams}, N_SHARDS)
    exams.write_text(exams.read_text() + "P99\tP99/ct\n")
    own = item(shard_of("P99", N_SHARDS), N_SHARDS)
    assert changed(before, rows_by_shard({"exams": exams}, N_SHARDS)) == {own}


def test_a_corrected_cell_changes_its_shard_alone(exams):
    before = rows_by_shard({"exams": exams}, N_SHARDS)
    exams.write_text(exams.read_text().replace("P3/ct", "P3/other"))
    own = item(shard_of("P3", N_SHARDS), N_SHARDS)
    assert changed(before, rows_by_shard({"exams": exams}, N_SHARDS)) == {own}


def test_a_new_column_changes_every_shard_with_patients(exams):
    before = rows_by_shard({"exams": exams}, N_SHARDS)
    rows = [(name, f"{name}/ct", "yes") for name in PATIENTS]
    write(exams, rows, ("patient_id", "ct", "contrast"))
    filled = {item(shard_of(name, N_SHARDS), N_SHARDS) for name in PATIENTS}
    assert changed(before, rows_by_shard({"exams": exams}, N_SHARDS)) == filled


def test_rewriting_the_same_rows_changes_nothing(exams):
    before = rows_by_shard({"exams": exams}, N_SHARDS)
    exams.write_text(exams.read_text().replace("\n", "\r\n"))
    assert rows_by_shard({"exams": exams}, N_SHARDS) == before


@pytest.mark.parametrize(
    "content",
    [None, "", "other\tcolumns\n1\t2\n", "\xff\n", "PK\x03\x04xl/", "a,b\n1,2,3\n"],
)
def test_what_is_no_sheet_is_left_to_the_check_of_the_sheets(tmp_path, content):
    path = tmp_path / "exams.tsv"
    if content is not None:
        path.write_bytes(content.encode("latin-1"))
    assert len(set(rows_by_shard({"exams": path}, N_SHARDS).values())) == 1


def test_the_automatic_number_is_the_smallest_power_of_two_that_leaves_100_a_shard():
    for patients in [*range(3, 3300), 9_999, 50_000, 51_200, 51_201]:
        allowed = (2**k for k in range(2, 20) if patients <= 100 * 2**k)
        assert number_of_shards(AUTOMATIC, patients) == next(allowed)
    assert [number_of_shards(AUTOMATIC, n) for n in range(4)] == [1, 1, 2, 4]
    assert number_of_shards(AUTOMATIC, 549, 5) == 128
    assert number_of_shards(7, 50_000) == 7


def test_the_automatic_number_counts_patients_and_not_exams(tmp_path):
    people = [f"P{n}" for n in range(401)]
    exams = write(tmp_path / "exams.tsv", [(name, "ct") for name in people[:400] * 3])
    nodes = write(tmp_path / "nodes.tsv", [(name, "ct") for name in people])
    sheets, memory = {"exams": exams, "nodes": nodes}, tmp_path / "memory"
    assert rows_by_shard(sheets, AUTOMATIC, memory) == rows_by_shard(sheets, 4)
    exams.write_text(exams.read_text() + "P400\tct\n")
    assert rows_by_shard(sheets, AUTOMATIC, memory) == rows_by_shard(sheets, 8)
    assert rows_by_shard(sheets, AUTOMATIC, memory) == rows_by_shard(sheets, 8)
    assert len(rows_by_shard({}, AUTOMATIC)) == 1


def test_a_new_reader_changes_no_other(tmp_path):
    header = ("reader", "node_id", "rating")
    rows = [(name, f"N{n}", "likely") for n in range(3) for name in ("anna", "cleo")]
    path = write(tmp_path / "readings.tsv", rows, header)
    before = rows_by_reader(path)
    write(path, [*rows, ("bert", "N0", "unlikely")], header)
    after = rows_by_reader(path)
    assert list(after) == ["reader_anna", "reader_bert", "reader_cleo"]
    assert {name: after[name] for name in before} == before
    assert rows_by_reader(None) == {}


def test_a_memory_never_keeps_old_rows(exams, tmp_path):
    memory = tmp_path / "memory"
    for old, new in (("P3/ct", "P3/other"), ("P3/other", "P3/ct"), ("P4\t", "P5\t")):
        exams.write_text(exams.read_text().replace(old, new))
        for n_shards in (N_SHARDS, N_SHARDS + 1):
            rows = rows_by_shard({"exams": exams}, n_shards, memory)
            assert rows == rows_by_shard({"exams": exams}, n_shards)


def test_the_same_sheets_are_not_read_again(exams, tmp_path, monkeypatch):
    readings = write(tmp_path / "readings.tsv", [("anna", "N1")], ("reader", "node_id"))
    memories = [tmp_path / "shards", tmp_path / "readers"]

    def ask():
        shards = rows_by_shard({"exams": exams}, N_SHARDS, memories[0])
        return shards, rows_by_reader(readings, memories[1])

    before = ask()
    monkeypatch.delattr(sheet_rows, "_rows")
    assert ask() == before


@pytest.mark.parametrize(
    "written",
    [
        lambda text: b"\xef\xbb\xbf" + text.encode(),
        lambda text: b"\n" + text.encode(),
        lambda text: text.replace("\n", "\n\n").encode(),
    ],
    ids=["byte-order mark", "empty first line", "empty lines"],
)
def test_what_the_study_reads_is_what_is_summed(exams, written):
    before = rows_by_shard({"exams": exams}, N_SHARDS)
    exams.write_bytes(written(exams.read_text()))
    assert rows_by_shard({"exams": exams}, N_SHARDS) == before


def test_commas_are_read_as_the_study_reads_them(tmp_path):
    sheet = tmp_path / "readings.csv"
    sheet.write_text("node_id,reader\nn1,anna\nn1,bert\n")
    before = rows_by_reader(sheet)
    assert list(before) == ["reader_anna", "reader_bert"]
    sheet.write_text(sheet.read_text().replace("n1,bert", "n2,bert"))
    after = rows_by_reader(sheet)
    assert changed(before, after) == {"reader_bert"}


@pytest.mark.parametrize(
    "written",
    [
        lambda text: text.encode("utf-16"),
        lambda text: text.replace("\t", ";").encode("utf-8-sig"),
        lambda text: text.replace("\t", ",").encode(),
        lambda text: text.replace("\t", ";").replace("\n", ";;\r\n").encode(),
        lambda text: (text + "\t\n" * 3).encode(),
        lambda text: text.replace("\n", "\r").encode(),
    ],
    ids=["UTF-16", "semicolons", "commas", "trailing", "empty rows", "returns"],
)
def test_another_form_of_the_same_rows_changes_nothing(exams, written):
    before = rows_by_shard({"exams": exams}, N_SHARDS)
    exams.write_bytes(written(exams.read_text()))
    assert rows_by_shard({"exams": exams}, N_SHARDS) == before


def test_keys_are_found_whatever_the_case_of_their_name(tmp_path):
    sheet = tmp_path / "readings.csv"
    sheet.write_text("Node_ID; Reader\nn1;anna\nn1;bert\n")
    assert list(rows_by_reader(sheet)) == ["reader_anna", "reader_bert"]


def test_a_sheet_that_cannot_be_split_concerns_every_shard(exams, tmp_path):
    """The run begins, and the check of the sheets names the fault."""
    exams.write_text(exams.read_text() + 'P98\t"P98/ct\n' + "P97\tx\n" * 50_000)
    before = rows_by_shard({"exams": exams}, N_SHARDS)
    exams.write_text(exams.read_text() + "P99\tP99/ct\n")
    assert changed(before, rows_by_shard({"exams": exams}, N_SHARDS)) == before.keys()
    readings = tmp_path / "readings.tsv"
    readings.write_text('reader\tnode_id\n"anna\tN1\n')
    assert rows_by_reader(readings) == {}


def test_a_sheet_without_patients_concerns_every_shard(tmp_path):
    sheet = write(tmp_path / "exams.tsv", [("a", "b")], ("patient", "ct"))
    before = rows_by_shard({"exams": sheet}, N_SHARDS)
    write(sheet, [("a", "c")], ("patient", "ct"))
    assert changed(before, rows_by_shard({"exams": sheet}, N_SHARDS)) == before.keys()


def test_an_older_file_in_place_of_a_sheet_is_another_sheet(exams):
    before = whole_sheets([exams, None])
    exams.write_text(exams.read_text().replace("P3/ct", "P3/xy"))
    os.utime(exams, (0, 0))
    assert len(before) == 1
    assert whole_sheets([exams, None]) != before
