"""The tables between the stages: one schema each.

A column that is not listed here is refused.
"""

from nodal_staging.tables.categories import (
    LOCATIONS,
    PARTITIONS,
    STATUS,
    UNKNOWN,
)
from nodal_staging.tables.columns import (
    count,
    identifier,
    number,
    one_of,
    optional_number,
    optional_text,
    table,
    text,
)

TRUTH = table(
    {
        "node_id": identifier(unique=True),
        "exam_id": identifier(),
        "patient_id": identifier(),
        "status": one_of(STATUS),
        "recorded_status": one_of(STATUS),
        "location": one_of(LOCATIONS),
        "size": number(),
        "attenuation": number(),
        "hilum": number(),
        "suv_peak": number(0),
        "label_value": count(),
        "label_name": text(),
        "label": text(),
        "segmentation": optional_text(),
    },
)
"""What is known of a synthetic node: true status, latents in standard deviations."""

INSPECTIONS = table(
    {
        "patient_id": identifier(),
        "exam_id": identifier(unique=True),
        "contrast": one_of(["yes", "no", "undetermined"]),
        "low_dose": one_of(["yes", "no", "undetermined"]),
        "pet": one_of(["yes", "no"]),
        "age": optional_number(0),
        "turn": count(),
        "reason": text(),
        "problem": text(),
        "flags": text(),
        "notes": text(),
    },
)
"""What the files of an exam say: ``pet`` whether SUV is known, ``turn`` which of the
patient's exams it is (0 unknown); ``reason`` is ``ok`` or a code, ``problem`` the
sentence that goes with it, ``notes`` remarks and ``flags`` the codes of those on its
content, separated by commas (``-`` when there are none)."""

EXAMS = table(
    {
        "patient_id": identifier(),
        "exam_id": identifier(unique=True),
        "included": one_of(["yes", "no"]),
        "reason": text(),
        "problem": text(),
        "notes": text(),
        "age": optional_number(0),
        "psa": optional_number(0),
    },
)

NODES = table(
    {
        "node_id": identifier(unique=True),
        "patient_id": identifier(),
        "location": one_of([*LOCATIONS, UNKNOWN]),
        "status": one_of([*STATUS, UNKNOWN]),
        "volume_mm3": number(0),
        "short_axis_mm": number(0),
        "long_axis_mm": number(0),
        "median_hu": number(),
        "mean_hu": number(),
        "suv_max": number(nullable=True),
        "suv_peak": number(nullable=True),
        "centre_x_mm": number(),
        "centre_y_mm": number(),
        "centre_z_mm": number(),
        "n_voxels": count(),
        "components": count(),
        "second_voxels": count(),
        "apart_mm": number(0),
        "slices": count(),
        "outlines": count(),
        "overlap_share": number(0, 1),
        "ct_share": number(0, 1),
        "edge_voxels": count(),
        "hole_voxels": count(),
        "height_share": number(0, 1),
        "flags": text(),
    },
)
"""One row per measured node; the centre is an LPS point of the exam; for
``components`` to ``height_share`` see ``nodes.mask_quality``; ``flags`` is ``ok`` or
why there is no SUV. ``NODE_FLAGS`` lists implausible masks."""

NODE_FLAGS = table(
    {
        "node_id": identifier(),
        "patient_id": identifier(),
        "flag": text(),
        "problem": text(),
        "fix": text(),
    },
    unique=["node_id", "flag"],
)
"""Nodes whose masks are implausible: code, sentence and fix. They stay in the study."""

LOSS_STAGES = ["measurement", "uptake", "patch"]
"""Where a node of an included exam can be lost: it is not measured, its SUV stays
empty, or it gets no patch."""

LOSSES = table(
    {
        "patient_id": text(),
        "exam_id": text(),
        "node_id": text(),
        "stage": one_of(LOSS_STAGES),
        "reason": text(),
        "problem": text(),
        "fix": text(),
    },
    unique=["node_id", "stage"],
)
"""Nodes of included exams that were lost after inspection: ``reason`` is a code,
``problem`` the sentence that goes with it, ``fix`` what to do (``-`` if unknown). A
node without SUV (stage ``uptake``) stays in the study."""

