"""SUV against real headers with known factors and the IBSI reference objects."""

import json
from datetime import datetime, timedelta

import numpy as np
import pysuv
import pytest
import SimpleITK as sitk
from dicom_files import read_whole, write_series
from hypothesis import given, settings
from hypothesis import strategies as st
from pet_headers import BASE, INJECTION, TRACER, dataset
from pydicom.dataset import Dataset
from pydicom.sr._snomed_dict import mapping
from pydicom.sr.codedict import codes

from nodal_staging.exams.dicom import index_pet
from nodal_staging.exams.dicom.pet_header import pet_slice
from nodal_staging.exams.suv import SUVError, suv_factors

GOLD = {
    "SIEMENS": 0.00042748316187197236,
    "GE_MEDICAL_AND_BQML": 0.0005367387681819742,
    "PHILIPS_CNTS_AND_SUV": 0.000728,
}
SCT_OF_SRT = mapping["SRT"]
BY_HAND = 80_000 / (150e6 * 2 ** (-3600 / 4062.6))


def factor(**changes) -> float:
    return suv_factors([pet_slice(dataset(**changes))]).values[0]


def real_headers(real_files, vendor) -> list[Dataset]:
    path = real_files / "calculate_suv" / "metadata" / f"{vendor}-instances.json"
    headers = []
    for record in json.loads(path.read_text()):
        private = record.pop("PhilipsPETPrivateGroup", {})
        extra = {
            ours: private[theirs]
            for ours, theirs in (
                ("suv", "SUVScaleFactor"),
                ("activity", "ActivityConcentrationScaleFactor"),
            )
            if theirs in private
        }
        known = {name: None for name in BASE} | record | extra
        known.pop("GEPrivatePostInjectionDateTime", None)
        headers.append(dataset(**known))
    return headers


@pytest.mark.parametrize("vendor", GOLD)
def test_real_headers_give_the_vendors_factor(real_files, vendor):
    slices = [pet_slice(header) for header in real_headers(real_files, vendor)]
    found = suv_factors(slices)
    assert found.values[0] == pytest.approx(GOLD[vendor], rel=1e-11)
    assert found.notes == ()


def theirs(header: Dataset, **options) -> float:
    """Return the factor that an independent package computes."""
    header.RescaleSlope, header.RescaleIntercept = 1, 0
    return pysuv.get_suv_factor(header, **options).suv_factor


@pytest.mark.parametrize("vendor", GOLD)
def test_real_headers_give_the_factor_of_another_package(real_files, vendor):
    headers = real_headers(real_files, vendor)
    ours = suv_factors([pet_slice(header) for header in headers]).values
    expected = [theirs(header) for header in headers]
    assert ours == pytest.approx(expected, rel=1e-11)


def clock(seconds: float) -> str:
    """Return a time of day as headers state it."""
    return (datetime(2020, 1, 1) + timedelta(seconds=seconds)).strftime("%H%M%S.%f")


