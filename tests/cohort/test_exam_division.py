"""Splits by centre and by time from a column of the exam sheet."""

from datetime import date, timedelta
from itertools import product

import pandas as pd
import pytest

from nodal_staging.cohort.exam_division import divide, read_split
from nodal_staging.cohort.given_split import SplitError, SplitSheet

CENTRE = {"kind": "centre", "column": "Centre", "test": ["B"]}
LAST = {"kind": "time", "column": "day", "last": 0.5}


def sheet(folder, rows, column="day"):
    """Write an exam sheet of (patient, cell), one row per exam."""
    lines = [f"{p}\tE{n}\t{cell}" for n, (p, cell) in enumerate(rows)]
    path = folder / "exams.tsv"
    path.write_text("\n".join([f"patient_id\texam_id\t{column}", *lines]) + "\n")
    return path


def divided(folder, rows, by):
    path = sheet(folder, rows, by["column"].lower())
    return divide(path, by, {patient for patient, _ in rows})


def test_every_assignment_of_four_patients_to_three_centres(tmp_path):
    for centres in product("ABC", repeat=4):
        rows = [(f"P{n}", centre) for n, centre in enumerate(centres)]
        path = sheet(tmp_path, rows, "centre")
        patients = {patient for patient, _ in rows}
        if "B" not in centres or set(centres) == {"B"}:
            with pytest.raises(SplitError, match=r"datasets\.by"):
                divide(path, CENTRE, patients)
            continue
        expected = {p: "test" if c == "B" else "train" for p, c in rows}
        assert divide(path, CENTRE, patients) == expected


def test_no_test_exam_is_as_early_as_a_training_exam(tmp_path):
    """Enumerate the days of five exams of four patients, the first of whom has two."""
    owners = ["P0", "P0", "P1", "P2", "P3"]
    for days in product((1, 2, 3), repeat=5):
        rows = list(zip(owners, days, strict=True))
        path = sheet(tmp_path, rows)
        first = {p: min(d for q, d in rows if q == p) for p in set(owners)}
        cut = sorted(first.values())[2]
        train = {p for p in first if max(d for q, d in rows if q == p) < cut}
        if not train:
            with pytest.raises(SplitError, match="left for training"):
                divide(path, LAST, set(owners))
            continue
        found = divide(path, LAST, set(owners))
        assert {p for p in first if found[p] == "train"} == train
        assert {p for p in first if found[p] == "test"} == {
            p for p in first if first[p] >= cut
        }
        tested = [d for p, d in rows if found[p] == "test"]
        assert min(tested) > max(d for p, d in rows if found[p] == "train")


def test_dates_order_as_their_days_and_start_as_a_number(tmp_path):
    days = [40, 3, 900, 250, 251]
    rows = [(f"P{n}", day) for n, day in enumerate(days)]
    start = date(2019, 12, 30)
    dated = [(p, (start + timedelta(day)).isoformat()) for p, day in rows]
    expected = divided(tmp_path, rows, LAST)
    assert divided(tmp_path, dated, LAST) == expected
    from_day = {"kind": "time", "column": "day", "start": 250}
    assert divided(tmp_path, rows, from_day) == {
        f"P{n}": "test" if day >= 250 else "train" for n, day in enumerate(days)
    }
    with pytest.raises(SplitError, match="results must not contain"):
        divided(tmp_path, dated, from_day)


@pytest.mark.parametrize(
    ("rows", "by", "said"),
    [
        (
            [("P0", "A"), ("P0", "B"), ("P1", "A")],
            CENTRE,
            "patient P0 is in two centre",
        ),
        (
            [("P0", "A"), ("P1", ""), ("P2", "B")],
            CENTRE,
            "row 3, column Centre: the ce",
        ),
        ([("P0", "A"), ("P1", "C")], CENTRE, "datasets.by.test: no patient with nodes"),
        ([("P0", 1), ("P1", "soon")], LAST, "row 3, column day: neither a number nor"),
        ([("P0", "2020-01-31"), ("P1", 3)], LAST, "row 3, column day: a number among"),
        ([("P0", 1), ("P1", 2)], LAST | {"column": "year"}, "no column year, but"),
    ],
)
def test_what_cannot_divide_is_refused_without_its_content(tmp_path, rows, by, said):
    column = "day" if by["column"] == "year" else by["column"].lower()
    path = sheet(tmp_path, rows, column)
    with pytest.raises(SplitError) as found:
        divide(path, by, {patient for patient, _ in rows})
    assert said in str(found.value)
    assert "2020-01-31" not in str(found.value)
    assert "soon" not in str(found.value)


def test_patients_without_nodes_do_not_count(tmp_path):
    path = sheet(tmp_path, [("P0", 1), ("P1", 2), ("P2", ""), ("P3", 9)])
    assert divide(path, LAST, {"P0", "P1"}) == {"P0": "train", "P1": "test"}


def test_both_sides_need_both_statuses(tmp_path):
    rows = [("P0", "A"), ("P1", "A"), ("P2", "B"), ("P3", "B")]
    path = sheet(tmp_path, rows, "centre")
    split = SplitSheet(path, "patient", 2, CENTRE)
    for status in product(("positive", "negative"), repeat=4):
        nodes = pd.DataFrame({"node_id": list("abcd"), "status": status})
        nodes["patient_id"] = [patient for patient, _ in rows]
        if len(set(status[:2])) == len(set(status[2:])) == 2:
            sides = read_split(split, nodes)
            assert list(sides.pool["node_id"]) == ["a", "b"]
            assert list(sides.test["node_id"]) == ["c", "d"]
            continue
        with pytest.raises(SplitError, match=r"node is (in the test|left for train)"):
            read_split(split, nodes)
