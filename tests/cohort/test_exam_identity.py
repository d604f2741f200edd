"""Files that do not belong together: refused or remarked, and never without reason."""

import shutil
from pathlib import Path

import pydicom
import pytest
from exam_files import (
    CT_GRID,
    CT_SERIES,
    OTHER,
    PET_GRID,
    PET_SERIES,
    SAME,
    inspect,
    inspect_one,
    write_exam,
    write_sheets,
)
from segmentation_files import dicom_bytes, sequence, structure_set

from nodal_staging.cohort.patient_identity import StatedPatient, compare_exams
from nodal_staging.exams.dicom.identity_digests import identity_of
from nodal_staging.geometry import Lattice


def only(*names: str) -> dict[str, str]:
    return {name: OTHER[name] for name in names}


def test_files_of_one_exam_raise_no_remark(tmp_path):
    found = inspect_one(write_exam(tmp_path))
    assert (found["reason"], found["notes"], found["pet"]) == ("ok", "-", "yes")


FREE = {
    "the SEG has a study of its own": {"seg": only("StudyInstanceUID")},
    "the PET has an accession of its own": {"pet": only("StudyInstanceUID")},
    "PatientID cleared in the CT": {"ct": {"PatientID": ""}},
    "PatientID cleared in the SEG": {"seg": {"PatientID": ""}},
    "a placeholder in the PET": {"pet": {"PatientID": "ANONYMIZED"}},
    "another placeholder in the SEG": {"seg": {"PatientID": "anon"}},
    "zeros in the SEG": {"seg": {"PatientID": "00000000"}},
    "leading zeros": {"ct": {"PatientID": "00815"}, "pet": {"PatientID": "815"}}
    | {"seg": {"PatientID": "815"}},
    "other case": {"pet": {"PatientID": " mrn0815"}},
    "no identifiers in the SEG": {"seg": dict.fromkeys(SAME, "")},
    "no identifiers in the PET": {"pet": dict.fromkeys(SAME, "")},
    "one constant for all": {
        kind: {"PatientID": "S7", "StudyInstanceUID": "1.2", "FrameOfReferenceUID": ""}
        for kind in ("ct", "pet", "seg")
    },
    "words in place of UIDs": {
        "ct": {"StudyInstanceUID": "removed", "FrameOfReferenceUID": "removed"},
    },
    "all replaced consistently": {kind: OTHER for kind in ("ct", "pet", "seg")},
    "the SEG refers to the CT": {"seg": {"refers": CT_SERIES}},
    "the SEG refers to the PET": {"seg": {"refers": PET_SERIES}},
}  # fmt: skip


def referring(changes):
    """Replace ``refers`` by the sequence that refers to a series."""
    seg = dict(changes.get("seg", {}))
    if "refers" in seg:
        item = pydicom.Dataset()
        item.SeriesInstanceUID = seg.pop("refers")
        seg["ReferencedSeriesSequence"] = [item]
    return {**changes, "seg": seg}


@pytest.mark.parametrize("changes", FREE.values(), ids=FREE)
def test_what_anonymisers_and_other_programs_do_raises_no_remark(tmp_path, changes):
    found = inspect_one(write_exam(tmp_path, **referring(changes)))
    assert (found["reason"], found["notes"], found["pet"]) == ("ok", "-", "yes")


@pytest.mark.parametrize(
    ("kind", "column"), [("pet", "pet"), ("seg", "segmentation"), ("ct", "pet")]
)
@pytest.mark.parametrize("changes", [OTHER, only("PatientID")])
def test_another_patient_is_refused(tmp_path, kind, column, changes):
    found = inspect_one(write_exam(tmp_path, **{kind: changes}))
    assert found["reason"] == "other_patient"
    assert found["problem"].startswith(
        f"patient P1, exam E1, column {column}: PatientID is not that of the other"
    )
    for identifier in (SAME | OTHER).values():
        assert identifier not in (tmp_path / "inspections.tsv").read_text()


def test_the_fixes_of_another_patient_work(tmp_path):
    folder = write_exam(tmp_path, pet=OTHER)
    sheet = folder / "exams.tsv"
    sheet.write_text(sheet.read_text().replace("./pet", ""))
    assert inspect_one(folder)["reason"] == "ok"
    emptied = write_exam(tmp_path / "emptied", pet=only("PatientID"))
    for path in (emptied / "pet").iterdir():
        content = pydicom.dcmread(path)
        content.PatientID = ""
        content.save_as(path)
    assert inspect_one(emptied)["notes"] == "-"


