"""Exams that can be read and are wrong: each is refused or remarked.

A case is one line: name, change of a sound exam, and the code of the refusal or remark
that is expected, or words of it.
"""

from dataclasses import replace

import numpy as np
import pytest
from exam_changes import (
    both,
    changed,
    identified,
    with_ct_header,
    with_grid,
    with_header,
    with_hu,
    with_labels,
    with_suv,
)
from exam_inspection import inspected, node_flags, says
from segmentation_files import sequence
from small_exams import CT_GRID, FDG, PET_GRID, head, plan

from nodal_staging.geometry import Lattice

DOSE, WEIGHT = "RadionuclideTotalDose", "PatientWeight"
TIME = "RadiopharmaceuticalStartTime"
DATED = "RadiopharmaceuticalStartDateTime"
NRRD, DICOM = {"ct_form": "nrrd"}, {"ct_form": "dicom"}
PET_NRRD, PET_DICOM = {"pet_form": "nrrd"}, {"pet_form": "dicom"}
FLOAT = {"ct_kind": "<f4"}
NOT_HU, PEAK, CT_VOXEL = "not_hounsfield", "ct_tissue_peak", "ct_voxel_size"
NO_SUV, NOT_SUV, SLOPES = "unusable_suv", "not_suv", "pet_slice_scale"
OUTLINE, PET_VOXEL = "pet_outline", "pet_voxel_size"
NO_SEG, COVERS = "unusable_segmentation", "mask_covers_ct"


# In the table below a change is called by what it concerns.
hu, suv, labels, grid = with_hu, with_suv, with_labels, with_grid
ct_header, pet_header = with_ct_header, with_header


def normalised(values):
    return (values + 1024) / 4095


def windowed(values):
    return np.clip((values + 160) / 400 * 255, 0, 255)


def attenuation(values):
    return np.maximum(0.19 * (1 + values / 1000), 0)


def standardised(values):
    return (values - values.mean()) / values.std()


def wrapped(values):
    return np.where(values < 0, values + 65536, values)


def padded(values):
    """Stored values of a round field, with the padding of a scanner around it."""
    y, x = np.ogrid[: values.shape[1], : values.shape[2]]
    corner = np.hypot((y - 24.5) / 25, (x - 39.5) / 40) > 1
    return np.where(corner, -2000, values + 1024)


def clipped(low, high):
    return lambda values: np.clip(values, low, high)


def scaled(slope, offset=0.0):
    return lambda values: values * slope + offset


def as_stored(values):
    return np.rint(values / values.max(axis=(1, 2), keepdims=True) * 32767) * 1e-4


