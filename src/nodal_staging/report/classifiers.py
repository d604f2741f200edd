"""How well CNNs, readers and forests do, and how they compare."""

from collections.abc import Iterator, Mapping
from pathlib import Path

from nodal_staging import tables
from nodal_staging.figures.legend import Illustration
from nodal_staging.paper.table_1 import table_1_grid
from nodal_staging.report.artefacts import Artefacts, ReaderStudy, intervals
from nodal_staging.report.audit import best_possible
from nodal_staging.report.parts import (
    Folded,
    Heading,
    Html,
    Part,
    count,
    number,
    percent,
    pointer,
    scroller,
    subheading,
)
from nodal_staging.statistics.precision.page import own_grid, reached_grid
from nodal_staging.statistics.precision.study import DETECTABLE, PRECISION
from nodal_staging.statistics.reader_study.areas import AREAS, POINTS
from nodal_staging.statistics.reader_study.contrasts import FIXED, RANDOM
from nodal_staging.statistics.reader_study.kappa import AGREEMENT
from nodal_staging.statistics.reader_study.page import page
from nodal_staging.study.classifier_names import in_order, printed
from nodal_staging.study.files import read_json
from nodal_staging.tables import document
from nodal_staging.tables.grid import Grid, Row
from nodal_staging.tables.rounding import MISSING, setting_percent


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


def paper(study: Artefacts) -> list[Part]:
    """Return the parts of the section."""
    return [
        Heading("claims", "The paper’s claims, put to this cohort"),
        fragment(study.claims, "The paper’s claims"),
        pointer("What a study of this size can detect:", "precision", "Precision"),
        Heading("scorecard", "The paper’s numbers beside ours"),
        Folded(
            "Every number that the paper prints",
            (fragment(study.scorecard, "The paper’s numbers"),),
        ),
    ]


def readers(study: Artefacts) -> Iterator[Part]:
    """Yield the parts of the section; nothing if nobody read."""
    if study.readers is None:
        return
    yield Heading("reader_study", "Reader study")
    yield Illustration.read(study.figures["readers"])
    for part in _tables(study.readers, intervals(study).share):
        yield subheading(part.text) if isinstance(part, document.Heading) else part


def _tables(files: ReaderStudy, level: float) -> tuple[document.Part, ...]:
    """Lay out the tables as those of the reader study’s own page."""
    return page(
        areas=tables.read(files.areas, AREAS),
        points=tables.read(files.points, POINTS),
        agreement=tables.read(files.agreement, AGREEMENT),
        fixed=tables.read(files.fixed, FIXED),
        random=tables.read(files.random, RANDOM),
        level=level,
    ).parts


def precision(study: Artefacts) -> list[Part]:
    """Return the parts of the section."""
    frame = tables.read(study.precision, PRECISION)
    differences = tables.read(study.detectable, DETECTABLE)
    own = differences[differences["study"] == "yes"]
    power = setting_percent(own["power"].iloc[0])
    return [
        Heading("precision", "Precision: what this size can tell"),
        "A result that is not significant says little where the study could not have "
        "found the difference.",
        reached_grid(frame[frame["classifier"].notna()], intervals(study).level),
        subheading("Least difference of accuracies that McNemar’s test finds"),
        f"With {power} % power, by the share of nodes that one of two classifiers "
        "alone gets right.",
        own_grid(differences),
    ]
