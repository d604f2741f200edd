"""The fix of a fault in the files of an exam, followed literally, removes it.

Where the fix is a new export, the sound files take the place of the faulty ones.
"""

import os
import re
import shutil
from pathlib import Path

import numpy as np
import pydicom
import pytest
from dicom_files import written
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
from exam_inspection import found_codes, inspect_folder, measured_losses, rules
from pydicom.encaps import encapsulate
from pydicom.uid import JPEG2000Lossless
from small_exams import plan, write_exam
from test_reason_fixes import CRITERIA, EXAMS

from nodal_staging import tables
from nodal_staging.cohort.label_names import LabelNameError, Naming, nodes_from_labels
from nodal_staging.exams import scans
from nodal_staging.phantom.mitk_writer import write_multilabel
from nodal_staging.study import reasons
from nodal_staging.tables.loss_sentences import sentence

DICOM = changed(ct_form="dicom")
MPEG_2 = "1.2.840.10008.1.2.4.100"
RULES = Path(__file__).parents[2] / "workflow" / "rules"


class Exam:
    """A small exam in a folder, and the limits under which it is inspected."""

    def __init__(self, folder):
        self.folder, self.rules = folder, rules()
        self.after_inspection = None

    def write(self, *changes):
        """Write all files of the exam again."""
        shutil.rmtree(self.folder, ignore_errors=True)
        write_exam(self.folder, both(*changes)(plan()))

    def cell(self, column, value, sheet="exams"):
        path = self.folder / f"{sheet}.tsv"
        schema = {"exams": tables.EXAM_SHEET, "nodes": tables.NODE_SHEET}[sheet]
        frame = tables.read(path, schema)
        frame[column] = value
        tables.write(frame, path, schema)

    def slices(self):
        return sorted((self.folder / "ct").iterdir())

    def found(self):
        """Inspect the exam, measure its nodes, and return codes and sentences."""
        row = inspect_folder(self.folder, under=self.rules)
        losses = []
        if row["reason"] == "ok":
            if self.after_inspection:
                self.after_inspection()
            losses = measured_losses(self.folder)
        sentences = [row["problem"], row["notes"], *map(sentence, losses)]
        return found_codes(row, losses), " ".join(sentences)


def written_with(*changes):
    return lambda exam: exam.write(*changes)


def limit(part, name):
    """Switch off a limit on the content, as the message names its key."""

    def fix(exam):
        exam.rules = rules(**{part: {name: None}})

    return fix


def second_series(exam):
    """Put a second series of the same slices into the folder of the CT."""
    exam.write(DICOM)
    for path in exam.slices():
        dataset = pydicom.dcmread(path)
        dataset.SeriesInstanceUID = "1.2.3.40"
        dataset.SOPInstanceUID = f"1.2.3.40.{int(path.stem) + 1}"
        dataset.file_meta.MediaStorageSOPInstanceUID = dataset.SOPInstanceUID
        dataset.ConvolutionKernel = "B70f"
        dataset.save_as(path.with_name(f"second_{path.name}"))


def name_the_first(exam):
    exam.cell("ct", "ct#1")


def keep_one_series(exam):
    for path in (exam.folder / "ct").glob("second_*"):
        path.unlink()


def frames_without_positions(exam):
    exam.write(DICOM)
    for path in exam.slices():
        dataset = pydicom.dcmread(path)
        dataset.NumberOfFrames = 2
        dataset.save_as(path)


def encoded(fragment, syntax):
    """Replace the pixels of the CT by what cannot be decoded."""

    def fault(exam):
        exam.write(DICOM)
        for path in exam.slices():
            dataset = pydicom.dcmread(path)
            dataset.PixelData = encapsulate([fragment])
            dataset["PixelData"].VR = "OB"
            dataset["PixelData"].is_undefined_length = True
            path.write_bytes(written(dataset, syntax))

    return fault


def slice_of_another_patient(exam):
    exam.write(identified({"PatientID": "A"}))
    path = exam.slices()[0]
    dataset = pydicom.dcmread(path)
    dataset.PatientID = "B"
    dataset.save_as(path)