CT_VALUES = [
    ("offset of 1024", hu(scaled(1, 1024)), NOT_HU),
    ("offset of 1024, nrrd", hu(scaled(1, 1024), **NRRD), NOT_HU),
    ("offset of 1024, u2", hu(scaled(1, 1024), ct_kind="<u2"), NOT_HU),
    ("offset of 1024, mha", hu(scaled(1, 1024), ct_form="mha"), NOT_HU),
    ("8 bits, mha", hu(windowed, ct_form="mha", ct_kind="|u1"), NOT_HU),
    ("offset of 8192", hu(scaled(1, 8192)), NOT_HU),
    ("offset of 1000, nii", hu(scaled(1, 1000), ct_form="nii"), "ct_dense"),
    ("offset of 512", hu(scaled(1, 512)), PEAK),
    ("intercept of 0, dicom", ct_header(RescaleIntercept=0), NOT_HU),
    ("intercept of -24, dicom", ct_header(RescaleIntercept=-24), "ct_dense"),
    ("padding and offset", hu(padded), "ct_no_fat"),
    ("padding and offset, nrrd", hu(padded, **NRRD), "ct_no_fat"),
    ("intercept twice", hu(scaled(1, -1024)), PEAK),
    ("intercept twice, dicom", ct_header(RescaleIntercept=-2048), PEAK),
    ("no intercept, dicom", ct_header(RescaleIntercept=None), "no_rescale"),
    ("another unit, dicom", ct_header(RescaleType="MGML"), NOT_HU),
    ("0 to 1", hu(normalised, **FLOAT), NOT_HU),
    ("0 to 1, nrrd", hu(normalised, **NRRD, **FLOAT), NOT_HU),
    ("-1 to 1", hu(lambda v: 2 * normalised(v) - 1, **FLOAT), NOT_HU),
    ("standardised", hu(standardised, **FLOAT), NOT_HU),
    ("HU / 1000", hu(scaled(1e-3), **FLOAT), NOT_HU),
    ("attenuation per cm", hu(attenuation, **FLOAT), NOT_HU),
    ("attenuation per m", hu(lambda v: 100 * attenuation(v)), NOT_HU),
    ("8 bits", hu(windowed, ct_kind="|u1"), NOT_HU),
    ("8 bits, nrrd", hu(windowed, **NRRD, ct_kind="|u1"), NOT_HU),
    ("signed 8 bits", hu(clipped(-128, 127), ct_kind="|i1"), "ct_clipped"),
    ("window of soft tissue", hu(clipped(-160, 240)), "ct_clipped"),
    ("window of bone", hu(clipped(-450, 1050)), "ct_clipped"),
    ("unsigned wrap", hu(wrapped, ct_kind="<u2"), NOT_HU),
    ("unsigned wrap, nrrd", hu(wrapped, **NRRD, ct_kind="<i4"), NOT_HU),
    ("slope of 10", hu(scaled(10)), PEAK),
    ("slope of 10, dicom", ct_header(RescaleSlope=10), NOT_HU),
    ("slope of 2, dicom", ct_header(RescaleSlope=2), PEAK),
    ("slope of 0.5, dicom", ct_header(RescaleSlope=0.5), "ct_between"),
    ("half the HU", hu(scaled(0.5)), "ct_air_peak"),
    ("a tenth of the HU", hu(scaled(0.1), **FLOAT), "ct_no_air"),
    ("4 bits too high", hu(lambda v: (v + 1024) * 16 - 1024, ct_kind="<i4"), NOT_HU),
    ("inverted", hu(scaled(-1)), PEAK),
    ("inverted, 12 bits", hu(scaled(-1, 3071)), NOT_HU),
    ("constant", hu(scaled(0, 40)), "constant_ct"),
    ("constant, nrrd", hu(scaled(0, -1000), **NRRD), "constant_ct"),
    ("constant, dicom", hu(scaled(0), **DICOM), "constant_ct"),
    ("a PET", lambda exam: replace(exam, hu=plan(pet=CT_GRID).suv, **FLOAT), NOT_HU),
    ("a segmentation", lambda exam: replace(exam, hu=exam.labels), NOT_HU),
    ("an MRI", hu(lambda v: np.abs(v) * 0.7 + 5), NOT_HU),
]

