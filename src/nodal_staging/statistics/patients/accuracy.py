"""Accuracy of classifiers with patients as units.

Patients are independent, so Wilson's interval holds for their proportions, and that of
the AUC needs no clusters. The score of a patient is the highest of its nodes.
"""

from collections.abc import Iterator, Mapping
from pathlib import Path

import pandas as pd

from nodal_staging import tables
from nodal_staging.classifiers.labelled_scores import (
    LabelledScores,
    ScoredClassifier,
    scarce_class,
)
from nodal_staging.estimates.auc_intervals import logit_interval
from nodal_staging.estimates.curve import attained
from nodal_staging.estimates.delong import clustered_auc
from nodal_staging.estimates.interval import Interval
from nodal_staging.estimates.proportions import (
    Confusion,
    confusion,
    proportion,
    wilson_interval,
)
from nodal_staging.statistics.patients.staged_patients import STAGES
from nodal_staging.statistics.patients.stages import M_STAGES, N_STAGES
from nodal_staging.tables.columns import (
    TableSchema,
    count,
    estimated,
    number,
    one_of,
    table,
    text,
)

ANY_NODE, PELVIC_NODE, BEYOND_PELVIS = "any_node", "pelvic_node", "beyond_pelvis"
ENDPOINTS = [ANY_NODE, PELVIC_NODE, BEYOND_PELVIS]
NODE_SENSITIVITY = 0.9
"""Sensitivity for nodes at which false-positive nodes are counted."""

ACCURACY = table(
    {
        "classifier": text(),
        "endpoint": one_of(ENDPOINTS),
        "tp": count(),
        "fn": count(),
        "tn": count(),
        "fp": count(),
        **estimated("sensitivity", 0, 1),
        **estimated("specificity", 0, 1),
        **estimated("auc", 0, 1),
    },
    unique=["classifier", "endpoint"],
)
"""Patients found to have a positive node: anywhere, in the pelvis, beyond it. ``auc``:
of the highest score of a patient, for ``any_node`` only."""

CONFUSION = table(
    {
        "classifier": text(),
        "reference": text(),
        "called": text(),
        "patients": count(),
    },
    unique=["classifier", "reference", "called"],
)
"""Patients by stage of the reference and by stage of the calls, zeros included."""

CHANGES_OF_STAGE = table(
    {
        "classifier": text(),
        "patients": count(),
        "upstaged": count(),
        "downstaged": count(),
        "same": count(),
        "false_positives_per_patient": number(0),
        "at_node_sensitivity": number(0, 1),
    },
    unique=["classifier"],
)
"""Changes of stage at the threshold of the study. ``false_positives_per_patient``:
nodes at the highest threshold that finds nine tenths of the positive nodes, and the
sensitivity that this threshold attains."""


def judge_patients(
    *,
    stages: str | Path,
    all_test_nodes: Mapping[str, str | Path],
    level: float,
    accuracy: str | Path,
    confused: str | Path,
    changes: str | Path,
) -> None:
    """Compare the stages of each classifier with those of the reference.

    Parameters
    ----------
    stages
        ``STAGES``.
    all_test_nodes
        Classifier to ``tables.SCORES`` of all nodes of the test patients.
    level
        Confidence level.
    accuracy, confused, changes
        Output: ``ACCURACY``, ``CONFUSION`` and ``CHANGES_OF_STAGE``.
    """
    staged = tables.read(stages, STAGES)
    parts = {name: staged[staged["classifier"] == name] for name in all_test_nodes}
    rows = [row for name in parts for row in _endpoints(name, parts[name], level)]
    _write(rows, accuracy, ACCURACY)
    _write([row for name in parts for row in _cells(name, parts[name])], confused)
    counts = [
        _changes(name, parts[name], _all_nodes(name, path))
        for name, path in all_test_nodes.items()
    ]
    _write(counts, changes, CHANGES_OF_STAGE)


def _write(
    rows: list[dict[str, object]],
    path: str | Path,
    schema: TableSchema = CONFUSION,
) -> None:
    tables.write(pd.DataFrame(rows, columns=list(schema.columns)), path, schema)


def _all_nodes(name: str, path: str | Path) -> LabelledScores:
    return ScoredClassifier.read(name, path).partition(tables.ALL_TEST_NODES)


def _endpoints(
    name: str, staged: pd.DataFrame, level: float
) -> Iterator[dict[str, object]]:
    """Yield a row of ``ACCURACY`` for each endpoint."""
    outcomes = {
        ANY_NODE: (staged["positive"] > 0, staged["called"] > 0),
        PELVIC_NODE: (staged["reference_n"] != "N0", staged["called_n"] != "N0"),
        BEYOND_PELVIS: (staged["reference_m"] == "M1a", staged["called_m"] == "M1a"),
    }
    for endpoint, (reference, called) in outcomes.items():
        found = confusion(reference.to_numpy(bool), called.to_numpy(bool))
        area = _area(staged, level) if endpoint == ANY_NODE else {}
        yield {"classifier": name, "endpoint": endpoint} | _shares(found, level) | area


def _shares(found: Confusion, level: float) -> dict[str, object]:
    """Return counts, and sensitivity and specificity with Wilson's interval."""
    row: dict[str, object] = {
        "tp": found.tp,
        "fn": found.fn,
        "tn": found.tn,
        "fp": found.fp,
    }
    for metric in ("sensitivity", "specificity"):
        numerator, denominator = found.counts()[metric]
        ends = wilson_interval(numerator, denominator, level=level)
        lower, upper = ends or (None, None)
        row |= {
            metric: proportion(numerator, denominator),
            f"{metric}_lower": lower,
            f"{metric}_upper": upper,
        }
    return row


def _area(staged: pd.DataFrame, level: float) -> dict[str, object]:
    """Return the AUC of the highest score, or nothing if a class is too small."""
    positive = staged["positive"].to_numpy() > 0
    patient = staged["patient_id"].to_numpy(str)
    if scarce_class(positive, patient):
        return {}
    area = clustered_auc(staged["highest_score"].to_numpy(float), positive, patient)
    ends = Interval.of(*logit_interval(area, level=level))
    return {"auc": area.estimate, "auc_lower": ends.lower, "auc_upper": ends.upper}


def _cells(name: str, staged: pd.DataFrame) -> Iterator[dict[str, object]]:
    """Yield the cells of the tables of N and of M, row by row."""
    for stages, suffix in ((N_STAGES, "n"), (M_STAGES, "m")):
        reference, called = staged[f"reference_{suffix}"], staged[f"called_{suffix}"]
        for row in stages:
            for column in stages:
                patients = int(((reference == row) & (called == column)).sum())
                yield {
                    "classifier": name,
                    "reference": row,
                    "called": column,
                    "patients": patients,
                }


def _changes(
    name: str, staged: pd.DataFrame, every: LabelledScores
) -> dict[str, object]:
    """Return a row of ``CHANGES_OF_STAGE``."""
    curve = every.curve
    place = attained(curve, NODE_SENSITIVITY)
    false_positives = curve.negatives - int(curve.true_negatives[place])
    changed = staged["change"].value_counts()
    return {
        "classifier": name,
        "patients": len(staged),
        "upstaged": int(changed.get("upstaged", 0)),
        "downstaged": int(changed.get("downstaged", 0)),
        "same": int(changed.get("same", 0)),
        "false_positives_per_patient": false_positives / len(staged),
        "at_node_sensitivity": float(curve.sensitivities[place]),
    }
