"""SUV against real headers with known factors and the IBSI reference objects."""

import json
from datetime import datetime, timedelta

import numpy as np
import pytest
import SimpleITK as sitk
from pydicom.dataset import Dataset

from nodal_staging.dicom import index_pet, read_slices
from nodal_staging.suv import PHILIPS_CREATOR, SUVError, pet_slice, suv_factors

GOLD = {
    "SIEMENS": 0.00042748316187197236,
    "GE_MEDICAL_AND_BQML": 0.0005367387681819742,
    "PHILIPS_CNTS_AND_SUV": 0.000728,
}
TRACER = ("RadionuclideTotalDose", "RadionuclideHalfLife")
INJECTION = ("RadiopharmaceuticalStartTime", "RadiopharmaceuticalStartDateTime")
BASE = {
    "Units": "BQML",
    "DecayCorrection": "START",
    "CorrectedImage": ["ATTN", "DECY"],
    "PatientWeight": 80,
    "RadionuclideTotalDose": 150e6,
    "RadionuclideHalfLife": 4062.6,
    "RadiopharmaceuticalStartTime": "120000",
    "SeriesDate": "20200101",
    "SeriesTime": "130000",
    "AcquisitionDate": "20200101",
    "AcquisitionTime": "130000",
    "FrameReferenceTime": 0,
    "ActualFrameDuration": 120000,
}
BY_HAND = 80_000 / (150e6 * 2 ** (-3600 / 4062.6))


def dataset(**changes) -> Dataset:
    result, tracer = Dataset(), Dataset()
    for name, value in (BASE | changes).items():
        if value is None:
            continue
        if name in TRACER + INJECTION:
            setattr(tracer, name, value)
        elif name in {"suv", "activity"}:
            block = result.private_block(0x7053, PHILIPS_CREATOR, create=True)
            block.add_new(0x00 if name == "suv" else 0x09, "DS", str(value))
        else:
            setattr(result, name, value)
    result.RadiopharmaceuticalInformationSequence = [tracer]
    return result


def factor(**changes) -> float:
    return suv_factors([pet_slice(dataset(**changes))], role="pet")[0]


@pytest.mark.parametrize("vendor", GOLD)
def test_real_headers_give_the_vendors_factor(real_files, vendor):
    path = real_files / "calculate_suv" / "metadata" / f"{vendor}-instances.json"
    slices = []
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
        slices.append(pet_slice(dataset(**known)))
    assert suv_factors(slices, role="pet")[0] == pytest.approx(GOLD[vendor], rel=1e-11)


@pytest.mark.parametrize(
    "name", ["DRO_0_0", "DRO_1_0", "DRO_2_4", "DRO_3_1", "DRO_4_1"]
)
def test_reference_objects_read_as_defined(real_files, name):
    folder = real_files / "ibsi_suv" / "DRO" / name
    series = index_pet(folder / "PT", role="pet")
    suv = read_slices(folder / "PT", series, 0, len(series.slices), role="pet")
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
        ({"Units": "PROPCNTS"}, "PROPCNTS"),
        ({"DecayCorrection": "NONE"}, "DecayCorrection is NONE"),
        ({"RescaleIntercept": 5}, "RescaleIntercept"),
        ({"RadiopharmaceuticalStartTime": "010000"}, "half-lives"),
    ],
)
def test_what_cannot_be_known_is_refused(changes, words):
    with pytest.raises(SUVError, match=words):
        factor(**changes)
