"""Names in print and their order."""

import re

import pytest
from hostile_identifiers import HOSTILE, identifiers
from hypothesis import given

from nodal_staging.study.classifier_names import (
    in_order,
    is_published,
    is_reader,
    printed,
)
from nodal_staging.study.reader_names import LONGEST_NAME, reader_key, reader_name
from nodal_staging.study.sheet_identifiers import identifier
from nodal_staging.study.sheet_rows import rows_by_reader


def test_order_is_that_of_the_published_table():
    shuffled = [
        "my_network",
        "volume",
        "reader_10",
        "attenuation_27hu",
        "reader_2",
        "rf_location_balanced",
        "cnn_xmask",
        "rf_status_balanced",
        "cnn_location_balanced",
        "cnn_status_balanced",
    ]
    assert in_order(shuffled) == [
        "cnn_status_balanced",
        "cnn_location_balanced",
        "cnn_xmask",
        "rf_status_balanced",
        "rf_location_balanced",
        "reader_2",
        "reader_10",
        "attenuation_27hu",
        "volume",
        "my_network",
    ]


def test_names_for_people():
    assert printed("reader_2") == "Reader 2"
    assert printed("reader_R10") == "R10"
    assert printed(reader_key("Dr. Müller")) == "Dr. Müller"
    assert printed("cnn_xmask") == "CNN, xMask"
    assert printed("my_network") == "my_network"


def test_published_rows():
    assert is_published("reader_3")
    assert is_published("rf_status_balanced")
    assert not is_published("volume")


READERS = [identifier(one) for one in HOSTILE] + ["1", "12", "reader_1", "reader_x"]


@pytest.mark.parametrize("name", READERS)
def test_a_reader_is_named_in_files_and_back(name):
    key = reader_key(name)
    assert re.fullmatch(r"reader_[A-Za-z0-9_-]+", key)
    assert is_reader(key)
    assert reader_name(key) == name


@given(identifiers())
def test_no_two_readers_share_a_file(names):
    keys = [reader_key(name) for name in names]
    assert [reader_name(key) for key in keys] == names
    assert len({key.casefold() for key in keys}) == len(names)


def test_file_names_of_readers_are_short_enough():
    longest = reader_key("\U0001f9ec" * LONGEST_NAME)
    part = ".part.01234567-4194304-01234567."
    assert len(f"{part}{longest}.calibration.tsv".encode()) <= 255


def test_a_new_reader_renames_nobody(tmp_path):
    sheet = tmp_path / "readings.tsv"
    lines = [f"R{number}\tN1\tlikely\n" for number in range(1, 13)]
    kept = []
    for rows in (lines[1:], lines):
        sheet.write_text("reader\tnode_id\trating\n" + "".join(rows))
        kept.append(rows_by_reader(sheet))
    before, after = kept
    assert [printed(key) for key in after] == [f"R{n}" for n in range(1, 13)]
    assert {key: after[key] for key in before} == before
    assert after.keys() - before.keys() == {"reader_R1"}
    assert in_order(sorted(after)) == list(after)
