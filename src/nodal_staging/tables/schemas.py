"""The tables between the stages: one schema each.

A column that is not listed here is refused. A sheet may have others, which are left
out unless they look like a misspelling.
"""

import pandera.pandas as pa

from nodal_staging.tables.columns import (
    count,
    number,
    one_of,
    optional_number,
    optional_text,
    sheet,
    table,
    text,
)

STATUS = ["negative", "positive"]
PARTITIONS = ["test", "out_of_fold", "external"]
RATINGS = ["very unlikely", "unlikely", "likely", "very likely"]
LOCATIONS = [
    "inguinal",
    "iliacal",
    "retroperitoneal",
    "perirectal",
    "mediastinal",
    "axillary",
    "supraclavicular",
    "infraclavicular",
    "cervical",
]
"""The paper's categories, clavicular split in two, in the order in which random draws
and features go through them; changing it would change every synthetic cohort."""

SHOWN_LOCATIONS = [
    "inguinal",
    "iliacal",
    "perirectal",
    "retroperitoneal",
    "axillary",
    "mediastinal",
    "supraclavicular",
    "infraclavicular",
    "cervical",
]
"""The same in the paper's order, that of every table and figure."""


EXAM_SHEET = sheet(
    {
        "patient_id": text(),
        "exam_id": text(unique=True),
        "ct": text(),
        "pet": optional_text(),
        "segmentation": optional_text(),
        "day": optional_number(),
        "contrast": one_of(["yes", "no"], nullable=True, required=False),
        "low_dose": one_of(["yes", "no"], nullable=True, required=False),
        "quality": one_of(["good", "poor"], nullable=True, required=False),
        "age": optional_number(0),
        "psa": optional_number(0),
    },
)
"""Yours: one row per exam; ``ct``, ``pet`` and ``segmentation`` are paths relative
to the sheet; ``day`` counts days from any fixed date."""

UNKNOWN = "unknown"
"""Location and status of a node of which nobody said them; a study has none."""

NODE_SHEET = sheet(
    {
        "patient_id": text(),
        "exam_id": text(),
        "node_id": text(unique=True),
        "segmentation": optional_text(),
        "label": text(),
        "location": one_of(LOCATIONS),
        "status": one_of(STATUS),
    },
)
"""Yours: one row per node; ``label`` is the value or the name in the segmentation,
which is that of the exam unless the row names a file of its own."""

NEW_NODE_SHEET = sheet(
    {
        **NODE_SHEET.columns,
        "location": one_of([*LOCATIONS, UNKNOWN], nullable=True, required=False),
        "status": one_of([*STATUS, UNKNOWN], nullable=True, required=False),
    },
)
"""A node sheet for prediction, where nobody needs to know status and location."""

READING_SHEET = sheet(
    {
        "reader": text(),
        "node_id": text(),
        "rating": one_of([*RATINGS, "1", "2", "3", "4"]),
    },
    unique=["reader", "node_id"],
)
"""Yours: one row per reader and node, in words or 1 (very unlikely) to 4."""

TRUTH = table(
    {
        "node_id": text(unique=True),
        "exam_id": text(),
        "patient_id": text(),
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
        "patient_id": text(),
        "exam_id": text(unique=True),
        "contrast": one_of(["yes", "no", "undetermined"]),
        "low_dose": one_of(["yes", "no", "undetermined"]),
        "pet": one_of(["yes", "no"]),
        "age": optional_number(0),
        "turn": count(),
        "reason": text(),
        "problem": text(),
        "notes": text(),
    },
)
"""What the files of an exam say: ``pet`` whether SUV is known, ``turn`` which of the
patient's exams it is (0 unknown); ``reason`` is ``ok`` or a code, ``problem`` the
sentence that goes with it and ``notes`` remarks (``-`` when there are none)."""

EXAMS = table(
    {
        "patient_id": text(),
        "exam_id": text(unique=True),
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
        "node_id": text(unique=True),
        "patient_id": text(),
        "location": one_of([*LOCATIONS, UNKNOWN]),
        "status": one_of([*STATUS, UNKNOWN]),
        "volume_mm3": number(0),
        "short_axis_mm": number(0),
        "long_axis_mm": number(0),
        "median_hu": number(),
        "mean_hu": number(),
        "suv_max": pa.Column(float, nullable=True, coerce=True),
        "suv_peak": pa.Column(float, nullable=True, coerce=True),
        "centre_x_mm": number(),
        "centre_y_mm": number(),
        "centre_z_mm": number(),
        "n_voxels": count(),
        "flags": text(),
    },
)
"""One row per measured node; the centre is an LPS point of the exam; ``flags`` is
``ok`` or comma-separated words."""

