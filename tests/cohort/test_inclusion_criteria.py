"""Inclusion: evidence on an exam, the order of a patient's exams, named criteria."""

from datetime import datetime

import numpy as np
import pandas as pd
import pytest
from dicom_files import write_series

from nodal_staging import tables
from nodal_staging.cohort import contrast_and_dose
from nodal_staging.cohort.contrast_and_dose import Rules
from nodal_staging.cohort.exam_turns import _order
from nodal_staging.cohort.inclusion_criteria import (
    CRITERIA,
    Limits,
    apply_criteria,
    select_cohort,
)
from nodal_staging.exams.dicom import Acquisition, Wording, index_ct
from nodal_staging.study.files import read_json

WORDING = Wording(
    contrast=r"(?<![a-z])(km|ce|contrast|portal)",
    native=r"(without|ohne|non)[ _-]*(contrast|km)|nativ",
    low_dose=r"low[ _-]?dose|(?<![a-z])ctac(?![a-z])",
)


def acquired(**changes) -> Acquisition:
    silent = {
        "contrast_agent": False,
        "contrast_described": None,
        "low_dose_described": False,
        "exposure_mas": None,
        "ctdi_mgy": None,
    }
    return Acquisition(**silent | changes)


@pytest.mark.parametrize(
    ("stated", "agent", "described", "verdict"),
    [
        (None, False, None, "undetermined"),
        ("yes", False, None, "yes"),
        ("no", False, None, "no"),
        (None, True, None, "yes"),
        (None, False, True, "yes"),
        (None, False, False, "no"),
        ("no", True, None, "undetermined"),
        ("yes", True, False, "undetermined"),
        (None, True, False, "undetermined"),
        ("yes", True, True, "yes"),
    ],
)
def test_contrast_needs_a_source_and_no_contradiction(
    stated, agent, described, verdict
):
    seen = acquired(contrast_agent=agent, contrast_described=described)
    assert contrast_and_dose.contrast(stated, seen, Rules()) == verdict


def test_a_source_that_does_not_count_cannot_contradict():
    seen = acquired(contrast_agent=True)
    assert (
        contrast_and_dose.contrast("no", seen, Rules(contrast_evidence=("sheet",)))
        == "no"
    )


@pytest.mark.parametrize(
    ("stated", "seen", "verdict"),
    [
        (None, {}, "undetermined"),
        ("no", {"exposure_mas": 10}, "no"),
        ("yes", {"exposure_mas": 200}, "yes"),
        (None, {"exposure_mas": 39}, "yes"),
        (None, {"exposure_mas": 41}, "no"),
        (None, {"exposure_mas": 41, "ctdi_mgy": 1.5}, "yes"),
        (None, {"ctdi_mgy": 9.0}, "no"),
        (None, {"exposure_mas": 200, "low_dose_described": True}, "yes"),
    ],
)
def test_low_dose_is_stated_described_or_measured(stated, seen, verdict):
    rules = Rules(low_dose_mas=40, low_dose_mgy=3.0)
    assert contrast_and_dose.low_dose(stated, acquired(**seen), rules) == verdict


@pytest.mark.parametrize(
    ("words", "contrast", "low"),
    [
        ("CT Abdomen portalvenoes", True, False),
        ("Thorax KM", True, False),
        ("CT without contrast", False, False),
        ("Abdomen ohne KM", False, False),
        ("nativ und KM", None, False),
        ("PET CTAC", None, True),
        ("Low Dose CT", None, True),
        ("Schädel", None, False),
    ],
)
def test_descriptions_are_matched_and_not_kept(tmp_path, words, contrast, low):
    volume = np.zeros((3, 4, 4))
    write_series(tmp_path / "ct", volume, SeriesDescription=words)
    found = index_ct(tmp_path / "ct", wording=WORDING)
    assert found.acquisition.contrast_described is contrast
    assert found.acquisition.low_dose_described is low
    assert words not in repr(found)


@pytest.mark.parametrize(
    ("attributes", "moment", "age"),
    [
        (
            {"AcquisitionDate": "20140302", "AcquisitionTime": "093000"},
            datetime(2014, 3, 2, 9, 30),
            None,
        ),
        (
            {"StudyDate": "20140302", "PatientBirthDate": "19440303"},
            datetime(2014, 3, 2),
            69,
        ),
        ({"StudyDate": "20140302", "PatientAge": "097Y"}, datetime(2014, 3, 2), 90),
        ({"StudyDate": "unknown", "PatientAge": "old"}, None, None),
    ],
)
def test_date_and_age_come_from_the_header(tmp_path, attributes, moment, age):
    write_series(tmp_path / "ct", np.zeros((3, 4, 4)), **attributes)
    found = index_ct(tmp_path / "ct").acquisition
    assert (found.moment, found.age_years) == (moment, age)