@settings(derandomize=True, deadline=None, max_examples=100)
@given(
    maker=st.sampled_from(["SIEMENS", "GE MEDICAL SYSTEMS", "Philips Medical Systems"]),
    weight_kg=st.integers(30, 200),
    dose_bq=st.integers(10**7, 10**9),
    half_life_s=st.sampled_from([4062.6, 6586.2]),
    injected_s=st.integers(0, 40_000),
    uptake_s=st.integers(600, 9000),
    frame_s=st.integers(30, 600),
    late_s=st.integers(0, 3000),
)
def test_headers_of_any_vendor_give_the_factor_of_another_package(
    maker, weight_kg, dose_bq, half_life_s, injected_s, uptake_s, frame_s, late_s
):
    """Philips' series times are rewritten, so that its frames are computed back."""
    start_s = injected_s + uptake_s
    philips = maker.startswith("Philips")
    header = dataset(
        Manufacturer=maker,
        PatientWeight=weight_kg,
        RadionuclideTotalDose=dose_bq,
        RadionuclideHalfLife=half_life_s,
        RadiopharmaceuticalStartTime=clock(injected_s),
        SeriesTime=clock(start_s + late_s + 1 if philips else start_s),
        AcquisitionTime=clock(start_s + late_s),
        FrameReferenceTime=1000 * (late_s + frame_s // 2),
        ActualFrameDuration=1000 * frame_s,
    )
    options = {"philips_timing": "zrad"} if philips else {}
    ours = suv_factors([pet_slice(header)]).values[0]
    assert ours == pytest.approx(theirs(header, **options), rel=1e-9)


@pytest.mark.parametrize("sex", ["M", "F"])
@pytest.mark.parametrize(
    ("changes", "normalization", "unit"),
    [
        ({"Units": "GML", "SUVType": "LBMJAMES128"}, "lbm", 1),
        ({"Units": "GML", "SUVType": "IBW"}, "ibw", 1),
        ({"Units": "CM2ML"}, "bsa", 1e-4),
    ],
)
def test_other_masses_are_those_of_another_package(sex, changes, normalization, unit):
    """Their surface is in square metres, that of DICOM in square centimetres."""
    body = {"PatientSex": sex, "PatientSize": 1.72, "PatientWeight": 74}
    header = dataset(**body)
    expected = theirs(header) / theirs(header, normalization=normalization) * unit
    assert factor(**body, **changes) == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize(
    "name", ["DRO_0_0", "DRO_1_0", "DRO_2_4", "DRO_3_1", "DRO_4_1"]
)
def test_reference_objects_read_as_defined(real_files, name):
    folder = real_files / "ibsi_suv" / "DRO" / name
    found = index_pet(folder / "PT")
    assert found.notes == ()
    suv = read_whole(folder / "PT", found.series)
    image = sitk.ReadImage(str(folder / "mask" / "DRO_mask.nii.gz"))
    inside = suv[sitk.GetArrayFromImage(image) > 0]
    assert inside.min() == pytest.approx(0.20, abs=0.005)
    assert inside.mean() == pytest.approx(1.00, abs=0.01)
    assert inside.max() == pytest.approx(4.00, abs=0.005)


def test_activity_decays_from_injection_to_series_start():
    assert factor() == pytest.approx(BY_HAND, rel=1e-12)


def test_a_series_time_rewritten_later_does_not_count():
    assert factor(SeriesTime="150000") == pytest.approx(BY_HAND, rel=1e-12)


def test_late_frames_are_computed_back():
    """A frame 600 s into the scan, whose average activity is that of its middle."""
    rate, duration = np.log(2) / 4062.6, 120.0
    average = np.log(rate * duration / (1 - np.exp(-rate * duration))) / rate
    start = datetime(2020, 1, 1, 13) + timedelta(seconds=600)
    late = factor(
        SeriesTime="150000",
        AcquisitionTime=start.strftime("%H%M%S"),
        FrameReferenceTime=(600 + average) * 1000,
    )
    assert late == pytest.approx(BY_HAND, rel=1e-6)


def test_injection_before_midnight():
    after = factor(
        RadiopharmaceuticalStartTime="233000",
        SeriesTime="003000",
        AcquisitionTime="003000",
    )
    assert after == pytest.approx(BY_HAND, rel=1e-12)


def test_dose_in_megabecquerel_and_weight_in_gram():
    assert factor(RadionuclideTotalDose=150, PatientWeight=80_000) == factor()


def test_decay_corrected_to_administration():
    assert factor(DecayCorrection="ADMIN") == pytest.approx(80_000 / 150e6)


def test_philips_suv_factor_goes_before_the_activity_factor():
    assert factor(Units="CNTS", suv=0.00123, activity=2) == 0.00123


def test_philips_activity_factor_scales_the_activity():
    assert factor(Units="CNTS", activity=2) == pytest.approx(2 * BY_HAND)


def test_philips_factors_are_ignored_in_activity_files():
    assert factor(suv=0.00123) == pytest.approx(BY_HAND)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"PatientWeight": 0}, "PatientWeight"),
        ({"RadionuclideTotalDose": None}, "RadionuclideTotalDose"),
        ({"RadiopharmaceuticalStartTime": None}, "RadiopharmaceuticalStartTime"),
        ({"CorrectedImage": ["DECY"]}, "ATTN"),
        ({"Units": "CNTS"}, "7053"),
        ({"Units": "PROPCNTS"}, "Units is not one of"),
        ({"DecayCorrection": "SOME"}, "DecayCorrection is not one of"),
        ({"DecayCorrection": "NONE", "ActualFrameDuration": 0}, "ActualFrameDuration"),
        ({"RadionuclideHalfLife": 6586.2, "code": "C-131A3"}, "tracer is Ga-68"),
        ({"Units": "GML", "SUVType": "LBM"}, "PatientSize"),
        ({"RadiopharmaceuticalStartTime": "010000"}, "half-lives"),
    ],
)
def test_what_cannot_be_known_is_refused(changes, words):
    with pytest.raises(SUVError, match=words):
        factor(**changes)


