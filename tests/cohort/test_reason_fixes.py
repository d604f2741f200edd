"""Each fault is named by its code, and its fix, followed literally, removes it."""

import shutil
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
import pydicom
import pytest
import SimpleITK as sitk
from exam_files import inspect
from pydicom.uid import generate_uid
from small_cohort import draw_sheets, simulate_shard, small_scanner

from nodal_staging import tables
from nodal_staging.cohort.contrast_and_dose import Rules
from nodal_staging.cohort.inclusion_criteria import CohortError, Limits, select_cohort
from nodal_staging.exams.dicom import Repairs, Wording
from nodal_staging.phantom.synthetic_cohort import Enrolment
from nodal_staging.study import reasons

LIMITS = Limits()
RULES = Rules(low_dose_mas=40)


@pytest.fixture(scope="module")
def pristine(tmp_path_factory):
    folder, scanner = tmp_path_factory.mktemp("raw"), small_scanner(noise_hu=0)
    draw_sheets(folder, Enrolment(4, 18, 0.2), scanner, seed=3)
    simulate_shard(folder, scanner, seed=3)
    return folder


@dataclass
class Study:
    """A cohort, one of its exams, and how the exams are inspected and selected."""

    folder: object
    pristine: object
    exam: pd.Series
    rules: Rules = RULES
    limits: Limits = LIMITS

    def judge(self):
        inspect(self.folder, self.rules)
        select_cohort(
            exams=self.folder / "exams.tsv",
            inspections=[self.folder / "inspections.tsv"],
            limits=self.limits,
            cohort=self.folder / "cohort.tsv",
            flow=self.folder / "flow.json",
        )
        cohort = tables.read(self.folder / "cohort.tsv", tables.EXAMS)
        return cohort.set_index("exam_id").loc[self.exam["exam_id"]]

    def write(self, column, value, sheet="exams"):
        """Write a cell of the exam in its sheet."""
        schema = {"exams": tables.EXAM_SHEET, "nodes": tables.NODE_SHEET}[sheet]
        path = self.folder / f"{sheet}.tsv"
        frame = tables.read(path, schema)
        if column not in frame:
            frame[column] = None
        own = frame["exam_id"] == self.exam["exam_id"]
        frame[column] = frame[column].astype(object).where(~own, value)
        tables.write(frame, path, schema)

    def files(self, column="ct"):
        return sorted((self.folder / self.exam[column]).iterdir())

    def restore(self, *columns):
        """Copy files of the exam from the archive, as after a new export."""
        for column in columns or ("ct",):
            target = self.folder / self.exam[column]
            shutil.rmtree(target) if target.is_dir() else target.unlink(missing_ok=True)
            source = self.pristine / self.exam[column]
            copy = shutil.copytree if source.is_dir() else shutil.copy
            copy(source, target)

    def edit(self, change, files=None):
        for place, path in enumerate(files or self.files()):
            header = pydicom.dcmread(path)
            change(header, place)
            header.save_as(path)


@pytest.fixture
def study(pristine, tmp_path):
    folder = tmp_path / "raw"
    shutil.copytree(pristine, folder)
    sheet = tables.read(folder / "exams.tsv", tables.EXAM_SHEET)
    exam = sheet[sheet["segmentation"].notna()].iloc[0]
    return Study(folder, pristine, exam)


def test_the_exam_is_included_without_a_fault(study):
    assert study.judge()["reason"] == "included"


def add_exam(study, day):
    """Add a second exam of the patient, on the same files."""
    path = study.folder / "exams.tsv"
    frame = tables.read(path, tables.EXAM_SHEET)
    copy = study.exam.copy()
    copy["exam_id"], copy["day"] = "E9999", day
    frame = pd.concat([frame, copy.to_frame().T], ignore_index=True)
    tables.write(frame, path, tables.EXAM_SHEET)


def without_order(study):
    study.write("day", None)
    add_exam(study, None)


def days_in_order(study):
    study.write("day", 3)
    study.exam["exam_id"], own = "E9999", study.exam["exam_id"]
    study.write("day", 9)
    study.exam["exam_id"] = own


