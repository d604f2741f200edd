"""A job depends on its own rows of a sheet."""

import pytest

from nodal_staging.shards import item, shard_of
from nodal_staging.sheet_rows import rows_by_reader, rows_by_shard

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
    before = rows_by_shard([exams], N_SHARDS)
    exams.write_text(exams.read_text() + "P99\tP99/ct\n")
    own = item(shard_of("P99", N_SHARDS), N_SHARDS)
    assert changed(before, rows_by_shard([exams], N_SHARDS)) == {own}


def test_a_corrected_cell_changes_its_shard_alone(exams):
    before = rows_by_shard([exams], N_SHARDS)
    exams.write_text(exams.read_text().replace("P3/ct", "P3/other"))
    own = item(shard_of("P3", N_SHARDS), N_SHARDS)
    assert changed(before, rows_by_shard([exams], N_SHARDS)) == {own}


def test_a_new_column_changes_every_shard_with_patients(exams):
    before = rows_by_shard([exams], N_SHARDS)
    rows = [(name, f"{name}/ct", "yes") for name in PATIENTS]
    write(exams, rows, ("patient_id", "ct", "contrast"))
    filled = {item(shard_of(name, N_SHARDS), N_SHARDS) for name in PATIENTS}
    assert changed(before, rows_by_shard([exams], N_SHARDS)) == filled


def test_rewriting_the_same_rows_changes_nothing(exams):
    before = rows_by_shard([exams], N_SHARDS)
    exams.write_text(exams.read_text().replace("\n", "\r\n"))
    assert rows_by_shard([exams], N_SHARDS) == before


@pytest.mark.parametrize("content", [None, "", "other\tcolumns\n1\t2\n", "\xff\n"])
def test_what_is_no_sheet_is_left_to_the_check_of_the_sheets(tmp_path, content):
    path = tmp_path / "exams.tsv"
    if content is not None:
        path.write_bytes(content.encode("latin-1"))
    assert len(set(rows_by_shard([path], N_SHARDS).values())) == 1


def test_a_new_reader_changes_no_other(tmp_path):
    header = ("reader", "node_id", "rating")
    rows = [(name, f"N{n}", "likely") for n in range(3) for name in ("anna", "cleo")]
    path = write(tmp_path / "readings.tsv", rows, header)
    anna, cleo = rows_by_reader(path)
    write(path, [*rows, ("bert", "N0", "unlikely")], header)
    assert rows_by_reader(path)[::2] == [anna, cleo]
    assert rows_by_reader(None) == []