PET_VALUES = [
    ("Bq/ml", suv(scaled(988)), NOT_SUV),
    ("Bq/ml, nrrd", suv(scaled(988), **PET_NRRD), NOT_SUV),
    ("Bq/ml, FDG", both(changed(suv=plan(uptake=FDG).suv), suv(scaled(2500))), NOT_SUV),
    ("Bq/ml, mha", suv(scaled(988), pet_form="mha"), NOT_SUV),
    ("zero, mha", suv(scaled(0), pet_form="mha"), "constant_pet"),
    ("SUV x 1000", suv(scaled(1000)), NOT_SUV),
    ("SUV x 100", suv(scaled(100), pet_form="nii"), NOT_SUV),
    ("SUV / 1000", suv(scaled(1e-3)), NOT_SUV),
    ("share of the dose", suv(scaled(1 / 80_000)), NOT_SUV),
    ("zero", suv(scaled(0)), "constant_pet"),
    ("zero, nrrd", suv(scaled(0), **PET_NRRD), "constant_pet"),
    ("constant", suv(scaled(0, 3)), "constant_pet"),
    ("negative", suv(scaled(-1)), NOT_SUV),
    ("negative, nrrd", suv(scaled(-1), **PET_NRRD), NOT_SUV),
    ("less its mean", suv(lambda v: v - v.mean()), "pet_negative"),
    ("the CT", lambda exam: replace(exam, suv=plan(ct=PET_GRID).hu), NOT_SUV),
    ("the CT of a head", changed(suv=plan(ct=PET_GRID, body=head).hu), NOT_SUV),
    ("the labels", changed(suv=plan(ct=PET_GRID).labels), NOT_SUV),
    ("a mask", suv(lambda v: v > 0.3), NOT_SUV),
    ("stored values", suv(as_stored), SLOPES),
    ("stored values, dicom", changed(**PET_DICOM, own_slopes=False), SLOPES),
    ("SUV stated as Bq/ml", changed(**PET_DICOM, per_suv=1.0), NOT_SUV),
    ("Bq/ml stated as SUV", pet_header(Units="GML"), NOT_SUV),
    ("noise", suv(lambda v: np.random.default_rng(0).random(v.shape)), OUTLINE),
]

PET_HEADERS = [
    ("dose in kBq", pet_header(**{DOSE: 150_000}), NO_SUV),
    ("dose in MBq, small", pet_header(**{DOSE: 0.15}), NO_SUV),
    ("dose in GBq", pet_header(**{DOSE: 150e9}), NO_SUV),
    ("no dose", pet_header(**{DOSE: None}), NO_SUV),
    ("dose of 0", pet_header(**{DOSE: 0}), NO_SUV),
    ("weight of 800", pet_header(PatientWeight=800), NO_SUV),
    ("weight of 0", pet_header(PatientWeight=0), NO_SUV),
    ("weight of 8", pet_header(PatientWeight=8), NO_SUV),
    ("no weight", pet_header(PatientWeight=None), NO_SUV),
    ("weight of 800, GML", pet_header(Units="GML", PatientWeight=800), "800 kg"),
    ("kBq, GML", pet_header(Units="GML", **{DOSE: 150_000}), "0.15 MBq"),
    (
        "injection later",
        pet_header(**{DATED: "20200101140000"}, **{TIME: None}),
        NO_SUV,
    ),
    (
        "injection a day before",
        pet_header(**{DATED: "20191231120000", TIME: None}),
        NO_SUV,
    ),
    ("two injection times", pet_header(**{DATED: "20200101100000"}), NO_SUV),
    ("no injection time", pet_header(**{TIME: None}), NO_SUV),
    (
        "shifted injection",
        pet_header(
            **{TIME: "123000", "SeriesTime": "123200", "AcquisitionTime": "123200"}
        ),
        "2 minutes from injection",
    ),
    ("shifted series", pet_header(**{TIME: "060000"}), "420 minutes from injection"),
    (
        "another zone",
        pet_header(**{DATED: "20200101110000+0000", TIME: None}),
        "offset from UTC",
    ),
    (
        "dummy date of injection",
        pet_header(**{DATED: "19000101120000", TIME: None}),
        "injection date is more than 2 days before the scan, expected 0 to 406 minutes",
    ),
    (
        "dummy date after the scan",
        pet_header(**{DATED: "20990101120000", TIME: None}),
        "injection date is more than 2 days after the scan",
    ),
    (
        "half-life in minutes",
        pet_header(RadionuclideHalfLife=67.7),
        r"is 67\.7 s, expected 4062\.6 s as of Ga-68 .* in minutes",
    ),
    (
        "half-life of Rb-82",
        pet_header(RadionuclideHalfLife=75),
        r"expected 0 to 8 minutes \(6 half-lives of 1\.25 minutes\)",
    ),
    ("impossible time", pet_header(**{TIME: "250000"}), f"{TIME} is 250000"),
    (
        "negative dose",
        pet_header(**{DOSE: -150e6}),
        r"is -1\.5e\+08, which",
    ),
    (
        "weight of 0.08",
        pet_header(PatientWeight=0.08),
        r"is 0\.08, which",
    ),
    (
        "no injections",
        pet_header(RadiopharmaceuticalInformationSequence=[]),
        "RadiopharmaceuticalInformationSequence is missing or empty",
    ),
    ("Zr-89 without a day", pet_header(RadionuclideHalfLife=282240), "half-life"),
    ("series after the scan", pet_header(SeriesTime="141500"), "SeriesTime|minutes"),
    ("two clocks of a scan", pet_header(SeriesTime="124000"), "SeriesTime"),
    ("not corrected", pet_header(CorrectedImage=["DECY"]), NO_SUV),
    ("no decay correction", pet_header(CorrectedImage=["ATTN"]), NO_SUV),
    ("another unit", pet_header(Units="PROPCPS"), NO_SUV),
    ("counts", pet_header(Units="CNTS"), NO_SUV),
    ("half-life of C-11", pet_header(RadionuclideHalfLife=10), NO_SUV),
    (
        "factor of another patient",
        pet_header(Units="CNTS", suv=0.004, activity=2),
        "Philips",
    ),
]


