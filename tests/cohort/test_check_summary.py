"""The closing lines of the check: counts, fixes and the page."""

import pandas as pd
import pytest

from nodal_staging import tables
from nodal_staging.cohort.check_summary import summarise_check
from nodal_staging.cohort.inclusion_criteria import Limits, apply_criteria
from nodal_staging.cohort.second_look import SECOND_LOOK
from nodal_staging.cohort.support import read_support

NO_ANSWERS = pd.DataFrame(columns=list(SECOND_LOOK.columns))
PAGE = "results/mine/check/index.html"


def row(exam_id, verdict="ok", reason="included", problem="-", **changes):
    fixed = {"flags": "-", "notes": "-", "contrast": "yes", "low_dose": "no"}
    fixed |= {"pet": "yes", "nodes": 2, "lost_nodes": 0, "flagged_nodes": 0}
    own = {"patient_id": f"P{exam_id}", "exam_id": exam_id, "verdict": verdict}
    return (
        own | fixed | {"reason": reason, "problem": problem, "picture": "-"} | changes
    )


def test_exams_are_counted_by_reason_with_the_first_sentence():
    checked = pd.DataFrame(
        [
            row("A"),
            row("B", "remark", flagged_nodes=2),
            row("C", "excluded", "low_dose", "patient PC, exam C: low-dose CT; fix it"),
            row("D", "excluded", "low_dose", "patient PD, exam D: low-dose CT; fix it"),
            row("E", "problem", "missing_ct", "patient PE, exam E: no CT; correct it"),
        ]
    )
    assert summarise_check(
        checked, PAGE, read_support(None), NO_ANSWERS
    ).splitlines() == [
        "5 exams checked, 2 included.",
        "  excluded, low_dose: 2 exams; patient PC, exam C: low-dose CT; fix it",
        "  problem, missing_ct: 1 exam; patient PE, exam E: no CT; correct it",
        "  implausible masks: 2 nodes",
        f"Open {PAGE} to see every exam.",
    ]


def test_without_an_included_exam_all_columns_are_named_at_once():
    absent = {"contrast": "undetermined", "low_dose": "undetermined"}
    checked = pd.DataFrame(
        [
            row(
                "A",
                "problem",
                "contrast_undetermined",
                "patient PA, exam A: x",
                **absent,
            )
        ]
    )
    lines = summarise_check(checked, PAGE, read_support(None), NO_ANSWERS)
    _, warning = lines.split("WARNING: no exam is included")
    assert "column contrast of exams.tsv" in warning
    assert "column low_dose of exams.tsv" in warning


def test_an_included_exam_gives_no_warning():
    lines = summarise_check(
        pd.DataFrame([row("A")]), PAGE, read_support(None), NO_ANSWERS
    )
    assert "WARNING" not in lines


@pytest.mark.parametrize(
    ("contrast", "low_dose", "columns"),
    [
        ("undetermined", "undetermined", {"contrast", "low_dose"}),
        ("undetermined", "no", {"contrast"}),
        ("yes", "undetermined", {"low_dose"}),
        ("no", "undetermined", {"contrast"}),
    ],
)
def test_the_sentence_names_all_that_is_undetermined(
    tmp_path, contrast, low_dose, columns
):
    exam = {"patient_id": "P", "exam_id": "E", "ct": "ct"}
    tables.write(pd.DataFrame([exam]), tmp_path / "exams.tsv", tables.EXAM_SHEET)
    found = {"contrast": contrast, "low_dose": low_dose, "pet": "no", "turn": 1}
    found |= {"reason": "ok", "problem": "-", "flags": "-", "notes": "-", "age": None}
    inspected = pd.DataFrame([{"patient_id": "P", "exam_id": "E"} | found])
    tables.write(inspected, tmp_path / "inspected.tsv", tables.INSPECTIONS)
    judged = apply_criteria(
        tmp_path / "exams.tsv", [tmp_path / "inspected.tsv"], Limits()
    )
    sentence = judged["problem"].iloc[0]
    named = {c for c in ("contrast", "low_dose") if f"column {c} of" in sentence}
    assert named == columns
