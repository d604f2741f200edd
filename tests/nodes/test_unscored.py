"""Exams and nodes without a score: listed and shown, with reason and fix."""

import logging

import pandas as pd
import pytest

from nodal_staging import tables
from nodal_staging.nodes.unscored import MOST_SHOWN, UNSCORED, list_unscored

FIX = "patient P2, exam E2: no dose; fill in the column low_dose of exams.tsv"


def exam(number, included, reason, problem="-"):
    return {
        "patient_id": f"P{number}",
        "exam_id": f"E{number}",
        "included": included,
        "reason": reason,
        "problem": problem,
        "notes": "-",
    }


@pytest.fixture
def unscored(tmp_path, caplog):
    """Return what is listed and what is logged."""

    def run(exams):
        tables.write(pd.DataFrame(exams), tmp_path / "exams.tsv", tables.EXAMS)
        rows = [("N2", "patch"), ("N3", "uptake")]
        lost = pd.DataFrame(rows, columns=["node_id", "stage"]).assign(
            patient_id="P1",
            exam_id="E1",
            reason="truncated_pixels",
            problem="patient P1, exam E1, column ct: the pixels are truncated",
            fix="restore the files",
        )
        tables.write(lost, tmp_path / "lost.tsv", tables.LOSSES)
        with caplog.at_level(logging.WARNING):
            list_unscored(
                exams=tmp_path / "exams.tsv",
                lost=tmp_path / "lost.tsv",
                output=tmp_path / "not_scored.tsv",
            )
        found = tables.read(tmp_path / "not_scored.tsv", UNSCORED)
        return found, [record.getMessage() for record in caplog.records]

    return run


def test_excluded_exams_and_lost_nodes_are_listed_with_their_fix(unscored):
    exams = [
        exam(1, "yes", "included"),
        exam(2, "no", "low_dose_undetermined", FIX),
    ]
    found, shown = unscored(exams)
    assert list(found["exam_id"]) == ["E2", "E1"]
    assert list(found["node_id"]) == ["-", "N2"]
    assert list(found["reason"]) == ["low_dose_undetermined", "truncated_pixels"]
    assert found["problem"][0] == FIX
    assert found["problem"][1].startswith("node N2, patient P1, exam E1, column ct:")
    assert found["problem"][1].endswith("; restore the files")
    assert shown == [f"not scored: {problem}" for problem in found["problem"]]


def test_a_long_list_is_cut_on_the_terminal_alone(unscored):
    exams = [exam(n, "no", "quality", "a; b") for n in range(3, MOST_SHOWN + 10)]
    found, shown = unscored(exams)
    assert len(found) == MOST_SHOWN + 8
    assert len(shown) == MOST_SHOWN + 1
    assert shown[-1] == "not scored: 8 more, see not_scored.tsv"
