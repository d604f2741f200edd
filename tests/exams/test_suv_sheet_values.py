"""Dose, weight, height and uptake time of the sheet, for headers that lack them."""

import math

import pytest
from pet_headers import dataset

from nodal_staging.exams.dicom.pet_header import pet_slice
from nodal_staging.exams.suv import SUVError, suv_factors
from nodal_staging.exams.suv.sheet_values import SheetValues

GALLIUM_S, FLUORINE_S = 4062.6, 6586.2
TIMES = ("SeriesDate", "SeriesTime", "AcquisitionDate", "AcquisitionTime")
EMPTIED = dict.fromkeys(
    [
        *TIMES,
        "PatientWeight",
        "RadionuclideTotalDose",
        "RadionuclideHalfLife",
        "RadiopharmaceuticalStartTime",
    ]
)
FULL = SheetValues(uptake_min=60, weight_kg=80, dose_mbq=150, radionuclide="Ga-68")


def factors(sheet=FULL, **changes):
    return suv_factors([pet_slice(dataset(**changes))], sheet=sheet)


def closed_form(weight_kg, dose_mbq, uptake_min, half_life_s):
    left = dose_mbq * 1e6 * math.exp(-math.log(2) * 60 * uptake_min / half_life_s)
    return 1000 * weight_kg / left


EXPECTED = closed_form(80, 150, 60, GALLIUM_S)


def test_the_sheet_replaces_an_emptied_header():
    found = factors(**EMPTIED)
    assert found.values == pytest.approx([EXPECTED])
    assert found.notes == (
        "PatientWeight is missing: 80 kg of the column weight_kg was used",
        "RadionuclideTotalDose is missing: 150 MBq of the column dose_mbq was used",
        "RadionuclideHalfLife is missing: Ga-68 of the column radionuclide was used",
        "the time of the scan is missing: 60 minutes of the column uptake_min was used",
    )


def test_other_values_of_the_sheet_count():
    sheet = SheetValues(
        uptake_min=93, weight_kg=61.5, dose_mbq=201, radionuclide="F-18"
    )
    expected = closed_form(61.5, 201, 93, FLUORINE_S)
    assert factors(sheet, **EMPTIED).values == pytest.approx([expected])


@pytest.mark.parametrize(
    "lost",
    [
        "PatientWeight",
        "RadionuclideTotalDose",
        "RadionuclideHalfLife",
        "RadiopharmaceuticalStartTime",
    ],
)
def test_the_fix_for_a_missing_attribute_can_be_followed(lost):
    with pytest.raises(SUVError) as caught:
        factors(SheetValues(), **{lost: None})
    column = str(caught.value).partition("fill in the column ")[2].split()[0]
    sheet = SheetValues(**{column: getattr(FULL, column)})
    found = factors(sheet, **{lost: None})
    assert found.values == pytest.approx([EXPECTED])
    assert len(found.notes) == 1


def test_the_fix_for_missing_times_can_be_followed():
    lost = dict.fromkeys(TIMES)
    with pytest.raises(SUVError, match="fill in the column uptake_min"):
        factors(SheetValues(), **lost)
    found = factors(SheetValues(uptake_min=60), **lost)
    assert found.values == pytest.approx([EXPECTED])


def test_a_sheet_that_agrees_with_the_header_changes_nothing():
    without = factors(SheetValues())
    assert factors(FULL) == without
    near = SheetValues(
        uptake_min=63, weight_kg=80.5, dose_mbq=149, radionuclide="Ga-68"
    )
    assert factors(near) == without
    assert without.notes == ()


@pytest.mark.parametrize(
    ("stated", "words"),
    [
        (
            {"weight_kg": 82},
            "PatientWeight is 80 kg, but the column weight_kg .* is 82;",
        ),
        (
            {"dose_mbq": 160},
            "RadionuclideTotalDose is 150 MBq, but .* dose_mbq .* 160;",
        ),
        ({"uptake_min": 70}, "give 60 minutes from injection .* uptake_min .* 70;"),
        ({"radionuclide": "F-18"}, r"is 4062\.6 s, but that of F-18 .* 6586\.2 s;"),
        ({"height_cm": 180}, "PatientSize is 170 cm, but the column height_cm .* 180;"),
    ],
)
def test_a_sheet_that_contradicts_the_header_is_refused(stated, words):
    with pytest.raises(SUVError, match=f"{words} correct the cell or the header, or"):
        factors(SheetValues(**stated), PatientSize=1.7)
    emptied = SheetValues()
    assert factors(emptied, PatientSize=1.7).values == pytest.approx([EXPECTED])


@pytest.mark.parametrize(
    ("column", "value", "allowed"),
    [
        ("weight_kg", 800, "20 to 300"),
        ("dose_mbq", 0.15, "1 to 2,000"),
        ("height_cm", 1.8, "50 to 250"),
        ("uptake_min", 2, "5 to 300"),
        ("uptake_min", 301, "5 to 300"),
    ],
)
def test_a_value_of_the_sheet_is_plausible(column, value, allowed):
    words = f"column {column} of the sheet is {value}, expected {allowed}; correct the"
    with pytest.raises(SUVError, match=words):
        factors(SheetValues(**{column: value}), PatientWeight=None)


def test_height_counts_for_the_suv_of_lean_mass():
    """James 1976 by hand: 1.1 x 80 - 120 x (80 / 180)^2 = 64.296 kg."""
    series = {"Units": "GML", "SUVType": "LBM", "PatientSex": "M"}
    found = factors(SheetValues(height_cm=180), **series)
    assert found.values == pytest.approx([80 / 64.2963], rel=1e-5)
    assert found.notes == (
        "PatientSize is missing: 180 cm of the column height_cm was used",
    )


def test_frames_without_decay_correction_keep_their_own_times():
    """The second frame starts 10 minutes later, when less activity is left."""
    series = {"DecayCorrection": "NONE", "CorrectedImage": ["ATTN"]}
    first = pet_slice(dataset(**series))
    second = pet_slice(dataset(**series, **{"AcquisitionTime": "131000"}))
    expected = suv_factors([first, second]).values
    lost = {"RadiopharmaceuticalStartTime": None}
    emptied = [
        pet_slice(dataset(**series, **lost)),
        pet_slice(dataset(**series, **lost, **{"AcquisitionTime": "131000"})),
    ]
    sheet = SheetValues(uptake_min=60)
    assert suv_factors(emptied, sheet=sheet).values == expected
    found = suv_factors([first, second], sheet=sheet)
    assert found.values == expected
    with pytest.raises(SUVError, match=r"give 60 minutes .* uptake_min .* 80"):
        suv_factors([first, second], sheet=SheetValues(uptake_min=80))


def test_an_suv_of_the_scanner_needs_no_time_of_the_sheet():
    series = {"Units": "GML", "RadionuclideHalfLife": None}
    assert factors(SheetValues(uptake_min=60), **series).values == [1.0]