def second_exam(study):
    study.write("day", 5)
    add_exam(study, 1)


def setting(**changes):
    def change(study):
        for name, value in changes.items():
            setattr(study, name, value)

    return change


def both(*steps):
    def change(study):
        for step in steps:
            step(study)

    return change


def cell(column, value, sheet="exams"):
    return lambda study: study.write(column, value, sheet)


def cell_again(column):
    return lambda study: study.write(column, study.exam[column])


def as_nifti(study):
    """Replace the CT by a volume file, which states neither dose nor contrast."""
    paths = [str(path) for path in study.files()]
    volume = sitk.DICOMOrient(sitk.ReadImage(paths), "LPS")
    sitk.WriteImage(volume, str(study.folder / "ct.nii.gz"))
    study.write("ct", "ct.nii.gz")


SHEET_ONLY = replace(RULES, contrast_evidence=("sheet",))
CRITERIA = {
    "order_undetermined": (without_order, days_in_order),
    "follow_up": (second_exam, days_in_order),
    "outside_period": (
        both(cell("day", 5), setting(limits=Limits(period=(100, 200)))),
        cell("day", 150),
    ),
    "non_contrast": (
        both(setting(rules=SHEET_ONLY), cell("contrast", "no")),
        cell("contrast", "yes"),
    ),
    "low_dose": (
        both(setting(rules=replace(RULES, low_dose_mas=1e6)), cell("low_dose", None)),
        cell("low_dose", "no"),
    ),
    "quality": (cell("quality", "poor"), cell("quality", "good")),
    "missing_pet": (
        both(setting(limits=Limits(require_pet=True)), cell("pet", None)),
        cell_again("pet"),
    ),
    "contrast_undetermined": (
        both(as_nifti, cell("contrast", None), cell("low_dose", "no")),
        cell("contrast", "yes"),
    ),
    "low_dose_undetermined": (
        both(as_nifti, cell("contrast", "yes"), cell("low_dose", None)),
        cell("low_dose", "no"),
    ),
}


@pytest.mark.parametrize("code", CRITERIA)
def test_the_fix_of_a_criterion_includes_the_exam(study, code):
    fault, fix = CRITERIA[code]
    fault(study)
    found = study.judge()
    assert found["reason"] == code
    exam = f"patient {study.exam['patient_id']}, exam {study.exam['exam_id']}"
    assert found["problem"] == f"{exam}: {reasons.exclusion(code)}"
    fix(study)
    assert study.judge()["reason"] == "included"


def test_every_criterion_is_tested():
    assert CRITERIA.keys() == reasons.CRITERIA.keys()


def test_contradicting_evidence_is_settled_by_the_sheet(study):
    def native(header, _):
        header.SeriesDescription = "nativ"

    study.edit(native)
    study.write("contrast", "yes")
    study.rules = replace(RULES, wording=Wording(native="nativ"))
    assert study.judge()["reason"] == "contrast_undetermined"
    study.rules = replace(study.rules, contrast_evidence=("sheet",))
    assert study.judge()["reason"] == "included"


def test_volume_files_without_columns_name_both_columns(study):
    """A cohort of NIfTI files: both fixes are named at once, and include it."""
    as_nifti(study)
    for column in ("contrast", "low_dose"):
        study.write(column, None)
    problem = study.judge()["problem"]
    for column, value in (("contrast", "yes"), ("low_dose", "no")):
        assert column in problem
        study.write(column, value)
    assert study.judge()["reason"] == "included"


def test_an_empty_cohort_names_the_fix_of_its_first_exam(study):
    frame = tables.read(study.folder / "exams.tsv", tables.EXAM_SHEET)
    frame["quality"] = "poor"
    tables.write(frame, study.folder / "exams.tsv", tables.EXAM_SHEET)
    with pytest.raises(CohortError, match=r"the first is patient .*; "):
        study.judge()


def keep_one_slice(study):
    for path in study.files()[1:]:
        path.unlink()


def shear(header, place):
    x, y, z = map(float, header.ImagePositionPatient)
    header.ImagePositionPatient = [x, y + 0.5 * place, z]


def another_position(header, place):
    if place == 1:
        header.ImagePositionPatient = [30, *header.ImagePositionPatient[1:]]


