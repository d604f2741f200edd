"""What an import of DICOM files chooses, and what it leaves to a person, by name."""

from pathlib import Path

import numpy as np
import pytest
import segmentation_files
from dicom_files import header, write_slice
from exam_inspection import COHORT
from pet_headers import dataset

from nodal_staging import tables
from nodal_staging.cohort.imported.collection import Request, import_collection
from nodal_staging.cohort.imported.drafted_sheets import (
    CHOICES,
    LEFT_OUT,
    NoExamError,
)
from nodal_staging.geometry import Lattice
from nodal_staging.phantom import mitk_writer

GRID = Lattice((16, 20, 20), (3.0, 3.0, 5.0), (-30.0, -30.0, 0.0))
PERSON = {
    "PatientID": "Mustermann-QX7",
    "StudyInstanceUID": "2.25.7700700.1",
    "FrameOfReferenceUID": "2.25.7700700.2",
    "StudyDate": "20200229",
    "SeriesDescription": "QX7",
}
CT, PET = "2.25.7700700.3", "2.25.7700700.4"


def write_scan(folder: Path, series: str = CT, *, modality="CT", step=1, **changes):
    """Write a CT or PET of the grid, with every so-many-th slice."""
    folder.mkdir(parents=True)
    for z in range(0, GRID.shape[0], step):
        item = header(
            GRID.to_points((z, 0, 0)).tolist(),
            modality=modality,
            **{"SeriesInstanceUID": series, "PixelSpacing": [3.0, 3.0]} | PERSON,
        )
        if modality == "PT":
            item.update(dataset())
            item.RescaleIntercept = 0
        for name, value in changes.items():
            setattr(item, name, value)
        item.SOPInstanceUID = f"{item.SeriesInstanceUID}.{z + 1}"
        write_slice(folder / f"{z}", item, np.full(GRID.shape[1:], 40))


def labels() -> np.ndarray:
    values = np.zeros(GRID.shape, np.uint16)
    values[4:6, 8:12, 8:12] = 1
    values[9:11, 8:12, 8:12] = 2
    return values


def write_seg(path: Path, referenced: str | None, **changes) -> None:
    drawn = segmentation_files.seg_dataset(labels(), GRID)
    refer(drawn, referenced, changes)
    path.write_bytes(segmentation_files.dicom_bytes(drawn))


def refer(drawn, referenced, changes) -> None:
    for name, value in (PERSON | {"Modality": "SEG"} | changes).items():
        setattr(drawn, name, value)
    if referenced:
        drawn.ReferencedSeriesSequence = segmentation_files.sequence(
            SeriesInstanceUID=referenced
        )


def write_structures(path: Path) -> None:
    square = np.array([[-1.0, -1, 0], [5, -1, 0], [5, 5, 0], [-1, 5, 0]])
    square[:, 2] = 20
    drawn = segmentation_files.structure_set({"QX7": [square]})
    refer(drawn, None, {"Modality": "RTSTRUCT"})
    path.write_bytes(segmentation_files.dicom_bytes(drawn))


class Imported:
    """What an import of a folder wrote."""

    def __init__(self, source: Path, study: Path, **options) -> None:
        study.mkdir()
        request = Request(source, study, None, COHORT, **options)
        self.drafted, self.remarks = import_collection("dicom", request)
        self.study = study
        self.exams = tables.read(study / "exams.tsv", tables.EXAM_SHEET)
        self.nodes = tables.read(study / "nodes.tsv", tables.NODE_SHEET)
        self.left_out = tables.read(study / "left_out.tsv", LEFT_OUT)
        self.choices = tables.read(study / "choices.tsv", CHOICES)

    def series(self, column: str) -> str | None:
        """Return the folder of the tree whose files fill a cell of the only exam."""
        (cell,) = self.exams[column]
        if not isinstance(cell, str):
            return None
        place = self.study / cell
        if place.is_symlink():
            return place.readlink().name
        (folder,) = {link.readlink().parent.name for link in place.iterdir()}
        return folder

    def reasons(self) -> set[str]:
        return set(self.left_out["reason"])


@pytest.fixture
def tree(tmp_path) -> Path:
    (tmp_path / "tree").mkdir()
    return tmp_path / "tree"