def test_a_series_of_two_patients_is_refused(tmp_path):
    folder = write_exam(tmp_path)
    content = pydicom.dcmread(folder / "ct" / "3.dcm")
    content.PatientID = OTHER["PatientID"]
    content.save_as(folder / "ct" / "3.dcm")
    found = inspect_one(folder)
    assert found["reason"] == "other_patient"
    assert "column ct: slices of one series state 2 patients" in found["problem"]


UIDS = ("StudyInstanceUID", "FrameOfReferenceUID")
BOTH = "StudyInstanceUID differ"


def test_a_pet_of_another_frame_is_remarked(tmp_path):
    found = inspect_one(write_exam(tmp_path, pet=only(*UIDS)))
    assert (found["reason"], found["pet"]) == ("ok", "yes")
    assert (
        "column pet: FrameOfReferenceUID and StudyInstanceUID differ from the CT"
        in found["notes"]
    )


def test_a_pet_of_another_study_without_frame_is_remarked(tmp_path):
    changes = only("StudyInstanceUID") | {"FrameOfReferenceUID": ""}
    found = inspect_one(write_exam(tmp_path, pet=changes))
    assert "column pet: StudyInstanceUID differs from the CT" in found["notes"]


def test_a_pet_of_another_frame_beyond_the_ct_is_left_out(tmp_path):
    away = Lattice(PET_GRID.shape, PET_GRID.spacing_mm, (-32.0, -32.0, 8.0))
    changed = write_exam(tmp_path, pet=only("FrameOfReferenceUID"), pet_grid=away)
    found = inspect_one(changed)
    assert (found["reason"], found["pet"]) == ("ok", "no")
    assert "covers 55% of the CT, expected at least 90%" in found["notes"]
    assert "(SUV of this exam left empty)" in found["notes"]
    own = inspect_one(write_exam(tmp_path / "own", pet_grid=away))
    assert (own["notes"], own["pet"]) == ("-", "yes")


def test_a_segmentation_of_another_frame_needs_the_grid_of_the_ct(tmp_path):
    found = inspect_one(write_exam(tmp_path, seg=only(*UIDS)))
    assert found["reason"] == "ok"
    assert "but the grid is that of the CT: check" in found["notes"]
    shifted = Lattice(CT_GRID.shape, CT_GRID.spacing_mm, (-23.0, -24.0, 0.0))
    other = write_exam(tmp_path / "other", seg=only(*UIDS), seg_grid=shifted)
    found = inspect_one(other)
    assert found["reason"] == "unusable_segmentation"
    assert "neither that of the CT nor that of the PET" in found["problem"]
    own = inspect_one(write_exam(tmp_path / "own", seg_grid=shifted))
    assert own["reason"] == "ok"


def test_a_segmentation_may_be_drawn_on_the_pet(tmp_path):
    grid = Lattice((5, 16, 16), PET_GRID.spacing_mm, (-32.0, -32.0, 0.0))
    changed = write_exam(
        tmp_path,
        pet=only("FrameOfReferenceUID"),
        seg=only("FrameOfReferenceUID"),
        seg_grid=grid,
    )
    found = inspect_one(changed)
    assert found["reason"] == "ok"
    assert "column segmentation: Frame" not in found["notes"]
    third = write_exam(
        tmp_path / "third", seg={"FrameOfReferenceUID": "1.2.3"}, seg_grid=grid
    )
    assert "but the grid is that of the PET" in inspect_one(third)["notes"]


def test_a_segmentation_that_refers_to_another_series_is_remarked(tmp_path):
    changes = referring({"seg": {"refers": "1.2.826.77"}})
    found = inspect_one(write_exam(tmp_path, **changes))
    assert found["reason"] == "ok"
    assert "ReferencedSeriesSequence does not name the CT or the PET" in found["notes"]


