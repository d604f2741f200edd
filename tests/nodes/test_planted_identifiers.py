"""No text of any header leaves the files: good exams, refused ones, all formats."""

import logging
import sys
import warnings

import nibabel
import numpy as np
import pandas as pd
import pydicom
import pytest
import segmentation_files as files
from exam_files import CT_GRID, PET_GRID, inspect, write_exam
from exam_inspection import COHORT
from planted_identifiers import (
    MARK,
    NRRD_LINES,
    PLANTED,
    leaks,
    nifti_header,
    plant_everywhere,
    planted,
    text_elements,
)
from pydicom.dataelem import DataElement
from pydicom.tag import Tag

from nodal_staging import tables
from nodal_staging.cohort.check import CheckFiles, write_check
from nodal_staging.cohort.inclusion_criteria import CohortError, Limits, select_cohort
from nodal_staging.cohort.inspected_shard import InspectedShard
from nodal_staging.exams.dicom.acquisition import ACQUISITION_TAGS
from nodal_staging.exams.dicom.frames import FRAME_TAGS
from nodal_staging.exams.dicom.pet_header import PET_TAGS
from nodal_staging.nodes.exam_volumes import picture_exams
from nodal_staging.nodes.measurements import measure_nodes
from nodal_staging.nodes.node_flags import NodeLimits, flag_nodes
from nodal_staging.nodes.patches import Cube, extract_patches

SHARD = "1-of-1"


def paths(folder):
    return {"exams": folder / "exams.tsv", "nodes": folder / "nodes.tsv"}


def look_at(raw, out):
    """Inspect the exams of a folder, with the results in another."""
    out.mkdir()
    found = inspect(raw)
    for name in ("inspections.tsv", "index.json"):
        (raw / name).rename(out / name)
    return found


def process(raw, out):
    """Inspect, select, draw, measure and cut the exams of a folder into another."""
    found = look_at(raw, out)
    inspections, index = out / "inspections.tsv", out / "index.json"
    shard = InspectedShard(
        name=SHARD,
        **paths(raw),
        inspections=inspections,
        index=index,
        limits=Limits(),
    )
    measure_nodes(
        shard=shard,
        refused_share=0.5,
        on_bad_exam="exclude",
        output=out / "nodes.tsv",
        lost=out / "lost.tsv",
    )
    extract_patches(
        shard=shard,
        measured=out / "nodes.tsv",
        cube=Cube(80, 1.0, "centroid"),
        on_bad_exam="exclude",
        output=out / "patches.h5",
        lost=out / "uncut.tsv",
    )
    limits = NodeLimits.of(COHORT["node_limits"])
    flag_nodes(nodes=[out / "nodes.tsv"], limits=limits, output=out / "flags.tsv")
    picture_exams(**paths(raw), index=index, shard=SHARD, output=out / "pictures")
    write_check(
        study="small",
        files=CheckFiles(
            **paths(raw),
            inspections=[inspections],
            lost=[out / "lost.tsv"],
            measured=[out / "nodes.tsv"],
            flags=out / "flags.tsv",
            pictures=[out / "pictures"],
        ),
        limits=Limits(),
        table=out / "check.tsv",
        page=out / "index.html",
        summary=out / "summary.txt",
    )
    try:
        select_cohort(
            exams=raw / "exams.tsv",
            inspections=[inspections],
            limits=Limits(),
            cohort=out / "cohort.tsv",
            flow=out / "flow.json",
        )
    except CohortError as error:
        (out / "error.txt").write_text(str(error))
    return found.loc["E1"]


@pytest.fixture(autouse=True)
def messages_on_screen(monkeypatch):
    """Print all log messages and warnings, of libraries and of child processes too."""

    class Screen(logging.Handler):
        def emit(self, record):
            print(record.getMessage(), file=sys.stderr, flush=True)

    def show(message, *_, **__):
        print(message, file=sys.stderr, flush=True)

    root, handler = logging.getLogger(), Screen()
    root.addHandler(handler)
    with warnings.catch_warnings():
        warnings.simplefilter("always")
        monkeypatch.setattr(warnings, "showwarning", show)
        yield
    root.removeHandler(handler)


