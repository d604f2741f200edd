"""Doses and weights that no patient has: refused, or remarked where none counts."""

import numpy as np
import pytest
from pet_headers import dataset

from nodal_staging.exams.dicom import index_pet
from nodal_staging.exams.dicom.pet_header import pet_slice
from nodal_staging.exams.suv import Factors, SUVError, suv_factors
from nodal_staging.exams.suv.input_plausibility import Limits
from nodal_staging.geometry import Lattice
from nodal_staging.phantom import scan_headers
from nodal_staging.phantom.scan_headers import Protocol

DOSE = "RadionuclideTotalDose"


def suv_of(**changes) -> Factors:
    return suv_factors([pet_slice(dataset(**changes))])


@pytest.mark.parametrize(
    ("folder", "words"),
    [
        ("pet_dose_kbq", f"{DOSE} is 0.37 MBq, expected 1 to 2,000"),
        ("pet_weight_800", "PatientWeight is 800 kg, expected 20 to 300"),
    ],
)
def test_an_implausible_dose_or_weight_is_refused(faults, folder, words):
    with pytest.raises(SUVError) as caught:
        index_pet(faults / "pet" / folder)
    assert words in str(caught.value)
    assert "correct it in the header" in str(caught.value)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({DOSE: 150_000}, "0.15 MBq"),
        ({DOSE: 0.15}, "0.15 MBq"),
        ({DOSE: 999e3}, "0.999 MBq"),
        ({DOSE: 2.001e9}, "2001 MBq"),
        ({DOSE: 4054}, "4054 MBq"),
        ({DOSE: 150e9}, "150000 MBq"),
        ({"PatientWeight": 0.8}, "0.8 kg"),
        ({"PatientWeight": 19}, "19 kg"),
        ({"PatientWeight": 301}, "301 kg"),
        ({"PatientWeight": 8000}, "8 kg"),
    ],
)
@pytest.mark.parametrize(
    "kind",
    [
        {},
        {"DecayCorrection": "ADMIN"},
        {"DecayCorrection": "NONE"},
        {"Units": "CNTS", "activity": 2},
    ],
)
def test_what_the_suv_is_computed_from_is_plausible(kind, changes, words):
    with pytest.raises(SUVError) as caught:
        suv_of(**kind, **changes)
    assert words in str(caught.value)
    assert "expected" in str(caught.value)


@pytest.mark.parametrize(
    "changes",
    [{DOSE: 1e6}, {DOSE: 2e9}, {"PatientWeight": 20}, {"PatientWeight": 300}],
)
def test_limits_are_plausible_themselves(changes):
    stated = {DOSE: 150e6, "PatientWeight": 80} | changes
    expected = 1000 * stated["PatientWeight"] / stated[DOSE] * 2 ** (3600 / 4062.6)
    found = suv_of(**changes)
    assert found.values[0] == pytest.approx(expected, rel=1e-12)
    assert found.notes == ()


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("PatientWeight", 75),
        (DOSE, 100e6),
        ("RadionuclideHalfLife", 6586.2),
        ("RadiopharmaceuticalStartTime", "121000"),
        ("RadiopharmaceuticalStartDateTime", "20200101120100"),
    ],
)
def test_slices_of_one_series_state_one_injection(name, value):
    whole = {"RadiopharmaceuticalStartDateTime": "20200101120000"}
    slices = [pet_slice(dataset(**whole)) for _ in range(2)]
    other = pet_slice(dataset(**whole | {name: value}))
    with pytest.raises(SUVError, match=f"slices differ in {name}"):
        suv_factors([*slices, other])
    silent = pet_slice(dataset(**whole | {name: None}))
    assert suv_factors([*slices, silent]).values


def test_times_of_slices_do_not_matter_if_no_time_enters_the_factor():
    times = ("120000", "121000")
    slices = [
        pet_slice(dataset(DecayCorrection="ADMIN", RadiopharmaceuticalStartTime=time))
        for time in times
    ]
    found = suv_factors(slices)
    assert found.values == [pytest.approx(80_000 / 150e6)] * 2


def test_limits_may_be_others():
    slices = [pet_slice(dataset(PatientWeight=12))]
    assert suv_factors(slices, limits=Limits(weight_kg=(3, 300))).values


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        ({"Units": "GML", "SUVType": "BW"}, 1.0),
        ({"Units": "CNTS", "suv": 0.001}, 0.001),
    ],
)
@pytest.mark.parametrize(
    ("changes", "words"),
    [({DOSE: 370_000}, "0.37 MBq"), ({"PatientWeight": 800}, "800")],
)
def test_an_suv_of_the_scanner_is_kept_with_a_remark(kind, value, changes, words):
    found = suv_of(**kind, **changes)
    assert found.values == [value]
    (note,) = found.notes
    assert words in note
    assert "check" in note


@pytest.mark.parametrize(
    "kind", [{"Units": "CM2ML"}, {"Units": "GML", "SUVType": "LBM"}]
)
def test_an_suv_of_another_mass_needs_a_plausible_weight(kind):
    body = {"PatientSex": "M", "PatientSize": 1.8}
    with pytest.raises(SUVError, match="PatientWeight is 800 kg"):
        suv_of(**kind, **body, PatientWeight=800)
    assert len(suv_of(**kind, **body, **{DOSE: 370_000}).notes) == 1


def test_other_units_than_the_standards_are_remarked():
    found = suv_of(**{DOSE: 150}, PatientWeight=80_000)
    assert found.values == suv_of().values
    assert found.notes == (
        f"{DOSE} is 150: it was taken as MBq, not Bq",
        "PatientWeight is 80000: it was taken as g, not kg",
    )


@pytest.mark.parametrize("counts", [False, True])
@pytest.mark.parametrize("started_s", [600, 2399, 30_000, 59_999])
@pytest.mark.parametrize("uptake_s", [3000, 4499])
@pytest.mark.parametrize(("dose_bq", "weight_kg"), [(100e6, 130), (200e6, 55)])
def test_a_pet_of_the_phantom_raises_no_remark(
    counts, started_s, uptake_s, dose_bq, weight_kg
):
    """Doses, weights and times at the ends of what the phantom draws."""
    common, _ = scan_headers.pet_series(
        Protocol("E1", 3, contrast=True, exposure_mas=100, age=60, patient_id="P1"),
        Lattice((2, 4, 4), (4, 4, 4), (0, 0, 0)),
        np.ones((2, 4, 4), np.float32),
        scan_headers.Injection(dose_bq, weight_kg, uptake_s, started_s),
        counts=counts,
    )
    found = suv_factors([pet_slice(common)])
    assert found.notes == ()