DATASET = table(
    {
        "node_id": identifier(unique=True),
        "patient_id": identifier(),
        "location": one_of(LOCATIONS),
        "status": one_of(STATUS),
        "fold": count(),
    },
)
"""``fold`` counts from 1 in training sets and is 0 in the test set."""

DROPPED = table(
    {
        "node_id": identifier(),
        "patient_id": identifier(),
        "dataset": text(),
        "reason": text(),
    },
    unique=["node_id", "dataset"],
)

DISAGREEMENTS = table(
    {
        "node_id": identifier(unique=True),
        "patient_id": identifier(),
        "location": one_of(LOCATIONS),
        "status": one_of(STATUS),
        "suv_max": number(),
        "disagreement": one_of(["positive_without_uptake", "negative_with_uptake"]),
    },
)
"""Nodes whose uptake does not fit their status; for a second look, nothing more."""

CHECKED = table(
    {
        "patient_id": identifier(),
        "exam_id": identifier(unique=True),
        "verdict": one_of(["ok", "remark", "excluded", "problem"]),
        "reason": text(),
        "problem": text(),
        "flags": text(),
        "notes": text(),
        "contrast": one_of(["yes", "no", "undetermined"]),
        "low_dose": one_of(["yes", "no", "undetermined"]),
        "pet": one_of(["yes", "no"]),
        "nodes": count(),
        "lost_nodes": count(),
        "flagged_nodes": count(),
        "picture": text(),
    },
)
"""The dry inspection of a cohort: ``lost_nodes`` of the listed ``nodes`` could not be
measured, ``flagged_nodes`` have an implausible mask; ``flags`` as in ``INSPECTIONS``;
``picture`` is relative to the page, or ``-``."""

SITE_MATCHED = table(
    {
        "classifier": text(unique=True),
        "auc": number(0, 1),
        "site_matched_auc": number(nullable=True),
        "lower": number(nullable=True),
        "upper": number(nullable=True),
        "pairs": count(),
        "locations": count(),
    },
)
"""AUC over pairs of the same location, empty where there is no such pair."""

CHARACTERISTICS = table(
    {
        "partition": text(),
        "characteristic": text(),
        "value": text(),
    },
    unique=["partition", "characteristic"],
)

SCORES = table(
    {
        "node_id": identifier(),
        "patient_id": identifier(),
        "partition": one_of(PARTITIONS),
        "status": one_of(STATUS),
        "score": number(),
        "prediction": one_of(STATUS, nullable=True),
    },
    unique=["node_id", "partition"],
)
"""Any classifier, human or not: a higher score indicates a positive node.
``prediction`` is empty where the statistics are to choose the threshold."""

ROC = table(
    {
        "threshold": number(),
        "sensitivity": number(0, 1),
        "specificity": number(0, 1),
    },
)

BAND = table(
    {
        "specificity": number(0, 1),
        "lower": number(0, 1),
        "median": number(0, 1),
        "upper": number(0, 1),
    },
)

EPOCH = {
    "epoch": count(),
    "loss": number(),
    "accuracy": number(0, 1),
    "held_out_loss": optional_number(0),
    "held_out_auc": optional_number(0),
}

HISTORY = table(EPOCH)
"""Means of a training by epoch; the last two where nodes were held out and seen."""

FOLD_HISTORY = table({"fold": count()} | EPOCH, unique=["fold", "epoch"])
"""The same of trainings without a fold, one after the other."""

LEARNING_CURVE = table(
    {
        "cnn": text(),
        "percent": count(),
        "repeat": count(),
        "nodes": count(),
        "auc": number(0, 1),
        "lower": number(0, 1),
        "upper": number(0, 1),
        "ceiling": optional_number(0),
        "realistic_ceiling": optional_number(0),
    },
    unique=["cnn", "percent", "repeat"],
)
"""AUC on the test set after training on a share of the patients; repeat 0 is the
study itself. Ceilings only where the cohort is synthetic."""

REPLAY = table(
    {
        "node_id": identifier(),
        "epoch": count(),
        "brightness": number(0),
        "rotation_deg": number(),
        "shift_z": number(),
        "shift_y": number(),
        "shift_x": number(),
        "flip_sagittal": one_of(["yes", "no"]),
        "flip_axial": one_of(["yes", "no"]),
    },
    unique=["node_id", "epoch"],
)
"""What the augmentation drew for an image; shifts in voxels of the patch."""