def assert_kept(out, caplog, capfd):
    """Prove that no planted string is in a file, a log message or on the screen."""
    assert leaks(out) == []
    said = [*caplog.messages, *capfd.readouterr()]
    assert [words for words in said if PLANTED.search(words)] == []


def rename(raw):
    """Give folders, files and the column names of paths identifying names."""
    sheet = pd.read_csv(raw / "exams.tsv", sep="\t")
    for column in ("ct", "pet", "segmentation"):
        path = raw / sheet.loc[0, column]
        name = planted("SH") + "".join(path.suffixes)
        path.rename(path.parent / name)
        sheet.loc[0, column] = name
        if (raw / name).is_dir():
            for file in list((raw / name).iterdir()):
                file.rename(raw / name / f"{planted('SH')}{file.name}")
    sheet.to_csv(raw / "exams.tsv", sep="\t", index=False)


@pytest.fixture
def dicom(tmp_path):
    """Write an exam with a text in every element that may hold one."""
    raw = write_exam(tmp_path / "raw")
    for folder in ("ct", "pet"):
        plant_everywhere((raw / folder).iterdir())
    plant_everywhere([raw / "seg.dcm"])
    rename(raw)
    return raw


@pytest.mark.fuzz
def test_the_search_finds_what_was_planted(dicom, tmp_path):
    assert len(text_elements()) > 1500
    assert len(leaks(dicom)) > 2 * (8 + 8 + 1)
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "a.txt").write_text(f"patient {MARK}000001 is not there")
    assert leaks(tmp_path / "out") == ["a.txt"]


@pytest.mark.fuzz
def test_a_good_exam_keeps_its_texts(dicom, tmp_path, caplog, capfd):
    caplog.set_level(logging.DEBUG)
    found = process(dicom, tmp_path / "out")
    assert (found["reason"], found["pet"]) == ("ok", "yes")
    assert len(tables.read(tmp_path / "out" / "nodes.tsv", tables.NODES)) == 1
    assert_kept(tmp_path / "out", caplog, capfd)


def write_volumes(folder, suffix):
    """Write an exam of volume files with texts in their headers."""
    folder.mkdir()
    labels = np.zeros(CT_GRID.shape, np.uint16)
    labels[2:4, 10:14, 10:14] = 1
    values = {
        "ct": (np.full(CT_GRID.shape, 40), CT_GRID),
        "pet": (np.full(PET_GRID.shape, 2), PET_GRID),
        "seg": (labels, CT_GRID),
    }
    for name, (volume, grid) in values.items():
        path = folder / f"{name}{suffix}"
        if suffix == ".nrrd":
            keys = {"Segment0_ID": planted("LO"), "Segment0_Name": planted("LO")}
            own = keys if name == "seg" else {}
            content = files.nrrd(volume, grid, own, kind="<i2", lines=NRRD_LINES)
            path.write_bytes(content)
        else:
            image = files.nifti_image(volume, grid, kind="<i2")
            nifti_header(image)
            nibabel.save(image, path)
    rows = {"patient_id": ["P1"], "exam_id": ["E1"]}
    scans = {name: [f"{name}{suffix}"] for name in ("ct", "pet")}
    exam = rows | scans | {"segmentation": [f"seg{suffix}"]}
    exam |= {"contrast": ["yes"], "low_dose": ["no"]}
    node = {"node_id": ["N1"], "label": ["1"]}
    node |= {"location": ["axillary"], "status": ["positive"]}
    pd.DataFrame(exam).to_csv(folder / "exams.tsv", sep="\t", index=False)
    pd.DataFrame(rows | node).to_csv(folder / "nodes.tsv", sep="\t", index=False)
    rename(folder)
    return folder


