"""One bad exam costs its own nodes, and a table says which, where and why."""

import numpy as np
import pandas as pd
import pydicom
import pytest
from dicom_files import write_series, written
from pydicom.encaps import encapsulate
from pydicom.uid import JPEG2000Lossless

from nodal_staging import tables
from nodal_staging.cohort.contrast_and_dose import Rules
from nodal_staging.cohort.inclusion_criteria import Limits
from nodal_staging.cohort.inspected_shard import InspectedShard
from nodal_staging.cohort.inspection import inspect_exams
from nodal_staging.geometry import Lattice
from nodal_staging.nodes.losses import accept_nodes, gather_losses
from nodal_staging.nodes.measurements import measure_nodes
from nodal_staging.nodes.patch_files import patch_sums
from nodal_staging.nodes.patches import Cube, extract_patches
from nodal_staging.phantom.mitk_writer import write_multilabel
from nodal_staging.study.errors import InputError
from nodal_staging.study.files import read_json

LATTICE = Lattice((6, 20, 24), (0.7, 0.8, 3.0), (-10.0, -20.0, 100.0))
PET = {
    "Units": "GML",
    "PixelSpacing": [2.0, 2.0],
    "RescaleSlope": 0.01,
    "RescaleIntercept": 0,
}
CUBE = Cube(20, 1.0, "centroid")


@pytest.fixture
def cohort(tmp_path):
    """Return the folder of three exams of two nodes each."""
    values = np.zeros(LATTICE.shape, np.uint16)
    values[2:4, 5:9, 6:10], values[4, 12:15, 15:18] = 1, 2
    stored = np.random.default_rng(0).integers(950, 1100, LATTICE.shape)
    exams, nodes = [], []
    for name in "abc":
        write_series(tmp_path / name / "ct", stored)
        write_series(tmp_path / name / "pet", stored[:, ::2, ::2], modality="PT", **PET)
        write_multilabel(tmp_path / name / "seg.nrrd", values, LATTICE, ["one", "two"])
        exams.append(
            {
                "patient_id": f"P{name}",
                "exam_id": f"E{name}",
                "ct": f"{name}/ct",
                "pet": f"{name}/pet",
                "segmentation": f"{name}/seg.nrrd",
                "contrast": "yes",
                "low_dose": "no",
            }
        )
        nodes += [
            {
                "patient_id": f"P{name}",
                "exam_id": f"E{name}",
                "node_id": f"N{name}{label}",
                "label": label,
                "location": "iliac",
                "status": "positive",
            }
            for label in "12"
        ]
    tables.write(pd.DataFrame(exams), tmp_path / "exams.tsv", tables.EXAM_SHEET)
    tables.write(pd.DataFrame(nodes), tmp_path / "nodes.tsv", tables.NODE_SHEET)
    return tmp_path


def inspect(folder):
    inspect_exams(
        exams=folder / "exams.tsv",
        nodes=folder / "nodes.tsv",
        shard="1-of-1",
        rules=Rules(),
        on_bad_exam="fail",
        inspections=folder / "inspected.tsv",
        index=folder / "index.json",
    )


def damage(folder):
    """Leave the headers of a series sound, and nothing that can be decoded."""
    for path in folder.iterdir():
        dataset = pydicom.dcmread(path)
        dataset.PixelData = encapsulate([b"no picture" * 50])
        dataset["PixelData"].VR = "OB"
        dataset["PixelData"].is_undefined_length = True
        path.write_bytes(written(dataset, JPEG2000Lossless))


def shard(folder, **limits):
    return InspectedShard(
        name="1-of-1",
        exams=folder / "exams.tsv",
        nodes=folder / "nodes.tsv",
        inspections=folder / "inspected.tsv",
        index=folder / "index.json",
        limits=Limits(**limits),
    )


def measure(folder, on_bad_exam="exclude", **limits):
    measure_nodes(
        shard=shard(folder, **limits),
        refused_share=0.5,
        on_bad_exam=on_bad_exam,
        output=folder / "measured.tsv",
        lost=folder / "lost_1.tsv",
    )
    return tables.read(folder / "measured.tsv", tables.NODES)