def remove_the_slice(exam):
    exam.slices()[0].unlink()


def without_weight(exam):
    exam.write(with_header(PatientWeight=None))


def covered(exam):
    """Draw one node over most of the CT; the limit on all labels is switched off."""
    exam.rules = rules(mask={"refused_share": None})
    exam.write(with_labels(most_of_the_ct))


def most_of_the_ct(exam):
    labels = exam.labels.copy()
    labels[:14] = np.where(labels[:14] == 2, 2, 1)
    return labels


def remove_label_and_row(exam):
    exam.write(with_labels(lambda own: np.where(own.labels == 2, 2, 0)))


def changed_after(form, name):
    """Replace a file after the inspection by a shorter one of the same kind."""

    def fault(exam):
        exam.write(form)

        def later():
            path = exam.folder / name
            if path.suffix == ".dcm":
                path.write_bytes(path.read_bytes() + bytes(2))
            else:
                other = exam.folder.with_name("other")
                change = with_labels(lambda own: own.labels * 3)
                write_exam(other, both(form, change, with_grid("ct", 1.01))(plan()))
                shutil.copy(other / name, path)

        exam.after_inspection = later

    return fault


def inspect_again(exam):
    exam.after_inspection = None
    exam.write(DICOM)


def constant(values):
    return values * 0 + 3


def offset(values):
    return values + 1024


def bright(values):
    return np.where(values < -500, 30_000, values)


def inverted(exam):
    return exam.labels == 0


A, B = {"PatientID": "A"}, {"PatientID": "B"}
SOUND = written_with()
CASES = {
    "other_patient": (
        written_with(identified(A, B, A)),
        written_with(identified(A, A, A)),
    ),
    "other_patient slice": (slice_of_another_patient, remove_the_slice),
    "unusable_volume": (written_with(with_grid("ct", 1000)), SOUND),
    "unusable_suv header": (without_weight, written_with(with_header())),
    "unusable_suv sheet": (without_weight, lambda exam: exam.cell("weight_kg", 80)),
    "several_series named": (second_series, name_the_first),
    "several_series kept": (second_series, keep_one_series),
    "multi_frame": (frames_without_positions, written_with(DICOM)),
    "transfer_syntax": (encoded(b"film" * 90, MPEG_2), written_with(DICOM)),
    "undecodable_pixels": (
        encoded(b"no picture" * 50, JPEG2000Lossless),
        written_with(DICOM),
    ),
    "changed_since_inspection slice": (
        changed_after(DICOM, "ct/011.dcm"),
        inspect_again,
    ),
    "changed_since_inspection volume": (
        changed_after(changed(), "ct.nii.gz"),
        inspect_again,
    ),
    "changed_since_inspection labels": (
        changed_after(changed(), "seg.nii.gz"),
        inspect_again,
    ),
    "constant_ct": (written_with(with_hu(constant)), SOUND),
    "constant_ct limit": (
        written_with(with_hu(lambda values: values * 0 - 1000)),
        limit("ct", "least_range_hu"),
    ),
    "constant_pet": (written_with(with_suv(constant)), SOUND),
    "not_suv scaled": (written_with(with_suv(lambda suv: suv * 988)), SOUND),
    "not_suv limit": (
        written_with(with_suv(lambda suv: suv * 988)),
        limit("pet", "most_median_suv"),
    ),
    "not_suv faint": (written_with(with_suv(lambda suv: suv / 988)), SOUND),
    "not_suv faint, limit": (
        written_with(with_suv(lambda suv: suv / 988)),
        limit("pet", "least_mean_suv"),
    ),
    "not_hounsfield offset": (written_with(with_hu(offset)), SOUND),
    "not_hounsfield offset, limit": (
        written_with(with_hu(offset)),
        limit("ct", "lowest_hu"),
    ),
    "not_hounsfield bright": (written_with(with_hu(bright)), SOUND),
    "not_hounsfield bright, limit": (
        written_with(with_hu(bright)),
        limit("ct", "most_bright_share"),
    ),
    "not_hounsfield unit": (
        written_with(with_ct_header(RescaleType="MGML")),
        written_with(DICOM),
    ),
    "mask_covers_ct": (written_with(with_labels(inverted)), SOUND),
    "covers_ct": (covered, SOUND),
    "covers_ct removed": (covered, remove_label_and_row),
}
SEPARATE = {"label_name", "reader_died"}
"""Codes with a test of their own below."""