@pytest.mark.fuzz
@pytest.mark.parametrize("suffix", [".nii.gz", ".nii", ".nrrd"])
def test_volume_files_keep_their_texts(tmp_path, suffix, caplog, capfd):
    caplog.set_level(logging.DEBUG)
    raw = write_volumes(tmp_path / "raw", suffix)
    assert len(leaks(raw)) >= 6
    found = process(raw, tmp_path / "out")
    assert (found["reason"], found["pet"]) == ("ok", "yes")
    assert_kept(tmp_path / "out", caplog, capfd)


@pytest.mark.fuzz
@pytest.mark.parametrize("suffix", [".nii.gz", ".nii", ".nrrd"])
@pytest.mark.parametrize("place", [0.0, 0.2, 0.5, 0.99])
def test_damaged_volume_files_keep_their_texts(tmp_path, suffix, place, caplog, capfd):
    caplog.set_level(logging.DEBUG)
    raw = write_volumes(tmp_path / "raw", suffix)
    for path in raw.glob(f"*{suffix}"):
        content = bytearray(path.read_bytes())
        start = int(place * len(content))
        content[start : start + 12] = f"{MARK}000000XYZ".encode()[:12]
        path.write_bytes(content)
    process(raw, tmp_path / "out")
    assert_kept(tmp_path / "out", caplog, capfd)


LISTED = [*FRAME_TAGS, *ACQUISITION_TAGS, *PET_TAGS]
READ = sorted({name for name in LISTED if isinstance(name, str)})


@pytest.mark.fuzz
@pytest.mark.parametrize("name", READ)
def test_an_exam_that_is_read_from_a_text_keeps_it(tmp_path, name, caplog, capfd):
    """The text stands where a reader expects a code, a number or a date."""
    caplog.set_level(logging.DEBUG)
    raw = write_exam(tmp_path / "raw")
    tag = Tag(name)
    for path in [*(raw / "ct").iterdir(), *(raw / "pet").iterdir(), raw / "seg.dcm"]:
        dataset = pydicom.dcmread(path)
        dataset[tag] = DataElement(tag, "LO", planted("LO"))
        dataset.save_as(path)
    rename(raw)
    look_at(raw, tmp_path / "out")
    assert_kept(tmp_path / "out", caplog, capfd)


CHARACTER_SETS = [f"{MARK}0000001", f"\\{MARK}000003"]
"""As long as ISO_IR 192."""


@pytest.mark.fuzz
@pytest.mark.parametrize("value", CHARACTER_SETS)
def test_a_character_set_that_is_none_is_not_quoted(tmp_path, value, caplog, capfd):
    """A library warns of it, in the process that reads the file."""
    caplog.set_level(logging.DEBUG)
    raw = write_exam(tmp_path / "raw")
    for path in [*(raw / "ct").iterdir(), *(raw / "pet").iterdir(), raw / "seg.dcm"]:
        dataset = pydicom.dcmread(path)
        dataset.SpecificCharacterSet = "ISO_IR 192"
        dataset.save_as(path)
        content = path.read_bytes()
        assert content.count(b"ISO_IR 192") == 1
        path.write_bytes(content.replace(b"ISO_IR 192", value.encode()))
    capfd.readouterr()
    caplog.clear()
    found = process(raw, tmp_path / "out")
    assert found["reason"] == "ok"
    assert_kept(tmp_path / "out", caplog, capfd)


@pytest.mark.fuzz
@pytest.mark.parametrize("kind", ["ct", "pet", "seg.dcm"])
def test_files_of_another_patient_keep_the_texts(tmp_path, kind, caplog, capfd):
    caplog.set_level(logging.DEBUG)
    raw = write_exam(tmp_path / "raw")
    place = raw / kind
    for path in place.iterdir() if place.is_dir() else [place]:
        dataset = pydicom.dcmread(path)
        dataset.PatientID = f"{MARK}000001"
        dataset.FrameOfReferenceUID = "2.25.77007001"
        dataset.save_as(path)
    rename(raw)
    found = process(raw, tmp_path / "out")
    assert found["reason"] == "other_patient"
    assert_kept(tmp_path / "out", caplog, capfd)
