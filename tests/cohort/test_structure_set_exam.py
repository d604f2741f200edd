"""An exam whose nodes are contours, from the sheets to the masks of its nodes."""

from exam_files import (
    CT_GRID,
    CT_SERIES,
    OTHER,
    SAME,
    inspect,
    write_exam,
    write_scan,
)
from segmentation_files import SECRET, dicom_bytes, sequence, structure_set

from nodal_staging.cohort.exam_index import read_index
from nodal_staging.cohort.sheets import read_exams
from nodal_staging.nodes.masks import node_masks

SQUARE = [(9.5, 9.5), (9.5, 13.5), (13.5, 13.5), (13.5, 9.5)]


def exam(folder, *, shift=0.0, frame=None, referenced=CT_SERIES, **changes):
    """Write an exam with one structure on slices 2 and 3."""
    write_exam(folder)
    contours = [
        CT_GRID.to_points([(z + shift, y, x) for y, x in SQUARE]) for z in (2, 3)
    ]
    drawn = structure_set({f"1 {SECRET}": contours})
    for name in ("PatientID", "StudyInstanceUID"):
        setattr(drawn, name, changes.get(name, SAME[name]))
    drawn.StructureSetROISequence[0].ReferencedFrameOfReferenceUID = (
        frame or SAME["FrameOfReferenceUID"]
    )
    drawn.ReferencedFrameOfReferenceSequence = sequence(
        RTReferencedStudySequence=sequence(
            RTReferencedSeriesSequence=sequence(SeriesInstanceUID=referenced)
        )
    )
    (folder / "seg.dcm").write_bytes(dicom_bytes(drawn))
    return folder


def test_contours_become_the_mask_of_their_node(tmp_path):
    found = inspect(exam(tmp_path)).loc["E1"]
    assert (found["reason"], found["notes"]) == ("ok", "-")
    (read,) = read_exams(exams=tmp_path / "exams.tsv", nodes=tmp_path / "nodes.tsv")
    index = read_index(tmp_path / "index.json")[read.exam_id]
    (mask,) = node_masks(read, index, tmp_path).values()
    assert mask.start == (2, 10, 10)
    assert mask.mask.shape == (2, 4, 4)
    assert mask.mask.all()


def test_contours_between_slices_are_remarked(tmp_path):
    found = inspect(exam(tmp_path, shift=0.3)).loc["E1"]
    assert found["reason"] == "ok"
    assert "filled on the nearest slice" in found["notes"]


def test_contours_of_another_frame_are_refused(tmp_path):
    found = inspect(exam(tmp_path, frame=OTHER["FrameOfReferenceUID"])).loc["E1"]
    assert found["reason"] == "unusable_segmentation"
    assert "FrameOfReferenceUID" in found["problem"]


def test_contours_of_another_patient_or_series_are_noticed(tmp_path):
    found = inspect(exam(tmp_path / "a", PatientID=OTHER["PatientID"])).loc["E1"]
    assert found["reason"] == "other_patient"
    found = inspect(exam(tmp_path / "b", referenced="1.2.826.77")).loc["E1"]
    assert found["reason"] == "ok"
    assert "does not name the CT or the PET" in found["notes"]
    assert SECRET not in found["notes"]


def test_a_sheet_names_the_series_by_its_kernel(tmp_path):
    exam(tmp_path)
    for path, kernel, series in (("a", "B60f", "1.2.826.5"), ("b", "B30f", CT_SERIES)):
        write_scan(
            tmp_path / "both" / path,
            CT_GRID,
            "CT",
            ConvolutionKernel=kernel,
            SeriesInstanceUID=series,
        )
    sheet = tmp_path / "exams.tsv"
    text = sheet.read_text().replace("./ct", "both")
    sheet.write_text(text)
    found = inspect(tmp_path).loc["E1"]
    assert found["reason"] == "several_series"
    assert found["problem"].endswith("for example #kernel=B30f")
    sheet.write_text(text.replace("both", "both#kernel=B30f"))
    found = inspect(tmp_path).loc["E1"]
    assert (found["reason"], found["notes"]) == ("ok", "-")
    sheet.write_text(text.replace("both", "both#kernel=B60f"))
    found = inspect(tmp_path).loc["E1"]
    assert found["reason"] == "ok"
    assert "does not name the CT or the PET" in found["notes"]
