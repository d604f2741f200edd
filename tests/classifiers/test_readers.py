"""Readers: words or numbers, complete or refused."""

import pytest
from studies import measured_nodes, write_study

from nodal_staging import tables
from nodal_staging.classifiers.readers import ReadingError, score_reader
from nodal_staging.study.sheet_rows import rows_by_reader, synthetic_readers

HEADER = "reader\tnode_id\trating\n"


@pytest.fixture
def study(tmp_path):
    return write_study(tmp_path, measured_nodes(10), n_test=4)


def score(study, tmp_path, text, reader="B", unread="refuse"):
    sheet = tmp_path / "readings.tsv"
    sheet.write_text(HEADER + text)
    output = tmp_path / "reader.csv"
    score_reader(
        reader=reader, readings=sheet, test=study["test"], unread=unread, scores=output
    )
    return tables.read(output, tables.SCORES)


def test_words_and_numbers_mean_the_same(study, tmp_path):
    words = ["very unlikely", "unlikely", "likely", "very likely"]
    spoken = score(
        study, tmp_path, "".join(f"B\tN{i:04d}\t{w}\n" for i, w in enumerate(words))
    )
    counted = score(
        study, tmp_path, "".join(f"B\tN{i:04d}\t{i + 1}\n" for i in range(4))
    )
    assert spoken.equals(counted)
    assert spoken["score"].tolist() == [1, 2, 3, 4]
    assert spoken["prediction"].tolist() == ["negative"] * 2 + ["positive"] * 2


def test_readers_keep_their_names(study, tmp_path):
    rows = [
        f"{r}\tN{i:04d}\t{s}\n" for r, s in (("Zoe", 4), ("Ada", 1)) for i in range(4)
    ]
    assert set(score(study, tmp_path, "".join(rows), "Ada")["score"]) == {1}
    assert set(score(study, tmp_path, "".join(rows), "Zoe")["score"]) == {4}
    readings = rows_by_reader(tmp_path / "readings.tsv")
    assert list(readings) == ["reader_Ada", "reader_Zoe"]


def test_a_gap_is_named(study, tmp_path):
    with pytest.raises(
        ReadingError, match=r"reader B: no rating of test node N0002 \(and 1"
    ):
        score(study, tmp_path, "B\tN0000\t1\nB\tN0001\t2\n")


def test_a_fifth_category_is_refused(study, tmp_path):
    with pytest.raises(tables.TableError, match=r"row 2, column rating: found '5'"):
        score(study, tmp_path, "B\tN0000\t5\n")


def test_nobody_read():
    assert rows_by_reader(None) == {}
    assert synthetic_readers([0.3, 0.6]) == ["reader_1", "reader_2"]


def test_nodes_left_out_are_said_and_the_rest_is_scored(study, tmp_path, caplog):
    found = score(study, tmp_path, "B\tN0000\t1\nB\tN0003\t4\n", unread="leave_out")
    assert found["node_id"].tolist() == ["N0000", "N0003"]
    assert "no rating of test node N0001 (and 1 more)" in caplog.text


def test_a_reader_of_nothing_is_refused(study, tmp_path):
    with pytest.raises(ReadingError, match="reader B: no rating of any test node"):
        score(study, tmp_path, "B\tN0009\t1\n", unread="leave_out")


def test_a_node_read_twice_is_named(study, tmp_path):
    text = "B\tN0000\t1\nA\tN0000\t1\nB\tN0000\t2\n"
    words = r"reader B, node_id N0000 stands in rows 2, 4; keep one of them"
    with pytest.raises(tables.TableError, match=words):
        score(study, tmp_path, text)
