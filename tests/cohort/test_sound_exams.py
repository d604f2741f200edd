"""Exams that are unusual and right: none is refused or remarked.

A case is one line: name, and the plan of an exam.
"""

import numpy as np
import pytest
from exam_changes import both, changed, identified, with_header, with_hu, with_suv
from exam_inspection import inspected, node_flags
from small_exams import BQ_PER_SUV, CT_GRID, FDG, NODES_MM, PSMA, head, plan

from nodal_staging.cohort.exam_index import read_index
from nodal_staging.exams import scans
from nodal_staging.geometry import Lattice

DATED = "RadiopharmaceuticalStartDateTime"
TIME = "RadiopharmaceuticalStartTime"
DOSE = "RadionuclideTotalDose"


def turned(axis, degrees):
    """Return the directions of a grid that is turned about an axis."""
    c, s = np.cos(np.radians(degrees)), np.sin(np.radians(degrees))
    matrix = np.eye(3)
    one, other = [place for place in range(3) if place != axis]
    matrix[one, one] = matrix[other, other] = c
    matrix[one, other], matrix[other, one] = -s, s
    return tuple(float(value) for value in matrix.ravel())


def grid(shape, spacing, centre=(0.0, 0.0, 0.0), direction=None):
    """Return a lattice around a point, by its number of voxels ``(x, y, z)``."""
    axes = turned(2, 0) if direction is None else direction
    half = np.multiply(spacing, np.subtract(shape, 1)) / 2
    origin = np.subtract(centre, np.reshape(axes, (3, 3)) @ half)
    x, y, z = shape
    return Lattice((z, y, x), spacing, tuple(origin.tolist()), axes)


def ring(value):
    """Replace what lies outside of a round field of view."""

    def replaced(hu):
        y, x = np.ogrid[: hu.shape[1], : hu.shape[2]]
        corner = np.hypot((y - 24.5) / 25, (x - 39.5) / 40) > 1
        return np.where(corner, value, hu)

    return with_hu(replaced)


def metal(value):
    def added(hu):
        out = hu.copy()
        out[4:9, 30:33, 50:53] = value
        out[4:9, 20:28, 50:53] -= 200
        return np.maximum(out, -1024)

    return with_hu(added)


def hot(value):
    """Raise the uptake of the bladder."""

    def raised(suv):
        return np.where(suv > 15, suv / 60 * value, suv)

    return with_suv(raised)


def no(exam):
    """Change nothing."""
    return exam


def prone(exam):
    flipped = {"hu": exam.hu[:, ::-1], "labels": exam.labels[:, ::-1]}
    return changed(**flipped, suv=exam.suv[:, ::-1])(exam)


def head_first(exam):
    """Return the exam with the slices of the CT from head to foot."""
    grid = exam.ct
    top = grid.to_points((grid.shape[0] - 1, 0, 0))
    axes = np.reshape(grid.direction, (3, 3)) * [1, 1, -1]
    lattice = Lattice(grid.shape, grid.spacing_mm, tuple(top), tuple(axes.ravel()))
    own = {"hu": exam.hu[::-1], "labels": exam.labels[::-1]}
    return changed(**own, ct=lattice, seg=lattice)(exam)


def arms_up_to(edge):
    """Cut the field of view of the CT; the PET shows what lies beyond."""
    return lambda exam: changed(
        hu=exam.hu[:, :, edge:-edge],
        labels=exam.labels[:, :, edge:-edge],
        **dict.fromkeys(("ct", "seg"), cut(exam.ct, edge)),
    )(exam)


def cut(lattice, edge):
    z, y, x = lattice.shape
    return lattice.crop((0, 0, edge), (z, y, x - 2 * edge))


def fine_labels(exam):
    """Draw the labels on a finer grid than the CT's, as a program may store them."""
    labels = exam.labels.repeat(2, axis=2)
    x, y, z = exam.ct.spacing_mm
    first = exam.ct.to_points((0, 0, -0.25))
    shape = labels.shape
    return changed(labels=labels, seg=Lattice(shape, (x / 2, y, z), tuple(first)))(exam)


def few_counts(suv):
    """Return an image with the noise of filtered back-projection, and its negatives."""
    return suv + 0.15 * np.random.default_rng(2).standard_normal(suv.shape)