@pytest.mark.parametrize(
    ("days", "moments", "turns"),
    [
        ([None], [None], [1]),
        ([7, 3], [None, None], [2, 1]),
        ([None, 3], [datetime(2014, 1, 2), datetime(2014, 1, 1)], [2, 1]),
        ([3, 3], [datetime(2014, 1, 1, 8), datetime(2014, 1, 1, 9)], [1, 2]),
        ([3, 3], [None, datetime(2014, 1, 1)], [0, 0]),
    ],
)
def test_exams_of_a_patient_are_ordered_by_whatever_tells_them_apart(
    days, moments, turns
):
    assert _order(days, moments) == turns


GOOD = {
    "contrast": "yes",
    "low_dose": "no",
    "pet": "yes",
    "age": 60.0,
    "turn": 1,
    "reason": "ok",
    "problem": "-",
    "flags": "-",
    "notes": "-",
}
FATES = [
    {},
    {"turn": 2},
    {"turn": 0},
    {"contrast": "no"},
    {"contrast": "undetermined"},
    {"low_dose": "yes"},
    {"low_dose": "undetermined"},
    {"reason": "gantry_tilt", "problem": "tilted"},
    {"pet": "no"},
    {"contrast": "no", "low_dose": "yes", "reason": "gantry_tilt"},
]


@pytest.fixture
def sheets(tmp_path):
    """Return an exam sheet and its inspections: one exam of each fate."""
    ids = [f"E{number}" for number in range(len(FATES))]
    patients = ["P0", "P0", *(f"P{number}" for number in range(2, len(FATES)))]
    exams = pd.DataFrame({"patient_id": patients, "exam_id": ids, "ct": "ct"})
    exams["day"] = 10.0 * np.arange(len(FATES))
    tables.write(exams, tmp_path / "exams.tsv", tables.EXAM_SHEET)
    rows = [GOOD | fate for fate in FATES]
    seen = pd.DataFrame(rows).assign(patient_id=patients, exam_id=ids)
    seen = seen[list(tables.INSPECTIONS.columns)]
    tables.write(seen, tmp_path / "inspected.tsv", tables.INSPECTIONS)
    return tmp_path / "exams.tsv", [tmp_path / "inspected.tsv"]


def test_the_first_criterion_that_fails_is_the_reason(sheets):
    found = apply_criteria(*sheets, Limits(require_pet=True))
    assert list(found["reason"]) == [
        "included",
        "follow_up",
        "order_undetermined",
        "non_contrast",
        "contrast_undetermined",
        "low_dose",
        "low_dose_undetermined",
        "gantry_tilt",
        "missing_pet",
        "non_contrast",
    ]


def test_every_exam_of_a_patient_counts_where_the_first_need_not_be_it(sheets):
    found = apply_criteria(*sheets, Limits(first_exam_only=False))
    assert not found["reason"].isin(["follow_up", "order_undetermined"]).any()
    assert list(found["reason"])[:3] == ["included", "included", "included"]


def test_limits_are_asked_only_where_they_are_set(sheets):
    assert apply_criteria(*sheets, Limits())["reason"].iloc[8] == "included"
    within = apply_criteria(*sheets, Limits(period=(0, 45)))
    assert list(within["criterion"] == "outside_period") == ([False] * 5 + [True] * 5)


def test_the_flow_adds_up_step_by_step(sheets, tmp_path):
    exams, inspections = sheets
    select_cohort(
        exams=exams,
        inspections=inspections,
        limits=Limits(require_pet=True),
        cohort=tmp_path / "cohort.tsv",
        flow=tmp_path / "flow.json",
    )
    flow = read_json(tmp_path / "flow.json")
    assert [step["criterion"] for step in flow["steps"]] == [
        criterion.code for criterion in CRITERIA
    ]
    left = flow["screened"]["exams"]
    for step in flow["steps"]:
        left -= step["excluded"]["exams"]
        assert step["left"]["exams"] == left
        assert sum(step["reasons"].values()) == step["excluded"]["exams"]
    assert flow["included"] == {"patients": 1, "exams": 1}
    assert sum(flow["excluded_patients"].values()) == flow["screened"]["patients"] - 1
    assert flow["excluded_exams"]["gantry_tilt"] == 1


def test_ages_of_the_sheet_go_before_those_of_headers(sheets):
    exams, inspections = sheets
    frame = tables.read(exams, tables.EXAM_SHEET)
    frame["age"] = [71.5, *[None] * (len(frame) - 1)]
    tables.write(frame, exams, tables.EXAM_SHEET)
    ages = apply_criteria(exams, inspections, Limits())["age"]
    assert list(ages[:2]) == [71.5, 60.0]
