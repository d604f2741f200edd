"""The sheets that you write: exams, nodes and readings.

A column that is not listed here is left out, unless it looks like a misspelling.
"""

from nodal_staging.study.reader_names import LONGEST_NAME
from nodal_staging.tables.categories import LOCATIONS, RATINGS, STATUS, UNKNOWN
from nodal_staging.tables.columns import (
    identifier,
    one_of,
    optional_number,
    optional_text,
    sheet,
    text,
)

EXAM_SHEET = sheet(
    {
        "patient_id": identifier(),
        # Nodes that labels name have the exam_id with layer and value.
        "exam_id": identifier(longest=80, unique=True),
        "ct": text(nullable=True),
        "pet": optional_text(),
        "segmentation": optional_text(),
        "day": optional_number(),
        "contrast": one_of(["yes", "no"], nullable=True, required=False),
        "low_dose": one_of(["yes", "no"], nullable=True, required=False),
        "quality": one_of(["good", "poor"], nullable=True, required=False),
        "age": optional_number(0, 120),
        "psa": optional_number(0),
        "uptake_min": optional_number(0),
        "weight_kg": optional_number(0),
        "dose_mbq": optional_number(0),
        "height_cm": optional_number(0),
        "radionuclide": one_of(["Ga-68", "F-18"], nullable=True, required=False),
        "injection": optional_number(1),
    },
    "exams",
)
"""Yours: one row per exam; ``ct``, ``pet`` and ``segmentation`` are paths relative
to the sheet; an exam without a ``ct`` cannot be used, and is listed. ``day`` counts
days from any fixed date. ``uptake_min``,
``weight_kg``, ``dose_mbq``, ``height_cm`` and ``radionuclide`` are of the PET, for
headers that lack them; ``injection`` is the number of the injection that it shows."""

NODE_SHEET = sheet(
    {
        "patient_id": identifier(),
        "exam_id": identifier(),
        "node_id": identifier(unique=True),
        "segmentation": optional_text(),
        "label": text(),
        "location": one_of([*LOCATIONS, UNKNOWN]),
        "status": one_of([*STATUS, UNKNOWN]),
        "suggested": one_of(STATUS, nullable=True, required=False),
    },
    "nodes",
)
"""Yours: one row per node; ``label`` is the value or the name in the segmentation,
which is that of the exam unless the row names a file of its own. A sheet with
``unknown`` in ``location`` or ``status`` can be checked, and makes no study.
``suggested`` is a status that an import offers; it has no effect until it is
written into ``status``."""

NEW_NODE_SHEET = sheet(
    {
        **NODE_SHEET.columns,
        "location": one_of([*LOCATIONS, UNKNOWN], nullable=True, required=False),
        "status": one_of([*STATUS, UNKNOWN], nullable=True, required=False),
    },
    "nodes",
)
"""A node sheet for prediction, where status and location are optional."""

SPLIT_SHEET = sheet(
    {
        "patient_id": optional_text(),
        "node_id": optional_text(),
        "set": one_of(["test", "train", "unused"]),
        "fold": optional_number(1),
    },
    "split",
)
"""Yours: who tests and who trains, a row per patient, or per node where ``node_id``
is filled in; ``fold`` counts from 1 and is of those that train."""

READING_SHEET = sheet(
    {
        "reader": identifier(longest=LONGEST_NAME),
        "node_id": identifier(),
        "rating": one_of([*RATINGS, "1", "2", "3", "4"]),
    },
    "readings",
    unique=["reader", "node_id"],
)
"""Yours: one row per reader and node, in words or 1 (very unlikely) to 4."""