def imported(tree: Path, **options) -> Imported:
    return Imported(tree, tree.parent / "study", **options)


def test_two_equal_cts_are_both_named_and_the_cell_stays_empty(tree):
    for name, series in (("first", CT), ("second", f"{CT}.9")):
        write_scan(tree / name, series, ContrastBolusAgent="x")
    found = imported(tree)
    assert found.series("ct") is None
    (row,) = found.left_out.to_dict("records")
    exam_id = found.exams["exam_id"].item()
    assert (row["case"], row["reason"]) == (exam_id, "ct_ambiguous")
    for number in (1, 2):
        place = f"private/exams/{exam_id}/ct_{number}"
        assert place in row["fix"]
        links = list((found.study / place).iterdir())
        assert len(links) == GRID.shape[0]
    assert found.choices["chosen"].eq("no").all()


@pytest.mark.parametrize(
    "other",
    [
        pytest.param({"ContrastBolusAgent": None}, id="native"),
        pytest.param({"SeriesDescription": "low dose"}, id="low dose"),
        pytest.param({"ImageType": ["DERIVED", "SECONDARY", "MPR"]}, id="derived"),
        pytest.param({"ImageOrientationPatient": [1, 0, 0, 0, 0, -1]}, id="coronal"),
        pytest.param({"ImageType": ["ORIGINAL", "PRIMARY", "LOCALIZER"]}, id="scout"),
        pytest.param({"step": 2}, id="thick"),
    ],
)
def test_evidence_decides_between_cts(tree, other):
    write_scan(tree / "right", ContrastBolusAgent="x")
    write_scan(tree / "wrong", f"{CT}.9", **{"ContrastBolusAgent": "x"} | other)
    assert imported(tree).series("ct") == "right"


def test_the_ct_that_was_segmented_is_chosen_before_a_thinner_one(tree):
    write_scan(tree / "thin", f"{CT}.9", ContrastBolusAgent="x")
    write_scan(tree / "drawn", step=2, ContrastBolusAgent="x")
    write_seg(tree / "seg.dcm", CT, StudyInstanceUID="2.25.7700700.77")
    found = imported(tree)
    assert found.series("ct") == "drawn"
    assert found.series("segmentation") == "seg.dcm"
    assert list(found.nodes["label"]) == ["0:1", "0:2"]
    assert len(found.exams) == 1


def test_the_corrected_pet_in_the_frame_of_the_ct_is_chosen(tree):
    write_scan(tree / "ct")
    write_scan(tree / "right", PET, modality="PT")
    nac = {"CorrectedImage": ["DECY"], "SeriesDescription": "QX7 NAC"}
    write_scan(tree / "nac", f"{PET}.1", modality="PT", **nac)
    far = {"FrameOfReferenceUID": "2.25.7700700.99"}
    write_scan(tree / "far", f"{PET}.2", modality="PT", **far)
    found = imported(tree)
    assert found.series("pet") == "right"
    assert not found.reasons()


def test_ct_and_pet_of_two_studies_in_one_frame_are_one_exam(tree):
    write_scan(tree / "ct")
    write_scan(tree / "pet", PET, modality="PT", StudyInstanceUID="2.25.7700700.55")
    found = imported(tree)
    assert (found.series("ct"), found.series("pet")) == ("ct", "pet")


def test_later_exams_of_a_patient_have_days_and_no_dates(tree):
    write_scan(tree / "late", AcquisitionDate="20200310", AcquisitionTime="120000")
    first = {"StudyInstanceUID": "2.25.7700700.8", "StudyDate": "20200201"}
    first |= {"FrameOfReferenceUID": "2.25.7700700.9", "PatientID": "mustermann-qx7"}
    write_scan(tree / "first", f"{CT}.1", AcquisitionDate="20200201", **first)
    found = imported(tree)
    assert sorted(found.exams["day"]) == [0, 38]
    assert found.exams["patient_id"].nunique() == 1