def test_the_small_inputs_with_a_fault(faults, tmp_path):
    """A PET of another patient, and a segmentation of another frame."""
    source = faults / "segmentation"
    for name in ("ct", "pet_otherpatient", "seg_otherfor.dcm"):
        copy = shutil.copytree if (source / name).is_dir() else shutil.copy
        copy(source / name, tmp_path / name)
    sheets = write_sheets(tmp_path, [("P1", "E1", ".")], labels="12")
    text = (sheets / "exams.tsv").read_text().replace("seg.dcm", "seg_otherfor.dcm")
    (sheets / "exams.tsv").write_text(text.replace("./pet", "pet_otherpatient"))
    found = inspect_one(sheets)
    assert found["reason"] == "other_patient"
    (sheets / "exams.tsv").write_text(text.replace("./pet", ""))
    found = inspect_one(sheets)
    assert "FrameOfReferenceUID" in found["notes"] + found["problem"]


def stated(*exams):
    """Return the remarks on exams given as patient_id, exam_id and PatientID."""
    digests = []
    for patient_id, exam_id, value in exams:
        own = pydicom.Dataset()
        own.PatientID = value
        digests.append(StatedPatient(patient_id, exam_id, identity_of(own).patient))
    return list(compare_exams(digests))


def test_exams_of_one_patient_state_one_patient():
    assert stated(("P1", "E1", "A1"), ("P1", "E2", "a1"), ("P1", "E3", "")) == []
    ((exam_id, words),) = stated(("P1", "E1", "A1"), ("P1", "E2", "B2"))
    assert exam_id == "E2"
    assert words.startswith("PatientID is not that of exam E1 of this patient")


def test_one_person_under_two_pseudonyms_is_remarked():
    exams = [("P1", "E1", "A1"), ("P2", "E2", "B2"), ("P3", "E3", "A1")]
    assert [(exam, words.split(":")[0]) for exam, words in stated(*exams)] == [
        ("E1", "PatientID is also that of patient P3"),
        ("E3", "PatientID is also that of patient P1"),
    ]


@pytest.mark.parametrize("value", ["ANON", "", "STUDY7", "0"])
def test_a_constant_names_nobody(value):
    exams = [(f"P{number}", f"E{number}", value) for number in range(5)]
    assert stated(*exams) == []


def test_two_pseudonyms_of_one_person_are_remarked_at_inspection(tmp_path, caplog):
    for place in ("one", "two"):
        write_exam(tmp_path / place)
    write_sheets(tmp_path, [("P1", "E1", "one"), ("P2", "E2", "two")])
    with caplog.at_level("WARNING", "nodal_staging"):
        found = inspect(tmp_path)
    assert found.loc["E1", "notes"].startswith(
        "patient P1, exam E1: PatientID is also that of patient P2: if they are"
    )
    assert [message.split(":")[0] for message in caplog.messages] == [
        "patient P1, exam E1",
        "patient P2, exam E2",
    ]


def write_structures(folder: Path, *, patient: str, frame: str, series: str) -> Path:
    """Replace the segmentation of an exam by a structure set on its CT."""
    square = [(8, 8), (8, 13), (13, 13), (13, 8)]
    points = [CT_GRID.to_points([(z, y, x) for y, x in square]) for z in (2, 3)]
    drawn = structure_set({"LN1": points})
    drawn.PatientID, drawn.StudyInstanceUID = patient, OTHER["StudyInstanceUID"]
    referenced = sequence(
        FrameOfReferenceUID=frame,
        RTReferencedStudySequence=sequence(
            RTReferencedSeriesSequence=sequence(SeriesInstanceUID=series)
        ),
    )
    drawn.ReferencedFrameOfReferenceSequence = referenced
    (folder / "seg.dcm").write_bytes(dicom_bytes(drawn))
    return folder


def test_a_structure_set_is_compared_too(tmp_path):
    folder = write_exam(tmp_path)
    own = {"patient": SAME["PatientID"], "frame": SAME["FrameOfReferenceUID"]}
    write_structures(folder, **own, series=CT_SERIES)
    assert inspect_one(folder)["notes"] == "-"
    write_structures(folder, **own, series="1.2.826.77")
    assert "ReferencedSeriesSequence does not name" in inspect_one(folder)["notes"]
    other = own | {"patient": OTHER["PatientID"]}
    write_structures(folder, **other, series=CT_SERIES)
    assert inspect_one(folder)["reason"] == "other_patient"
    other = own | {"frame": OTHER["FrameOfReferenceUID"]}
    write_structures(folder, **other, series=CT_SERIES)
    assert "contours alone do not prove" in inspect_one(folder)["problem"]