def test_an_intercept_is_refused(tmp_path):
    write_series(
        tmp_path / "pet", np.ones((3, 4, 4)), modality="PT", RescaleIntercept=5, **PET
    )
    with pytest.raises(SUVError, match="RescaleIntercept must be 0"):
        index_pet(tmp_path / "pet")


PET = {name: value for name, value in BASE.items() if name not in TRACER + INJECTION}


@pytest.mark.parametrize("vendor", ["ge", "siemens"])
def test_the_vendors_own_reference_time_goes_first(vendor):
    """As after a series time rewritten by software, with frames that tell nothing."""
    found = factor(
        SeriesTime="123000", AcquisitionTime="131500", **{vendor: "20200101130000.00"}
    )
    assert found == pytest.approx(BY_HAND, rel=1e-12)


def test_uncorrected_frames_grow_back_by_their_mean_activity():
    """The integral of decay over the frame, done numerically."""
    rate, duration = np.log(2) / 4062.6, 120.0
    times = np.linspace(0, duration, 100_001)
    mean = np.trapezoid(np.exp(-rate * (3600 + times)), times) / duration
    expected = 80_000 / 150e6 / mean
    found = factor(DecayCorrection="NONE", CorrectedImage=["ATTN"])
    assert found == pytest.approx(expected, rel=1e-9)


@pytest.mark.parametrize("scheme", ["SRT", "SCT"])
def test_a_missing_half_life_comes_from_the_tracer_with_a_remark(scheme):
    gallium = codes.SCT._68Gallium.value
    code = {"SCT": gallium, "SRT": {v: k for k, v in SCT_OF_SRT.items()}[gallium]}
    slices = [pet_slice(dataset(RadionuclideHalfLife=None, code=code[scheme]))]
    found = suv_factors(slices)
    assert found.values[0] == pytest.approx(BY_HAND, rel=1e-12)
    assert found.notes == ("RadionuclideHalfLife is missing; that of Ga-68 was used",)


@pytest.mark.parametrize(
    ("kind", "sex", "mass_kg"),
    [
        ("BW", "M", 80.0),
        ("LBM", "M", 1.10 * 80 - 120 * (80 / 180) ** 2),
        ("LBM", "F", 1.07 * 80 - 148 * (80 / 180) ** 2),
        ("LBMJAMES128", "M", 1.10 * 80 - 128 * (80 / 180) ** 2),
        ("LBMJANMA", "M", 9270 * 80 / (6680 + 216 * 80 / 1.8**2)),
        ("LBMJANMA", "F", 9270 * 80 / (8780 + 244 * 80 / 1.8**2)),
        ("IBW", "M", 48 + 1.06 * 28),
        ("IBW", "F", 45.5 + 0.91 * 28),
    ],
)
def test_suv_of_another_mass_becomes_that_of_body_weight(kind, sex, mass_kg):
    found = factor(Units="GML", SUVType=kind, PatientSize=1.8, PatientSex=sex)
    assert found == pytest.approx(80 / mass_kg, rel=1e-12)


def test_suv_of_body_surface_becomes_that_of_body_weight():
    """70 kg and 1.75 m: 1.85 m2 after Du Bois, hence 3.79 g per cm2."""
    found = factor(Units="CM2ML", PatientWeight=70, PatientSize=175)
    assert found == pytest.approx(3.79, abs=0.005)


def test_philips_factor_that_contradicts_the_dose_is_remarked():
    for stated, remarked in ((BY_HAND * 2, False), (BY_HAND * 2.1, True)):
        slices = [pet_slice(dataset(Units="CNTS", suv=stated, activity=2))]
        found = suv_factors(slices)
        assert found.values == [pytest.approx(stated)]
        assert bool(found.notes) is remarked


def test_an_injection_time_left_behind_by_shifted_dates_is_remarked():
    slices = [pet_slice(dataset(RadiopharmaceuticalStartTime="083000"))]
    (note,) = suv_factors(slices).notes
    assert note.startswith("270 minutes from injection to scan")


def test_slices_of_one_series_agree_on_their_units():
    slices = [pet_slice(dataset()), pet_slice(dataset(Units="GML"))]
    with pytest.raises(SUVError, match="slices differ in Units"):
        suv_factors(slices)
