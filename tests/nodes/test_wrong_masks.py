"""Masks that can be read and are wrong: each is remarked after the measurement.

A case is one line: name, change of a sound exam, and the flag that is expected.
"""

import numpy as np
import pytest
from exam_changes import both, changed, with_labels
from exam_inspection import inspected, node_flags
from small_exams import CT_GRID, NODES_MM, plan

FORMS = {
    name: {"seg_form": name} for name in ("nrrd", "mitk", "mitk_json", "seg", "mha")
}
Z, Y, X = (round(float(place)) for place in CT_GRID.to_index(NODES_MM[0]))


def one_label(exam):
    """Return both nodes as one binary mask."""
    return exam.labels > 0


def with_box(z, y, x, value=1):
    """Draw a box of voxels in place of a node."""

    def drawn(exam):
        labels = np.where(exam.labels == value, 0, exam.labels)
        labels[z, y, x] = value
        return labels

    return drawn


def stray(exam):
    """Return labels with a voxel of the first node far from it."""
    labels = exam.labels.repeat(1, axis=0)
    labels[Z - 2 : Z + 3, Y - 4 : Y + 5, X - 4 : X + 5] = 1
    labels[2, 10, 10] = 1
    return labels


SINGLE = with_box(Z, Y, X)
EXTRUDED = with_box(slice(Z - 4, Z + 3), slice(Y - 1, Y + 2), slice(X - 1, X + 2))
IN_LUNG = with_box(slice(15, 18), slice(21, 25), slice(52, 56))
IN_BONE = with_box(slice(Z, Z + 2), 32, slice(38, 42))
OUTSIDE = with_box(slice(5, 7), slice(1, 4), slice(1, 4))
ORGAN = with_box(slice(3, 15), slice(14, 36), slice(20, 60))
CASES = [
    ("two nodes in one label", with_labels(one_label), "several_components"),
    ("two nodes, mitk", with_labels(one_label, **FORMS["mitk"]), "several_components"),
    ("two nodes, seg", with_labels(one_label, **FORMS["seg"]), "several_components"),
    ("two nodes, mha", with_labels(one_label, **FORMS["mha"]), "several_components"),
    ("a stray voxel", with_labels(stray), "stray_voxels"),
    (
        "a stray voxel, mitk_json",
        with_labels(stray, **FORMS["mitk_json"]),
        "stray_voxels",
    ),
    ("a single voxel", with_labels(SINGLE), "few_voxels"),
    ("a single voxel, nrrd", with_labels(SINGLE, **FORMS["nrrd"]), "few_voxels"),
    ("one outline throughout", with_labels(EXTRUDED), "extruded"),
    ("one outline, seg", with_labels(EXTRUDED, **FORMS["seg"]), "extruded"),
    ("in the lung", with_labels(IN_LUNG), "like_air"),
    ("outside of the body", with_labels(OUTSIDE), "like_air"),
    ("outside of the body, mitk", with_labels(OUTSIDE, **FORMS["mitk"]), "like_air"),
    ("in bone", with_labels(IN_BONE), "like_bone"),
    ("in bone, seg", with_labels(IN_BONE, **FORMS["seg"]), "like_bone"),
    ("an organ", with_labels(ORGAN), "large"),
    ("an organ, mha", with_labels(ORGAN, **FORMS["mha"]), "large_on_ct"),
]


@pytest.mark.parametrize("case", CASES, ids=[case[0] for case in CASES])
def test_a_wrong_mask_is_flagged(tmp_path, case):
    _, change, expected = case
    row = inspected(tmp_path, both(changed(ct_form="dicom"), change)(plan()))
    assert row["reason"] == "ok"
    assert expected in node_flags(tmp_path)