DATASET = table(
    {
        "node_id": text(unique=True),
        "patient_id": text(),
        "location": one_of(LOCATIONS),
        "status": one_of(STATUS),
        "fold": count(),
    },
)
"""``fold`` counts from 1 in training sets and is 0 in the test set."""

DROPPED = table(
    {
        "node_id": text(),
        "patient_id": text(),
        "dataset": text(),
        "reason": text(),
    },
    unique=["node_id", "dataset"],
)

DISAGREEMENTS = table(
    {
        "node_id": text(unique=True),
        "patient_id": text(),
        "location": one_of(LOCATIONS),
        "status": one_of(STATUS),
        "suv_max": number(),
        "disagreement": one_of(["positive_without_uptake", "negative_with_uptake"]),
    },
)
"""Nodes whose uptake does not fit their status; for a second look, nothing more."""

CHECKED = table(
    {
        "patient_id": text(),
        "exam_id": text(unique=True),
        "verdict": one_of(["ok", "remark", "excluded", "problem"]),
        "reason": text(),
        "problem": text(),
        "notes": text(),
        "contrast": one_of(["yes", "no", "undetermined"]),
        "low_dose": one_of(["yes", "no", "undetermined"]),
        "pet": one_of(["yes", "no"]),
        "nodes": count(),
        "picture": text(),
    },
)
"""The dry inspection of a cohort: ``picture`` is relative to the page, or ``-``."""

CEILINGS = table(
    {
        "classifier": text(unique=True),
        "ceiling_of": text(),
        "auc": number(0, 1),
        "standard_error": number(0),
        "ceiling": number(0, 1),
        "ceiling_standard_error": number(0),
        "realistic_ceiling": number(0, 1),
        "difference": number(-1, 1),
        "z": number(),
        "status": one_of(["below", "at", "leak"]),
    },
)

SITE_MATCHED = table(
    {
        "classifier": text(unique=True),
        "auc": number(0, 1),
        "site_matched_auc": pa.Column(float, nullable=True, coerce=True),
        "lower": pa.Column(float, nullable=True, coerce=True),
        "upper": pa.Column(float, nullable=True, coerce=True),
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
        "node_id": text(),
        "patient_id": text(),
        "partition": one_of(PARTITIONS),
        "status": one_of(STATUS),
        "score": number(),
        "prediction": one_of(STATUS, nullable=True),
    },
    unique=["node_id", "partition"],
)
"""Any classifier, human or not: a higher score speaks for a positive node.
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

IMPORTANCES = table(
    {
        "feature": text(unique=True),
        "importance": number(0, 1),
    },
)

PERMUTED = table(
    {
        "feature": one_of(["volume", "location"]),
        "auc": number(0, 1),
        "auc_lost": number(-1, 1),
        "auc_lost_sd": number(0, 1),
    },
)
"""AUC of a forest on the test set, and what permuting a feature takes from it: mean
and standard deviation over permutations."""

HISTORY = table(
    {
        "epoch": count(),
        "loss": number(),
        "accuracy": number(0, 1),
        "held_out_loss": optional_number(0),
        "held_out_auc": optional_number(0),
    },
)
"""Means of a training by epoch; the last two where nodes were held out and seen."""

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
        "node_id": text(),
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

PREDICTIONS = table(
    {
        "node_id": text(unique=True),
        "patient_id": text(),
        "location": one_of([*LOCATIONS, UNKNOWN]),
        "volume_mm3": number(0),
        "short_axis_mm": number(0),
        "score": number(0, 1),
        "threshold": number(),
        "prediction": one_of(STATUS),
        "distance": number(0),
        "unseen_percent": number(0, 100),
        "far": one_of(["yes", "no"]),
    },
)
"""New nodes by one CNN; ``distance`` from the training set in the space of the last
hidden layer, ``unseen_percent`` of the study's own test nodes lie nearer, ``far`` if
nearly all do."""