def header(**attributes):
    """Return a PET in DICOM with attributes, and what it stores for an SUV of 1."""
    per_suv = attributes.pop("per_suv", BQ_PER_SUV)
    return both(with_header(**attributes), changed(per_suv=per_suv, ct_form="dicom"))


WIDE = grid((80, 60, 18), (8.0, 8.0, 10.0))
NARROW = grid((50, 40, 18), (6.0, 6.0, 10.0))
CROP = grid((60, 60, 20), (0.8, 0.8, 2.5), NODES_MM[0])
PET_CROP = grid((25, 25, 15), (2.0, 2.0, 3.0), NODES_MM[0])
TIGHT = grid((50, 50, 50), (1.0, 1.0, 1.0), NODES_MM[1])
BLADDER = grid((60, 60, 24), (2.0, 2.0, 2.5), (-30, -10, -55))
THIN = grid((96, 60, 60), (5.0, 5.0, 3.0))
PELVIS = grid((80, 50, 9), (6.0, 6.0, 8.0), (0.0, 0.0, -50.0))
CHEST = grid((80, 50, 9), (6.0, 6.0, 8.0), (0.0, 0.0, 60.0))
TILTED = grid((80, 50, 18), (6.0, 6.0, 10.0), direction=turned(0, 20))
OBLIQUE = grid((80, 50, 18), (6.0, 6.0, 10.0), direction=turned(2, 15))
BACKWARDS = grid((80, 50, 18), (6.0, 6.0, 10.0), direction=turned(1, 180))
SAGITTAL = (0.0, 0.0, 1.0, 1.0, 0.0, 0.0, 0.0, 1.0, 0.0)
SIDEWAYS = grid((50, 18, 80), (6.0, 10.0, 6.0), direction=SAGITTAL)
HEAD_PET = grid((32, 32, 18), (8.0, 8.0, 10.0))
ON_CT = {"pet": CT_GRID}
DICOM = {"ct_form": "dicom", "pet_form": "dicom"}
HEAD = {"body": head}

