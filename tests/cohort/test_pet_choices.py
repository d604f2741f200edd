"""Limits of a PET's values in the configuration, and the choice of an injection."""

import re

import pandas as pd
import pytest
from exam_files import inspect, write_exam
from pet_headers import dataset

from nodal_staging.cohort.contrast_and_dose import Rules
from nodal_staging.exams.dicom.pet_header import pet_slice
from nodal_staging.exams.suv import suv_factors
from nodal_staging.exams.suv.input_plausibility import Limits
from nodal_staging.study.errors import InputError
from nodal_staging.study.files import read_json

SEQUENCE = "RadiopharmaceuticalInformationSequence"
DOSES_BQ = (150e6, 300e6)
LIMITS = {
    "dose_mbq": [1, 2000],
    "weight_kg": [20, 300],
    "uptake_min": [5, 300],
    "height_cm": [50, 250],
}


def tracers():
    """Return the items of two injections of different dose."""
    return [
        next(iter(dataset(RadionuclideTotalDose=dose)[SEQUENCE])) for dose in DOSES_BQ
    ]


def exam_of_two_injections(folder):
    return write_exam(folder, pet={SEQUENCE: tracers()})


def write_cell(folder, column, value):
    sheet = pd.read_csv(folder / "exams.tsv", sep="\t")
    sheet[column] = value
    sheet.to_csv(folder / "exams.tsv", sep="\t", index=False)


def slopes(folder):
    return read_json(folder / "index.json")["E1"]["pet"]["slices"]["slope"]


def test_the_fix_of_two_injections_works(tmp_path):
    """The refusal names column and numbers; each leads to the SUV of its dose."""
    found = inspect(exam_of_two_injections(tmp_path)).loc["E1"]
    assert found["pet"] == "no"
    fix = re.search(
        r"has 2 items, expected one injection; write the number of .*, (\d) to (\d), "
        r"into the column (\w+) of exams.tsv",
        found["notes"],
    )
    first, last, column = fix.groups()
    factors = {}
    for number in (int(first), int(last)):
        write_cell(tmp_path, column, number)
        found = inspect(tmp_path).loc["E1"]
        assert (found["reason"], found["pet"]) == ("ok", "yes")
        assert f"has 2 items: number {number} of the column injection" in found["notes"]
        (factors[number],) = set(slopes(tmp_path))
    assert factors[1] / factors[2] == pytest.approx(DOSES_BQ[1] / DOSES_BQ[0])


@pytest.mark.parametrize("value", [3, 1.5])
def test_an_injection_that_is_not_there_is_refused(tmp_path, value):
    exam_of_two_injections(tmp_path)
    write_cell(tmp_path, "injection", value)
    found = inspect(tmp_path).loc["E1"]
    assert found["pet"] == "no"
    assert f"column injection of the sheet is {value:g}, but" in found["notes"]
    assert "has 2 items" in found["notes"]


def test_the_only_injection_may_be_named_without_a_remark(tmp_path):
    write_exam(tmp_path)
    write_cell(tmp_path, "injection", 1)
    found = inspect(tmp_path).loc["E1"]
    assert (found["pet"], found["notes"]) == ("yes", "-")


def rules(**limits):
    return Rules(pet_limits=Limits.of(LIMITS | limits))


@pytest.mark.parametrize(
    ("limits", "words"),
    [
        ({"dose_mbq": [200, 2000]}, "150 MBq, expected 200 to 2,000"),
        ({"weight_kg": [20, 79]}, "PatientWeight is 80 kg, expected 20 to 79"),
        ({"uptake_min": [61, 300]}, "60 minutes from injection to scan"),
    ],
)
def test_limits_are_those_of_the_configuration(tmp_path, limits, words):
    moment = {"RadiopharmaceuticalStartDateTime": "20200101120000"}
    (tracer,) = dataset(**moment)[SEQUENCE]
    folder = write_exam(tmp_path, pet={SEQUENCE: [tracer]})
    assert inspect(folder, rules()).loc["E1", "notes"] == "-"
    assert words in inspect(folder, rules(**limits)).loc["E1", "notes"]


def test_a_height_counts_where_the_suv_depends_on_it():
    body = {"PatientSex": "M", "PatientSize": 1.2, "PatientWeight": 60}
    surface = [pet_slice(dataset(Units="CM2ML", **body))]
    assert suv_factors(surface).values
    limits = Limits.of(LIMITS | {"height_cm": [130, 220]})
    with pytest.raises(InputError, match="PatientSize is 120 cm, expected 130 to 220"):
        suv_factors(surface, limits=limits)
    activity = [pet_slice(dataset(**body))]
    assert suv_factors(activity, limits=limits).values


def test_the_lowest_value_stands_first():
    with pytest.raises(InputError, match=r"pet_limits\.dose_mbq is 9 to 2; write"):
        Limits.of({"dose_mbq": [9, 2]})
