"""How well CNNs, readers and forests do, and how they compare."""

from collections.abc import Mapping
from pathlib import Path

from nodal_staging.paper.table_1 import table_1_grid
from nodal_staging.report.artefacts import Artefacts
from nodal_staging.report.audit import best_possible
from nodal_staging.report.parts import (
    Heading,
    Html,
    Part,
    count,
    number,
    percent,
    scroller,
)
from nodal_staging.study.classifier_names import in_order, printed
from nodal_staging.study.files import read_json
from nodal_staging.tables.grid import Grid, Row
from nodal_staging.tables.rounding import MISSING


def classifiers(study: Artefacts) -> list[Part]:
    """Return the parts of the section that follow the ROC curves."""
    return [
        Heading("table_1", "Table 1: performance on the test set"),
        table_1(study),
        Heading("mcnemar", "McNemar’s tests"),
        fragment(study.mcnemar, "McNemar’s tests"),
        Heading("auc_differences", "Differences of AUCs"),
        fragment(study.auc_differences, "Differences of AUCs"),
        Heading("thresholds", "What a threshold chosen on the test set claims"),
        "A threshold that is chosen on the nodes it is then counted on flatters "
        "itself. Both ways stand side by side, whichever of them this study uses. The "
        "specificity at a given sensitivity (last column of Table 1, dotted lines of "
        "Figure 5b) always rests on such a threshold.",
        optimism(study.statistics),
    ]


def table_1(study: Artefacts) -> Grid:
    """Lay out Table 1, with ceilings where the cohort is synthetic."""
    rows = [read_json(study.classifiers[name]) for name in in_order(study.classifiers)]
    return table_1_grid(rows, ceilings=best_possible(study))


def fragment(path: str | Path, label: str) -> Html:
    """Embed a table that was written for this."""
    return Html(scroller(Path(path).read_text(encoding="utf-8"), label))


def optimism(statistics: Mapping[str, str | Path]) -> Grid:
    """Lay out accuracies at thresholds of the test set and out of fold."""
    expected = (
        read_json(path)["optimism"].get("expected") for path in statistics.values()
    )
    drawn = max((one["replicates"] for one in expected if one), default=None)
    by = "bootstrap" if drawn is None else f"bootstrap ({count(drawn)} replicates)"
    return Grid(
        "optimism",
        "Accuracy in percent on the test set. Expected: what the former flatters "
        f"itself by on average, by {by}, in percentage points.",
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
