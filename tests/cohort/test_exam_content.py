"""How remarks and refusals on the content of an exam reach tables and logs."""

import logging
import re
from dataclasses import replace

import numpy as np
import pandas as pd
import pydicom
import pytest
from dicom_files import written
from exam_changes import changed, with_grid, with_hu, with_labels, with_suv
from exam_inspection import inspect_folder, inspected, node_flags, rules
from pydicom.encaps import encapsulate
from pydicom.uid import JPEG2000Lossless
from small_exams import plan, write_exam

from nodal_staging import tables
from nodal_staging.cohort.check import CheckFiles, write_check
from nodal_staging.cohort.inclusion_criteria import Limits
from nodal_staging.exams.content.sampled_planes import PLANES, spread_planes
from nodal_staging.exams.content.sizes import overlap_share
from nodal_staging.geometry import Lattice
from nodal_staging.study.files import write_json


def write_sheets(folder, ct, pet):
    """Write the sheets of one exam whose labels are those of the faults."""
    row = {"patient_id": "P1", "exam_id": "E1", "contrast": "yes", "low_dose": "no"}
    seg = ct.parent / "les.nii.gz"
    row |= {"ct": str(ct), "pet": str(pet), "segmentation": str(seg)}
    tables.write(pd.DataFrame([row]), folder / "exams.tsv", tables.EXAM_SHEET)
    node = {"node_id": "N1", "label": "1", "location": "iliac", "status": "positive"}
    node |= {"patient_id": "P1", "exam_id": "E1"}
    tables.write(pd.DataFrame([node]), folder / "nodes.tsv", tables.NODE_SHEET)


def test_a_ct_with_an_offset_is_refused(faults, tmp_path):
    folder = faults / "segmentation"
    write_sheets(tmp_path, folder / "ct_off.nii.gz", folder / "pet_bq.nii.gz")
    row = inspect_folder(tmp_path)
    assert row["reason"] == "not_hounsfield"
    assert "the intercept of -1024 HU was not added" in row["problem"]


def test_a_pet_in_bq_is_no_suv(faults, tmp_path):
    folder = faults / "segmentation"
    write_sheets(tmp_path, folder / "ct", folder / "pet_bq.nii.gz")
    row = inspect_folder(tmp_path)
    assert (row["reason"], row["pet"]) == ("ok", "no")
    assert "not_suv" in row["flags"].split(",")
    assert "the values are Bq/ml or scaled" in row["notes"]


REFUSED = [
    with_hu(lambda values: values / 40),
    with_hu(lambda values: values * 0 + 40),
    with_hu(lambda values: values + 1024),
    with_hu(lambda values: np.where(values < -500, 30_000, values)),
    with_suv(lambda values: values * 988),
    with_suv(lambda values: values / 1000),
    with_labels(lambda exam: np.ones(exam.hu.shape)),
]
KEY = re.compile(r"set cohort\.content\.(\w+)\.(\w+) to null")


@pytest.mark.parametrize("change", REFUSED)
def test_the_key_that_a_refusal_names_lifts_it(tmp_path, change):
    exam = change(plan())
    row = inspected(tmp_path, exam)
    said = f"{row['problem']} {row['notes']}"
    limits: dict = {}
    # A CT that is wrong in two ways is refused for one after the other.
    while found := KEY.search(said):
        part, name = found.groups()
        assert name not in limits.get(part, {})
        limits.setdefault(part, {})[name] = None
        row = inspect_folder(tmp_path, under=rules(**limits))
        said = f"{row['problem']} {row['notes']}"
    assert limits
    assert (row["reason"], row["pet"]) == ("ok", "yes")


def test_limits_may_be_others(tmp_path):
    exam = with_grid("ct", 1.5)(plan())
    assert "ct_voxel_size" in inspected(tmp_path, exam)["flags"]
    wide = rules(ct={"voxel_mm": [0.2, 15]})
    assert "ct_voxel_size" not in inspect_folder(tmp_path, under=wide)["flags"]


def test_remarks_reach_table_page_and_terminal(tmp_path, caplog):
    exam = with_grid("pet", shift_mm=(0, 100, 0))(plan())
    with caplog.at_level(logging.WARNING, "nodal_staging"):
        row = inspected(tmp_path, exam)
    assert row["flags"] == "pet_outline"
    (line,) = caplog.messages
    assert line == row["notes"]
    assert line.startswith("patient P1, exam E1: column pet: the PET shows another")
    pictures = tmp_path / "pictures"
    pictures.mkdir()
    write_json(pictures / "pictures.json", {})
    write_json(pictures / "unread.json", {})
    assert node_flags(tmp_path) == set()
    write_check(
        study="a",
        files=CheckFiles(
            exams=tmp_path / "exams.tsv",
            nodes=tmp_path / "nodes.tsv",
            inspections=[tmp_path / "inspected.tsv"],
            lost=[tmp_path / "lost.tsv"],
            measured=[tmp_path / "measured.tsv"],
            flags=tmp_path / "flags.tsv",
            pictures=[pictures],
        ),
        limits=Limits(),
        table=tmp_path / "checked.tsv",
        page=tmp_path / "index.html",
        summary=tmp_path / "summary.txt",
    )
    checked = tables.read(tmp_path / "checked.tsv", tables.CHECKED).iloc[0]
    assert (checked["verdict"], checked["flags"]) == ("remark", "pet_outline")
    page = (tmp_path / "index.html").read_text(encoding="utf-8")
    assert "flags: pet_outline" in page
    assert "the PET shows another outline" in page


def test_a_plane_that_cannot_be_read_leaves_the_exam_in(tmp_path):
    """A node in such a plane is reported when its picture is drawn."""
    write_exam(tmp_path, changed(ct_form="dicom")(plan()))
    path = tmp_path / "ct" / "005.dcm"
    dataset = pydicom.dcmread(path)
    dataset.PixelData = encapsulate([b"no codestream"])
    dataset["PixelData"].is_undefined_length = True
    path.write_bytes(written(dataset, JPEG2000Lossless))
    row = inspect_folder(tmp_path)
    assert (row["reason"], row["flags"], row["pet"]) == ("ok", "ct_unread", "yes")
    assert "patient P1, exam E1: column ct, file 6" in row["notes"]
    assert "(content not checked)" in row["notes"]


@pytest.mark.parametrize("depth", [1, 2, 23, 24, 25, 300, 2000])
def test_planes_of_a_sample_are_spread_over_the_scan(depth):
    planes = spread_planes(Lattice((depth, 512, 512), (1, 1, 1), (0, 0, 0)))
    assert len(planes) == min(depth, PLANES)
    assert (np.diff(planes) > 0).all()
    assert 0 <= planes[0] <= depth / PLANES
    assert depth - depth / PLANES - 1 <= planes[-1] < depth


def test_overlap_is_that_of_boxes():
    ct = Lattice((10, 20, 30), (2.0, 2.0, 2.0), (0.0, 0.0, 0.0))
    assert overlap_share(ct, ct) == pytest.approx(1)
    assert overlap_share(ct, replace(ct, origin_mm=(30.0, 0.0, 0.0))) == pytest.approx(
        0.5
    )
    assert overlap_share(ct, replace(ct, origin_mm=(0.0, 0.0, 21.0))) == 0
    inner = Lattice((2, 2, 2), (2.0, 2.0, 2.0), (8.0, 8.0, 8.0))
    assert overlap_share(ct, inner) == overlap_share(inner, ct) == pytest.approx(1)
