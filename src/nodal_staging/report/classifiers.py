"""How well CNNs, readers and forests do, and how they compare."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from nodal_staging import tables
from nodal_staging.auc_differences import AUC_DIFFERENCES
from nodal_staging.classifier_names import printed
from nodal_staging.files import read_json
from nodal_staging.grid import Grid, Row
from nodal_staging.report.artefacts import Artefacts
from nodal_staging.report.parts import (
    Heading,
    Html,
    Part,
    interval,
    number,
    percent,
    scroller,
)
from nodal_staging.rounding import MISSING, p_value

STATUSES = {
    "ok": "",
    "same_order": "both order all nodes alike",
    "no_variance": "no resampling changes it",
    "delong_only": "too few patients for the clustered variance",
}


def classifiers(study: Artefacts) -> list[Part]:
    """Return the parts of the section that follow the ROC curves."""
    return [
        Heading("table_1", "Table 1: performance on the test set"),
        fragment(study.table_1, "Table 1"),
        Heading("mcnemar", "McNemar’s tests"),
        fragment(study.mcnemar, "McNemar’s tests"),
        Heading("auc_differences", "Differences of AUCs"),
        auc_differences(study.auc_differences),
        Heading("thresholds", "What a threshold chosen on the test set claims"),
        "A threshold that is chosen on the nodes it is then counted on flatters "
        "itself. Both ways stand side by side, whichever of them this study uses.",
        optimism(study.statistics),
    ]


def fragment(path: str | Path, label: str) -> Html:
    """Embed a table that was written for this."""
    return Html(scroller(Path(path).read_text(encoding="utf-8"), label))


def auc_differences(path: str | Path) -> Grid:
    """Lay out the differences of all pairs, A less B."""
    frame = tables.read(path, AUC_DIFFERENCES)
    return Grid(
        "auc_differences",
        "Differences of AUCs on the same test nodes, A less B, with intervals: "
        "clustered (Obuchowski) accounts for several nodes of a patient, DeLong does "
        f"not. Holm adjusts p for all {len(frame)} pairs.",
        (
            "A",
            "B",
            "AUC of A",
            "AUC of B",
            "Difference",
            "Clustered",
            "p Holm",
            "DeLong",
            "p Holm",
            "Remark",
        ),
        (tuple(_difference(row) for row in frame.to_dict("records")),),
    )


def _difference(row: Mapping[Any, Any]) -> Row:
    tested = []
    for method in ("clustered", "delong"):
        p = row[f"{method}_p_holm"]
        tested += [
            interval(row[f"{method}_lower"], row[f"{method}_upper"]),
            MISSING if number(p) == MISSING else p_value(p),
        ]
    return (
        printed(row["classifier_a"]),
        printed(row["classifier_b"]),
        number(row["auc_a"]),
        number(row["auc_b"]),
        number(row["difference"]),
        *tested,
        STATUSES[row["status"]],
    )


def optimism(statistics: Mapping[str, str | Path]) -> Grid:
    """Lay out accuracies at thresholds of the test set and out of fold."""
    return Grid(
        "optimism",
        "Accuracy in percent on the test set. Expected: what the former flatters "
        "itself by on average, by bootstrap, in percentage points.",
        (
            "CNN",
            "Threshold of the test set",
            "Accuracy",
            "Threshold out of fold",
            "Accuracy",
            "Difference",
            "Expected",
        ),
        (tuple(_optimism(cnn, path) for cnn, path in statistics.items()),),
    )


def _optimism(cnn: str, path: str | Path) -> Row:
    found = read_json(path)["optimism"]
    apparent, honest = found.get("apparent"), found.get("honest")
    cells = []
    for way in (apparent, honest):
        cells += [
            MISSING if way is None else number(way["threshold"]),
            MISSING if way is None else percent(way["accuracy"]),
        ]
    difference, expected = found.get("difference"), found.get("expected")
    return (
        printed(f"cnn_{cnn}"),
        *cells,
        MISSING if difference is None else percent(difference["accuracy"]),
        MISSING if expected is None else percent(expected["accuracy"]),
    )