ENDS_A_COMMAND = "no exam is listed under it: it ends a command with one sentence"
NO_CASE = dict.fromkeys(reasons.INPUTS, ENDS_A_COMMAND)
"""Codes without a case, each with the reason."""


@pytest.fixture
def exam(tmp_path):
    return Exam(tmp_path / "exam")


@pytest.mark.parametrize("name", CASES)
def test_the_fix_of_a_fault_removes_it(exam, name):
    fault, fix = CASES[name]
    code = name.partition(" ")[0]
    fault(exam)
    codes, sentences = exam.found()
    assert code in codes, sentences
    assert "; " in sentences
    fix(exam)
    codes, sentences = exam.found()
    assert code not in codes, sentences
    assert "ok" in codes, sentences


def test_no_code_is_without_a_case():
    cases = {name.partition(" ")[0] for name in (*CRITERIA, *EXAMS, *CASES)}
    every = reasons.CRITERIA.keys() | reasons.EXAMS.keys() | reasons.INPUTS.keys()
    assert cases | SEPARATE | NO_CASE.keys() == every
    assert not (cases | SEPARATE) & NO_CASE.keys()


def test_the_rules_that_inspect_again_exist():
    """The message of a changed file names them."""
    fix = reasons.EXAMS["changed_since_inspection"].fix
    named = re.findall(r"--forcerun (\w+)", fix)
    assert named == ["inspect_exams", "inspect_new_exams"]
    text = "".join(path.read_text() for path in sorted(RULES.glob("*.smk")))
    for rule in named:
        assert re.search(rf"^(use )?rule .*\b{rule}\b", text, re.MULTILINE)


def test_an_exam_that_crashes_its_reader_is_usable_once_restored(exam, monkeypatch):
    """A file crashes the reader, as one does that meets a bug of a decoder."""
    index_ct = scans.index_ct

    def crashing(path, **options):
        if any(file.read_bytes() == b"crash" for file in path.iterdir()):
            os.abort()
        return index_ct(path, **options)

    monkeypatch.setattr(scans, "index_ct", crashing)
    exam.write(DICOM)
    path = exam.slices()[0]
    sound = path.read_bytes()
    path.write_bytes(b"crash")
    codes, sentences = exam.found()
    assert "reader_died" in codes
    assert "restore it from the archive" in sentences
    path.write_bytes(sound)
    assert exam.found()[0] == {"ok"}


WORDS = {
    "pattern": r"(?P<location>\w+) (?P<status>\w+)",
    "locations": {},
    "statuses": {},
}


def nodes_of_labels(exam, **words):
    """Return location and status as the names of the exam's labels state them."""
    output = exam.folder / "from_labels.tsv"
    nodes_from_labels(
        exams=exam.folder / "exams.tsv",
        shard="1-of-1",
        naming=Naming.of(WORDS | words),
        on_bad_exam="fail",
        output=output,
        unread=output.with_suffix(".json"),
    )
    frame = tables.read(output, tables.NEW_NODE_SHEET)
    return list(frame[["location", "status"]].itertuples(index=False, name=None))


def test_a_label_that_is_renamed_or_whose_words_are_known_is_a_node(exam):
    exam.write(changed(seg_form="mitk"))
    with pytest.raises(LabelNameError, match=r"; rename the label, or extend"):
        nodes_of_labels(exam)
    words = {"locations": {"node": "iliac"}, "statuses": {"1": "positive"}}
    words["statuses"]["2"] = "negative"
    expected = [("iliac", "positive"), ("iliac", "negative")]
    assert nodes_of_labels(exam, **words) == expected
    sound = plan()
    names = ["iliac positive", "iliac negative"]
    path = exam.folder / "seg.nrrd"
    write_multilabel(path, sound.labels.astype(np.uint16), sound.seg, names)
    assert nodes_of_labels(exam) == expected