def cut(folder, on_bad_exam="exclude"):
    extract_patches(
        shard=shard(folder),
        measured=folder / "measured.tsv",
        cube=CUBE,
        on_bad_exam=on_bad_exam,
        output=folder / "patches.h5",
        lost=folder / "lost_2.tsv",
    )
    return set(patch_sums([folder / "patches.h5"]))


def gathered(folder):
    parts = [folder / "lost_1.tsv", folder / "lost_2.tsv"]
    gather_losses(parts=parts, output=folder / "lost.tsv")
    return tables.read(folder / "lost.tsv", tables.LOSSES)


def accepted(folder, on_bad_exam):
    accept_nodes(
        lost=folder / "lost.tsv",
        on_bad_exam=on_bad_exam,
        output=folder / "accepted.json",
    )
    return read_json(folder / "accepted.json")


def test_every_stage_lists_what_it_loses(cohort):
    """Of one exam the CT is damaged, of another the PET; a third loses its CT later."""
    damage(cohort / "a" / "ct")
    damage(cohort / "b" / "pet")
    inspect(cohort)
    measured = measure(cohort).set_index("node_id")
    assert set(measured.index) == {"Nb1", "Nb2", "Nc1", "Nc2"}
    assert measured.loc[["Nb1", "Nb2"], "suv_max"].isna().all()
    assert measured.loc[["Nc1", "Nc2"], "suv_max"].notna().all()
    damage(cohort / "c" / "ct")
    assert cut(cohort) == {"Nb1", "Nb2"}
    found = gathered(cohort).set_index("node_id")
    expected = {
        "a": ("measurement", "ct", "undecodable_pixels"),
        "b": ("uptake", "pet", "undecodable_pixels"),
        "c": ("patch", "ct", "changed_since_inspection"),
    }
    for name, (stage, column, reason) in expected.items():
        own = found.loc[[f"N{name}1", f"N{name}2"]]
        assert own["stage"].eq(stage).all()
        assert own["exam_id"].eq(f"E{name}").all()
        assert own["reason"].eq(reason).all()
        place = f"patient P{name}, exam E{name}, column {column}, file"
        assert own["problem"].str.startswith(place).all()
        assert own["fix"].str.contains("restore|again").all()
    assert accepted(cohort, "exclude") == {
        "lost": {"measurement": 2, "uptake": 2, "patch": 2}
    }
    with pytest.raises(InputError, match=r"exam Ea, .*on_bad_exam: exclude"):
        accepted(cohort, "fail")


def test_a_sound_cohort_loses_nothing(cohort):
    inspect(cohort)
    assert len(measure(cohort, "fail")) == 6
    assert len(cut(cohort, "fail")) == 6
    assert gathered(cohort).empty
    assert accepted(cohort, "fail") == {
        "lost": {"measurement": 0, "uptake": 0, "patch": 0}
    }


@pytest.mark.parametrize("part", ["ct", "pet"])
def test_strict_stops_when_nodes_are_measured(cohort, part):
    damage(cohort / "a" / part)
    inspect(cohort)
    sentence = rf"patient Pa, exam Ea, column {part}, .*on_bad_exam: exclude"
    with pytest.raises(InputError, match=sentence):
        measure(cohort, "fail")


def test_strict_stops_when_patches_are_cut(cohort):
    inspect(cohort)
    measure(cohort)
    damage(cohort / "a" / "ct")
    with pytest.raises(InputError, match=r"exam Ea, .*on_bad_exam: exclude"):
        cut(cohort, "fail")


def test_a_node_without_suv_is_lost_where_the_study_requires_pet(cohort):
    damage(cohort / "a" / "pet")
    inspect(cohort)
    assert len(measure(cohort, require_pet=True)) == 4
    cut(cohort)
    assert list(gathered(cohort)["stage"]) == ["measurement", "measurement"]