CASES = [
    ("nifti", {}, no),
    ("dicom, mitk", DICOM | {"seg_form": "mitk"}, no),
    ("dicom, mitk_json", DICOM | {"seg_form": "mitk_json"}, no),
    ("dicom, seg", DICOM | {"seg_form": "seg"}, no),
    ("dicom, nifti", {"ct_form": "dicom", "seg_form": "nrrd"}, no),
    ("dicom, nrrd", {"ct_form": "dicom", "pet_form": "nrrd", "seg_form": "nii"}, no),
    ("nii", {"ct_form": "nii", "pet_form": "nii", "seg_form": "nii"}, no),
    ("nifti, dicom", {"pet_form": "dicom", "seg_form": "mitk"}, no),
    ("nifti, seg", {"pet_form": "nrrd", "seg_form": "seg"}, no),
    ("nrrd", {"ct_form": "nrrd", "pet_form": "nrrd", "seg_form": "nrrd"}, no),
    ("nrrd, dicom", {"ct_form": "nrrd", "pet_form": "dicom"}, no),
    ("mha", {"ct_form": "mha", "pet_form": "mha", "seg_form": "mha"}, no),
    ("dicom, mha", DICOM | {"seg_form": "mha"}, no),
    ("dicom, rt", DICOM | {"seg_form": "rt"}, no),
    ("dicom, rt, oblique", DICOM | {"seg_form": "rt", "ct": OBLIQUE}, no),
    ("float", {"ct_kind": "<f4"}, no),
    ("double, nrrd", {"ct_kind": "<f8", "ct_form": "nrrd"}, no),
    ("32 bits", {"ct_kind": "<i4"}, no),
    ("big endian, nrrd", {"ct_kind": ">i2", "ct_form": "nrrd"}, no),
    ("without PET", {}, changed(suv=None)),
    ("without PET, dicom", DICOM, changed(suv=None)),
    ("wide field", {"ct": WIDE}, no),
    ("wide field, child", {"ct": WIDE, "size": 0.45}, no),
    ("field within the body", {"ct": NARROW}, no),
    ("cropped around a node", {"ct": CROP}, no),
    ("cropped around a node, dicom", DICOM | {"ct": CROP}, no),
    ("cropped and isotropic", {"ct": TIGHT}, no),
    ("cropped with its PET", {"ct": CROP, "pet": PET_CROP, "counts": 20}, no),
    ("thin slices", {"ct": THIN}, no),
    ("pelvis alone", {"ct": PELVIS}, no),
    ("chest alone", {"ct": CHEST}, no),
    ("tilted patient", {"ct": TILTED}, no),
    ("oblique", {"ct": OBLIQUE}, no),
    ("oblique, dicom", DICOM | {"ct": OBLIQUE}, no),
    ("oblique, nrrd", {"ct": OBLIQUE, "ct_form": "nrrd", "seg_form": "nrrd"}, no),
    ("from left to right", {"ct": BACKWARDS}, no),
    ("sagittal planes", {"ct": SIDEWAYS}, no),
    ("sagittal planes, dicom", DICOM | {"ct": SIDEWAYS}, no),
    ("from head to foot", {}, head_first),
    ("prone", {}, prone),
    ("prone, dicom", DICOM, prone),
    ("PET on the CT's grid", ON_CT, no),
    ("PET with large voxels", {"pet": grid((24, 18, 9), (20.0, 20.0, 20.0))}, no),
    ("PET of a part", {"pet": grid((60, 40, 12), (8.0, 8.0, 10.0))}, no),
    (
        "PET oblique",
        {"pet": grid((60, 40, 18), (8.0, 8.0, 10.0), direction=turned(0, 10))},
        no,
    ),
    ("truncated by 8 cm", {}, arms_up_to(14)),
    ("truncated, dicom", DICOM, arms_up_to(18)),
    ("round field, -2000", {}, ring(-2000)),
    ("round field, -3024, nrrd", {"ct_form": "nrrd"}, ring(-3024)),
    ("round field, -1024", {"ct_form": "nii"}, ring(-1024)),
    ("round field, 0", {}, ring(0)),
    (
        "padding, dicom",
        DICOM,
        both(ring(-2000), changed(ct_header={"PixelPaddingValue": -976})),
    ),
    ("unsigned, dicom", DICOM | {"ct_kind": "<u2"}, no),
    ("signed HU, dicom", DICOM | {"stored": (1.0, 0.0)}, no),
    ("intercept of -8192, dicom", DICOM | {"stored": (1.0, -8192.0)}, no),
    ("intercept of -1000, dicom", DICOM | {"stored": (1.0, -1000.0)}, no),
    ("slope of 0.5, dicom", DICOM | {"stored": (0.5, -1024.0)}, no),
    ("metal", {}, metal(3071)),
    ("metal on an extended scale", {}, metal(30710)),
    ("metal, dicom", DICOM, metal(3071)),
    (
        "vessels of 400 HU",
        {},
        with_hu(lambda v: np.where(np.abs(v - 170) < 30, 400, v)),
    ),
    ("vessels of 90 HU", {}, with_hu(lambda v: np.where(np.abs(v - 170) < 30, 90, v))),
    ("low-dose noise", {"noise_hu": 60.0}, no),
    ("smooth", {"noise_hu": 3.0}, no),
    ("child", {"size": 0.45}, no),
    ("infant", {"size": 0.3}, no),
    ("obese", {"size": 1.25}, no),
    ("head", HEAD, no),
    ("head, FDG", HEAD | {"uptake": FDG}, no),
    ("head, dicom", HEAD | DICOM, no),
    ("head of a child", HEAD | {"size": 0.7}, no),
    ("head, PET of the head", HEAD | {"pet": HEAD_PET}, no),
    ("FDG", {"uptake": FDG}, no),
    ("FDG, dicom", DICOM | {"uptake": FDG}, no),
    ("bladder of 300", {}, hot(300)),
    ("bladder of 1000, pelvis", {"ct": PELVIS}, hot(1000)),
    ("bladder of 300, cropped", {"ct": BLADDER}, hot(300)),
    ("late PSMA", {"uptake": PSMA * 0.4}, no),
    ("few counts", {"counts": 2.0}, no),
    ("very few counts", {"counts": 0.5}, no),
    ("negative noise", {}, with_suv(few_counts)),
    ("labels on a finer grid, nrrd", {"seg_form": "nrrd"}, no),
    ("BQML, ADMIN", {}, header(DecayCorrection="ADMIN", per_suv=150e6 / 80_000)),
    (
        "BQML, not corrected",
        {},
        header(DecayCorrection="NONE", CorrectedImage=["ATTN"]),
    ),
    ("GML", {}, header(Units="GML", SUVType="BW", per_suv=1.0)),
    (
        "lean mass",
        {},
        header(
            Units="GML", SUVType="LBM", PatientSize=1.8, PatientSex="M", per_suv=0.78
        ),
    ),
    (
        "ideal weight",
        {},
        header(
            Units="GML", SUVType="IBW", PatientSize=1.8, PatientSex="F", per_suv=0.89
        ),
    ),
    ("surface", {}, header(Units="CM2ML", PatientSize=1.8, per_suv=0.25)),
    ("Philips, SUV factor", {}, header(Units="CNTS", suv=0.001, per_suv=1000.0)),
    (
        "Philips, activity factor",
        {},
        header(Units="CNTS", activity=2, per_suv=BQ_PER_SUV / 2),
    ),
    ("GE", {}, header(ge="20200101130000")),
    ("Siemens", {}, header(siemens="20200101130000")),
    ("two reconstructions", DICOM, changed(ct_header={"ImagesInAcquisition": 36})),
    ("all slices", {}, header(NumberOfSlices=18, ImagesInAcquisition=18)),
    ("end of the injection", {}, header(RadiopharmaceuticalStopTime="120100")),
    ("dated injection", {}, header(**{DATED: "20200101120000"})),
    (
        "over midnight",
        {},
        header(**{TIME: "233000", "SeriesTime": "003000", "AcquisitionTime": "003000"}),
    ),
    ("weight of 150", {}, header(PatientWeight=150, per_suv=BQ_PER_SUV * 80 / 150)),
    ("weight of 25", {}, header(PatientWeight=25, per_suv=BQ_PER_SUV * 80 / 25)),
    ("dose of 40 MBq", {}, header(**{DOSE: 40e6}, per_suv=BQ_PER_SUV * 40 / 150)),
    (
        "F-18",
        {},
        header(
            RadionuclideHalfLife=6586.2, per_suv=150e6 * 2 ** (-3600 / 6586.2) / 80_000
        ),
    ),
]