def no_place(exam):
    return replace(exam, seg=replace(exam.seg, origin_mm=(900.0, 0.0, 0.0)))


def quarter_turned(values):
    """Turn the planes of a CT about the axis of the body, on the same grid."""
    turned = np.rot90(values, 1, (1, 2))[:, 15:65]
    return np.pad(turned, ((0, 0), (0, 0), (15, 15)), constant_values=-1000)


def cm_alone(exam):
    return replace(grid("ct", 0.1)(exam), seg=exam.seg)


def thick_labels(exam):
    """Draw the labels on each third slice, which is three times as thick."""
    x, y, z = exam.seg.spacing_mm
    drawn = exam.labels[1::3]
    origin = exam.seg.to_points((1, 0, 0))
    lattice = Lattice(drawn.shape, (x, y, 3 * z), tuple(origin))
    return replace(exam, labels=drawn, seg=lattice)


FOUR = Lattice((4, *PET_GRID.shape[1:]), PET_GRID.spacing_mm, PET_GRID.origin_mm)
GEOMETRY = [
    ("CT in cm", grid("ct", 0.1 / 6), CT_VOXEL),
    ("CT in inches", both(grid("ct", 1 / 25.4 / 6), changed(**NRRD)), CT_VOXEL),
    ("CT in m", grid("ct", 1e-3), CT_VOXEL),
    ("CT in tenths of a mm", grid("ct", 10), CT_VOXEL),
    ("CT in tenths, dicom", both(grid("ct", 10), changed(**DICOM)), CT_VOXEL),
    ("CT in um", grid("ct", 1000), "unusable_volume"),
    ("CT too wide", grid("ct", 1.6), CT_VOXEL),
    ("PET in cm", grid("pet", 0.1), "pet_field"),
    ("PET in m, nrrd", both(grid("pet", 1e-3), changed(**PET_NRRD)), PET_VOXEL),
    ("PET in tenths of a mm", grid("pet", 10), PET_VOXEL),
    ("PET a metre away", grid("pet", shift_mm=(0, 0, 1000)), "pet_far"),
    ("PET beside", grid("pet", shift_mm=(400, 0, 0)), "pet_far"),
    (
        "PET beside, dicom",
        both(grid("pet", shift_mm=(400, 0, 0)), changed(**PET_DICOM)),
        "pet_far",
    ),
    ("PET of another region", grid("pet", shift_mm=(0, 0, 150)), "pet_far"),
    ("PET 12 cm to the left", grid("pet", shift_mm=(120, 0, 0)), OUTLINE),
    ("PET 10 cm to the back", grid("pet", shift_mm=(0, 100, 0)), OUTLINE),
    ("PET of a child", changed(suv=plan(size=0.45).suv), OUTLINE),
    ("PET of a child, dicom", changed(suv=plan(size=0.45).suv, **PET_DICOM), OUTLINE),
    ("PET of 70%", changed(suv=plan(size=0.7).suv), OUTLINE),
    ("CT of 70%", changed(hu=plan(size=0.7).hu), OUTLINE),
    ("PET of a head", changed(suv=plan(body=head).suv), OUTLINE),
    ("CT of a head", changed(hu=plan(body=head).hu), OUTLINE),
    ("PET rolled by 96 mm", suv(lambda v: np.roll(v, 12, axis=2)), OUTLINE),
    ("CT rolled by 90 mm", hu(lambda v: np.roll(v, 15, axis=2)), OUTLINE),
    ("CT turned by 90 degrees", hu(quarter_turned), OUTLINE),
    ("PET of 4 planes", both(changed(pet=FOUR), suv(lambda v: v[:4])), "pet_part"),
    ("CT in cm, labels not", cm_alone, "unusable_volume"),
    ("labels on each third slice", thick_labels, "mask_thick"),
    ("PET rotated", suv(lambda v: v[:, :40, 10:50].swapaxes(1, 2)), OUTLINE),
    ("labels a metre away", grid("seg", shift_mm=(0, 0, 1000)), NO_SEG),
    ("labels half outside", grid("seg", shift_mm=(0, 0, 100)), NO_SEG),
    ("labels without a place", no_place, NO_SEG),
    ("labels in cm", grid("seg", 0.1, shift_mm=(900, 0, 0)), NO_SEG),
]