def copied(study, change):
    path = study.files()[2]
    header = pydicom.dcmread(path)
    change(header)
    header.save_as(path.with_name("copy.dcm"))


def new_uid(header):
    header.SOPInstanceUID = generate_uid()
    header.file_meta.MediaStorageSOPInstanceUID = header.SOPInstanceUID


def other_pixels(header):
    header.PixelData = bytes(len(header.PixelData))


def remove_copy(study):
    (study.folder / study.exam["ct"] / "copy.dcm").unlink()


def truncated(study):
    path = study.files()[0]
    path.write_bytes(path.read_bytes()[:-100])


def garbage(study):
    path = study.files()[0]
    path.write_bytes(bytes(128) + b"DICM" + b"\x02\x00\xff\xff" * 9)


def without(keyword):
    return lambda header, _: delattr(header, keyword)


def stated(keyword, value):
    return lambda header, _: setattr(header, keyword, value)


def headers(change):
    return lambda study: study.edit(change)


def restore(*columns):
    return lambda study: study.restore(*columns)


def lose_nodes(study):
    sheet = tables.read(study.folder / "nodes.tsv", tables.NODE_SHEET)
    others = sheet[sheet["exam_id"] != study.exam["exam_id"]]
    tables.write(others, study.folder / "nodes.tsv", tables.NODE_SHEET)


def add_nodes(study):
    shutil.copy(study.pristine / "nodes.tsv", study.folder / "nodes.tsv")


def rename_label(study):
    sheet = tables.read(study.folder / "nodes.tsv", tables.NODE_SHEET)
    place = np.flatnonzero(sheet["exam_id"] == study.exam["exam_id"])[0]
    sheet.loc[place, "label"] = "77"
    tables.write(sheet, study.folder / "nodes.tsv", tables.NODE_SHEET)


def write_text_file(study):
    (study.folder / "ct.txt").write_text("no scan")
    study.write("ct", "ct.txt")


def remove_slice(study):
    study.files()[5].unlink()


RESAMPLE = setting(rules=replace(RULES, repairs=Repairs(resample_gaps=True)))
EXAMS = {
    "missing_ct": (cell("ct", "nowhere"), cell_again("ct")),
    "missing_segmentation": (
        cell("segmentation", "nowhere"),
        cell_again("segmentation"),
    ),
    "no_nodes": (lose_nodes, add_nodes),
    "contradicting_sheets": (cell("segmentation", None), cell_again("segmentation")),
    "unusable_file": (write_text_file, cell_again("ct")),
    "unusable_segmentation": (rename_label, add_nodes),
    "no_image": (
        lambda study: study.write("ct", study.exam["pet"]),
        cell_again("ct"),
    ),
    "single_slice": (keep_one_slice, restore("ct")),
    "slice_gap": (remove_slice, restore("ct")),
    "slice_gap by repair": (remove_slice, RESAMPLE),
    "irregular_positions": (headers(another_position), restore("ct")),
    "gantry_tilt": (headers(shear), restore("ct")),
    "same_position": (lambda study: copied(study, new_uid), remove_copy),
    "contradicting_copies": (lambda study: copied(study, other_pixels), remove_copy),
    "truncated_pixels": (truncated, restore("ct")),
    "unreadable_file": (garbage, restore("ct")),
    "damaged_header": (headers(stated("BitsAllocated", 12)), restore("ct")),
    "damaged_geometry": (headers(without("ImagePositionPatient")), restore("ct")),
    "no_rescale": (headers(without("RescaleSlope")), restore("ct")),
    "not_hounsfield": (headers(stated("RescaleType", "OD")), restore("ct")),
}


@pytest.mark.parametrize("name", EXAMS)
def test_the_fix_of_an_exam_makes_it_usable(study, name):
    fault, fix = EXAMS[name]
    code = name.partition(" ")[0]
    fault(study)
    found = study.judge()
    assert found["reason"] == code, found["problem"]
    assert f"exam {study.exam['exam_id']}" in found["problem"]
    assert "; " in found["problem"]
    fix(study)
    assert study.judge()["reason"] == "included"