def test_contours_are_used_and_an_exam_with_contours_alone_is_named(tree):
    write_scan(tree / "ct")
    write_structures(tree / "rt.dcm")
    found = imported(tree)
    assert found.series("segmentation") == "rt.dcm"
    assert found.reasons() == {"rtstruct_only"}
    assert list(found.nodes["label"]) == ["0:1"]
    write_seg(tree / "seg.dcm", CT)
    again = Imported(tree, tree.parent / "again")
    assert again.series("segmentation") == "seg.dcm"
    assert not again.reasons()


def test_empty_labels_are_named_and_have_no_row(tree):
    write_scan(tree / "ct")
    names = ["iliac positive", "inguinal negative", "nothing"]
    mitk_writer.write_multilabel(tree / "x", labels(), GRID, names)
    pattern = r"(?P<location>\w+) (?P<status>\w+)"
    found = imported(tree, pattern=pattern)
    assert list(found.nodes["location"]) == ["iliac", "inguinal"]
    assert list(found.nodes["status"]) == ["positive", "negative"]
    (row,) = found.left_out.to_dict("records")
    assert row["reason"] == "empty_label"
    assert "label 0:3 (layer and value)" in row["sentence"]


def test_two_readers_segmentations_are_left_to_a_person(tree):
    write_scan(tree / "ct")
    for name in ("a", "b"):
        content = segmentation_files.nifti(labels(), GRID)
        (tree / f"{name}.nii.gz").write_bytes(content)
    found = imported(tree)
    assert found.reasons() == {"segmentation_ambiguous"}
    assert found.series("segmentation") is None
    place = found.study / "private" / "exams" / found.exams["exam_id"].item()
    assert {path.name for path in place.glob("segmentation*")} == {
        "segmentation_1.nii.gz",
        "segmentation_2.nii.gz",
    }
    fix = found.left_out["fix"].item()
    assert "segmentation_1.nii.gz or " in fix


def test_files_of_no_exam_are_counted(tree):
    write_scan(tree / "ct")
    write_scan(tree / "mr", f"{CT}.7", modality="MR")
    (tree / "ct" / "notes.txt").write_text("Mustermann")
    other = Lattice((16, 20, 20), (3.0, 3.0, 5.0), (100.0, -30.0, 0.0))
    (tree / "x.nii").write_bytes(
        segmentation_files.nifti(labels(), other, zipped=False)
    )
    found = imported(tree)
    assert "16 files: modality MR" in found.remarks
    assert any(remark.startswith("1 segmentations belong") for remark in found.remarks)


@pytest.mark.parametrize("patient", ["", "ANONYMIZED"])
def test_series_without_identifiers_are_exams_and_patients_of_their_own(tree, patient):
    for name, series in (("a", CT), ("b", f"{CT}.9")):
        own = {"PatientID": patient, "StudyInstanceUID": ""}
        own |= {"FrameOfReferenceUID": f"{series}.1"}
        write_scan(tree / name, series, **own)
    found = imported(tree)
    assert found.exams["patient_id"].nunique() == 2
    assert found.exams["ct"].notna().all()


def test_a_damaged_slice_stays_in_the_series_so_that_the_check_names_it(tree):
    write_scan(tree / "ct")
    path = tree / "ct" / "3"
    path.write_bytes(path.read_bytes()[:-400])
    found = imported(tree)
    cell = found.study / found.exams["ct"].item()
    assert path in {link.readlink() for link in cell.iterdir()}


def test_nothing_of_the_headers_or_names_is_written_outside(tree):
    write_scan(tree / "Mustermann" / "QX7")
    write_scan(tree / "Mustermann" / "other", f"{CT}.9")
    write_seg(tree / "Mustermann.dcm", None)
    write_structures(tree / "rt")
    found = imported(tree)
    for path in found.study.rglob("*"):
        inside = path.relative_to(found.study)
        if path.is_file() and inside.parts[0] != "private":
            words = path.read_text()
            for secret in ("QX7", "7700700", "Mustermann", "2020", "0229"):
                assert secret.lower() not in words.lower(), (inside, secret)


def test_a_folder_without_exams_leaves_no_sheet(tree):
    (tree / "a.txt").write_text("x")
    with pytest.raises(NoExamError, match="no exam was found"):
        imported(tree)
    assert not (tree.parent / "study" / "exams.tsv").exists()