A, STUDY, FRAME = {"PatientID": "A"}, "StudyInstanceUID", "FrameOfReferenceUID"


CASES += [
    ("one patient", {}, identified(A, A, A)),
    ("patient removed from the PET", {}, identified(A, {}, A)),
    ("patient removed from the labels", {}, identified(A, A, {"PatientID": ""})),
    (
        "year of birth alone in the PET",
        {},
        identified(
            {"PatientBirthDate": "19500304"},
            {"PatientBirthDate": "19500101", "PatientSex": "O"},
            {"PatientSex": "M"},
        ),
    ),
    ("one frame", {}, identified(A, A, A | {FRAME: "1.2.3.5"})),
    ("new study, one frame", {}, identified({STUDY: "1.2.8"}, {STUDY: "1.2.9"}, {})),
]


@pytest.mark.parametrize("case", CASES, ids=[case[0] for case in CASES])
def test_a_sound_exam_has_no_remark(tmp_path, case):
    name, options, change = case
    exam = change(plan(**options))
    row = inspected(tmp_path, exam)
    assert (row["reason"], row["flags"], row["notes"]) == ("ok", "-", "-")
    # The node of this short scan reaches its last slice.
    cut_off = {"touches_edge"} if name == "chest alone" else set()
    assert node_flags(tmp_path) == cut_off
    assert row["pet"] == ("no" if exam.suv is None else "yes")
    if exam.pet_form == "dicom" and exam.suv is not None and "size" not in options:
        assert uptake(tmp_path) == pytest.approx(8, rel=0.1)


def uptake(folder):
    """Return the mean SUV within 10 mm of the first node's centre."""
    scan = read_index(folder / "index.json")["E1"].pet
    box = ((0, 0, 0), scan.lattice.shape)
    (suv,) = scans.read_boxes(folder / "pet", scan, [box])
    index = np.argwhere(np.ones(scan.lattice.shape, bool))
    away = np.linalg.norm(scan.lattice.to_points(index) - NODES_MM[0], axis=1)
    return suv.reshape(-1)[away < 10].mean()