def inverted(exam):
    return exam.labels == 0


def body(exam):
    return exam.hu > -300


def organs(exam):
    return 1 + body(exam) + (exam.hu > 100)


def first(exam):
    return exam.labels * (exam.labels < 2)


MASKS = [
    ("inverted", labels(inverted), COVERS),
    ("inverted, mitk", labels(inverted, seg_form="mitk"), COVERS),
    ("inverted, seg", labels(inverted, seg_form="seg"), COVERS),
    ("full", labels(lambda exam: np.ones(exam.hu.shape)), COVERS),
    ("body", labels(body), "mask_volume"),
    ("body, mitk_json", labels(body, seg_form="mitk_json"), "mask_extent"),
    ("all organs", labels(organs), COVERS),
    ("fat", labels(lambda exam: (np.abs(exam.hu + 100) < 50) * 1), "mask_extent"),
    ("a label is empty", both(labels(first), changed(listed=(1, 2))), NO_SEG),
    (
        "all labels are empty",
        both(labels(lambda exam: exam.labels * 0), changed(listed=(1, 2))),
        NO_SEG,
    ),
    ("a label has no row", changed(listed=(1,)), NO_SEG),
    ("a row has no label", changed(listed=(1, 2, 3)), NO_SEG),
    (
        "the CT as labels",
        labels(lambda exam: np.clip(exam.hu, 0, 3000) // 500 + 1),
        COVERS,
    ),
]
A, B, FRAME = {"PatientID": "A"}, {"PatientID": "B"}, "FrameOfReferenceUID"


OTHER_FRAME = {FRAME: "1.2.9", "StudyInstanceUID": "1.2.8"}
OWN_STUDY = {"StudyInstanceUID": "1.2.7", FRAME: "1.2.3.5"}
IDENTITY = [
    ("PET of another patient", identified(A, B, A), "other_patient"),
    ("CT of another patient", identified(A, B, B), "other_patient"),
    ("labels of another patient", identified(A, A, B), "other_patient"),
    (
        "labels of another patient, no PET",
        identified(A, {}, B, suv=None),
        "other_patient",
    ),
    ("rt of another patient", identified(A, A, B, seg_form="rt"), "other_patient"),
    ("PET of another study", identified(OWN_STUDY, OTHER_FRAME), FRAME),
    ("labels of another study", identified(OWN_STUDY, {}, OTHER_FRAME), FRAME),
    (
        "labels of another study and grid",
        both(
            identified(OWN_STUDY, {}, OTHER_FRAME), with_grid("seg", shift_mm=(3, 3, 0))
        ),
        NO_SEG,
    ),
    (
        "PET of another study, beside",
        both(identified(OWN_STUDY, OTHER_FRAME), with_grid("pet", shift_mm=(0, 0, 90))),
        "left empty",
    ),
    (
        "labels of another series",
        identified(
            {}, {}, {"ReferencedSeriesSequence": sequence(SeriesInstanceUID="1.9")}
        ),
        "ReferencedSeriesSequence",
    ),
]
BORN = {"PatientBirthDate": "19500304"}
HEADERS = [
    (
        "CT without its last slices",
        ct_header(ImagesInAcquisition=23),
        "ImagesInAcquisition is 23, but the series has 18 slices",
    ),
    (
        "PET without its last slices",
        pet_header(NumberOfSlices=20),
        "NumberOfSlices is 20, but the series has 18 slices",
    ),
    (
        "PET of another person",
        identified({"PatientSex": "F"}, {"PatientSex": "M"}),
        "column pet: PatientSex differs from the CT",
    ),
    (
        "labels of another person",
        identified(BORN, {}, {"PatientBirthDate": "19510304"}),
        "column segmentation: PatientBirthDate differs from the CT",
    ),
    (
        "weight and height swapped",
        pet_header(PatientWeight=175, PatientSize=80),
        "PatientWeight is 175 kg and PatientSize 80 cm",
    ),
    (
        "injection that ends before",
        pet_header(RadiopharmaceuticalStopTime="110000"),
        "StopTime is 11:00:00, which is before .* 12:00:00",
    ),
    (
        "injection that ends after the scan",
        pet_header(RadiopharmaceuticalStopTime="200000"),
        "StopTime is 20:00:00, which is after the scan 13:00:00",
    ),
    ("low dose", ct_header(SeriesDescription="CT low dose"), "column low_dose is no"),
]
CASES = [*HEADERS, *CT_VALUES, *PET_VALUES, *PET_HEADERS, *GEOMETRY, *MASKS, *IDENTITY]


@pytest.mark.parametrize(
    ("change", "expected"),
    [case[1:] for case in CASES],
    ids=[case[0] for case in CASES],
)
def test_a_wrong_exam_is_refused_or_remarked(tmp_path, change, expected):
    row = inspected(tmp_path, change(plan()))
    assert says(row, expected), (
        row["reason"],
        row["flags"],
        row["problem"],
        row["notes"],
    )


NO_KEY = [
    ("a PET as CT", changed(hu=plan(pet=CT_GRID).suv, **FLOAT), "looks like a PET"),
    ("labels as CT", lambda exam: replace(exam, hu=exam.labels), "a segmentation"),
    ("inverted", labels(inverted), "looks inverted"),
    ("the CT as PET", changed(suv=plan(ct=PET_GRID).hu), "Hounsfield units of a CT"),
    ("labels as PET", changed(suv=plan(ct=PET_GRID).labels), "is a segmentation"),
]


@pytest.mark.parametrize(
    ("change", "words"),
    [case[1:] for case in NO_KEY],
    ids=[case[0] for case in NO_KEY],
)
def test_a_file_of_another_kind_is_named_and_not_let_in(tmp_path, change, words):
    row = inspected(tmp_path, change(plan()))
    assert says(row, words), (row["problem"], row["notes"])
    assert "null" not in f"{row['problem']} {row['notes']}"


def test_a_node_outside_of_the_pet_is_named(tmp_path):
    exam = both(changed(pet=FOUR), suv(lambda v: v[:4]))(plan())
    inspected(tmp_path, exam)
    assert node_flags(tmp_path) == {"outside_pet"}
