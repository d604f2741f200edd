"""How well CNNs, readers and forests do, and how they compare."""

from collections.abc import Mapping
from pathlib import Path

from nodal_staging.classifier_names import printed
from nodal_staging.files import read_json
from nodal_staging.grid import Grid, Row
from nodal_staging.report.artefacts import Artefacts
from nodal_staging.report.parts import (
    Heading,
    Html,
    Part,
    number,
    percent,
    scroller,
)
from nodal_staging.rounding import MISSING


def classifiers(study: Artefacts) -> list[Part]:
    """Return the parts of the section that follow the ROC curves."""
    return [
        Heading("table_1", "Table 1: performance on the test set"),
        fragment(study.table_1, "Table 1"),
        Heading("mcnemar", "McNemar’s tests"),
        fragment(study.mcnemar, "McNemar’s tests"),
        Heading("auc_differences", "Differences of AUCs"),
        fragment(study.auc_differences, "Differences of AUCs"),
        Heading("thresholds", "What a threshold chosen on the test set claims"),
        "A threshold that is chosen on the nodes it is then counted on flatters "
        "itself. Both ways stand side by side, whichever of them this study uses.",
        optimism(study.statistics),
    ]


def fragment(path: str | Path, label: str) -> Html:
    """Embed a table that was written for this."""
    return Html(scroller(Path(path).read_text(encoding="utf-8"), label))


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
