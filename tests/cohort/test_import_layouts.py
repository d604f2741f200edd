"""Trees in the layouts of public collections become studies without an edit."""

from collections import Counter
from pathlib import Path

import pytest
from exam_inspection import COHORT, rules
from public_layouts import LAYOUTS, ORGANS

from nodal_staging import tables
from nodal_staging.cohort.imported.collection import (
    KINDS,
    Request,
    import_collection,
)
from nodal_staging.cohort.imported.drafted_sheets import LEFT_OUT, LESIONS
from nodal_staging.cohort.imported.organ_masks import Organs
from nodal_staging.cohort.imported.volume_layouts import PatternError, compiled
from nodal_staging.cohort.inspection import inspect_exams
from nodal_staging.cohort.sheets import check_sheets

FOLDERS = {
    name: f"{name[:3]}/{{patient}}_{{exam}}.nii.gz"
    for name in ("ct", "pet", "segmentation")
}
STATED = {
    "folders": ("unknown", "unknown"),
    "autopet": ("unknown", "positive"),
    "tcia": ("unknown", "positive"),
    "deep-psma": ("iliac", "positive"),
    "lnq": ("mediastinal", "unknown"),
}
"""Location and status of all nodes."""


def imported(kind: str, folder: Path, **options) -> Path:
    LAYOUTS[kind](folder / "collection")
    study = folder / "study"
    study.mkdir()
    request = Request(folder / "collection", study, None, COHORT, **options)
    import_collection(kind, request)
    return study


def inspected(study: Path):
    """Check the sheets and inspect the exams, as the first rules of the check do."""
    sheets = {"exams": study / "exams.tsv", "nodes": study / "nodes.tsv"}
    check_sheets(**sheets, readings=None, labelled=True, output=study / "sheets.json")
    inspect_exams(
        **sheets,
        shard="1-of-1",
        rules=rules(),
        on_bad_exam="exclude",
        inspections=study / "inspected.tsv",
        index=study / "index.json",
    )
    return tables.read(study / "inspected.tsv", tables.INSPECTIONS)


@pytest.mark.parametrize("kind", sorted(set(KINDS) - {"dicom"}))
def test_a_layout_goes_from_import_to_inspection_without_an_edit(kind, tmp_path):
    options = {"patterns": FOLDERS} if kind == "folders" else {}
    if kind == "deep-psma":
        options["organs"] = Organs(ORGANS)
    study = imported(kind, tmp_path, contrast="yes", low_dose="no", **options)
    found = inspected(study)
    nodes = tables.read(study / "nodes.tsv", tables.NODE_SHEET)
    counts = Counter(nodes["exam_id"])
    # The small exam has two nodes; of DEEP-PSMA one lies in a bone.
    assert set(counts.values()) == {1 if kind == "deep-psma" else 2}
    usable = found[found["exam_id"].isin(counts.keys())]
    assert usable["reason"].eq("ok").all(), list(usable["problem"])
    assert usable["contrast"].eq("yes").all()
    assert len(found) - len(usable) == (kind == "autopet")
    if kind in STATED:
        assert set(zip(nodes["location"], nodes["status"], strict=True)) == {
            STATED[kind]
        }


def test_exams_of_a_patient_belong_together_and_other_tracers_are_left_out(tmp_path):
    study = imported("autopet", tmp_path)
    exams = tables.read(study / "exams.tsv", tables.EXAM_SHEET)
    assert sorted(Counter(exams["patient_id"]).values()) == [1, 2]
    assert sorted(exams["day"]) == [0, 0, 10]
    left = tables.read(study / "left_out.tsv", LEFT_OUT)
    assert list(left["reason"]) == ["no_lesion"]
    assert left["case"].item() in set(exams["exam_id"])


def test_numbers_of_two_parts_of_a_collection_are_two_patients(tmp_path):
    study = imported("lnq", tmp_path)
    exams = tables.read(study / "exams.tsv", tables.EXAM_SHEET)
    assert exams["patient_id"].nunique() == 2


def test_a_lesion_in_a_bone_is_left_out_with_the_reason(tmp_path):
    study = imported("deep-psma", tmp_path, organs=Organs(ORGANS))
    lesions = tables.read(study / "lesions.tsv", LESIONS)
    nodes, others = (
        lesions[lesions["reason"].eq("-") == kept] for kept in (True, False)
    )
    assert set(others["reason"]) == {"not_a_node: hip_left"}
    assert set(nodes["nearest"]) == {"iliac_vena_left"}
    # The sheet begins 22 mm from the centre of a ball of 14 mm, on a grid of 6 mm.
    assert nodes["distance_mm"].between(5, 14).all()
    assert nodes["confidence"].ge(0.3).all()


def test_coarse_locations_follow_the_patient_identifier(tmp_path):
    study = imported("tcia-lymph", tmp_path)
    nodes = tables.read(study / "nodes.tsv", tables.NODE_SHEET)
    found = Counter(zip(nodes["location"], nodes["status"], strict=True))
    assert found == {
        ("mediastinal", "unknown"): 2,
        ("retroperitoneal", "unknown"): 2,
    }


def test_nothing_of_names_is_written_outside_the_private_folder(tmp_path):
    study = imported("autopet", tmp_path)
    for path in study.rglob("*"):
        inside = path.relative_to(study)
        if path.is_file() and inside.parts[0] != "private":
            content = path.read_bytes()
            for secret in (b"95b833d6", b"feedface", b"2018", b"psma"):
                assert secret not in content, (inside, secret)


@pytest.mark.parametrize(
    "pattern", ["ct/*.nii.gz", "/ct/{patient}.nii.gz", "{patient", "{patient}}"]
)
def test_a_pattern_that_cannot_be_read_is_refused(pattern):
    with pytest.raises(PatternError, match=r"needs \{patient\}, closed"):
        compiled(pattern)


def test_an_interrupted_import_leaves_no_exam_sheet(tmp_path, monkeypatch):
    from nodal_staging.cohort.imported import drafted_sheets

    def interrupted(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(drafted_sheets, "_nodes", interrupted)
    with pytest.raises(KeyboardInterrupt):
        imported("lnq", tmp_path)
    assert not list((tmp_path / "study").glob("*.tsv"))
