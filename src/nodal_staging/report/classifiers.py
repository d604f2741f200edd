"""How well CNNs, readers and forests do, and how they compare."""

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from nodal_staging import tables
from nodal_staging.paper.auc_differences_grid import (
    auc_differences_grid,
    over_simple_grid,
)
from nodal_staging.paper.claims.table import claims_grid
from nodal_staging.paper.mcnemar_grid import mcnemar_grid, mcnemar_matrix
from nodal_staging.paper.predictive_values import (
    average_precision_grid,
    predictive_values_grid,
)
from nodal_staging.paper.scorecard.judgement import SCORECARD, scorecard_grid
from nodal_staging.paper.table_1 import table_1_grid
from nodal_staging.report.artefacts import Artefacts, ReaderStudy, intervals
from nodal_staging.report.audit import best_possible
from nodal_staging.report.facts import of_all, shared
from nodal_staging.report.illustrations import picture
from nodal_staging.statistics.auc_differences import AUC_DIFFERENCES
from nodal_staging.statistics.best_simple import SIMPLE_CHOICE
from nodal_staging.statistics.mcnemar import MCNEMAR
from nodal_staging.statistics.precision.precision_page import own_grid, reached_grid
from nodal_staging.statistics.precision.precision_tables import DETECTABLE, PRECISION
from nodal_staging.statistics.reader_study.areas import AREAS, POINTS
from nodal_staging.statistics.reader_study.contrasts import FIXED, RANDOM
from nodal_staging.statistics.reader_study.inter_reader_agreement import AGREEMENT
from nodal_staging.statistics.reader_study.reader_study_page import page
from nodal_staging.statistics.refits import training_spreads
from nodal_staging.statistics.result_remarks import REMARKS
from nodal_staging.study.classifier_names import in_order, printed
from nodal_staging.study.files import read_json
from nodal_staging.tables.document import Document
from nodal_staging.tables.grid import Grid, lay_out
from nodal_staging.tables.parts import Folded, Heading, Items, Part, Subheading, pointer
from nodal_staging.tables.rounding import count, number, percentage, setting_percent


def classifiers(study: Artefacts) -> list[Part]:
    """Return the parts of the section that follow the ROC curves."""
    tests = tables.read(study.mcnemar, MCNEMAR)
    pairs = tables.read(study.auc_differences, AUC_DIFFERENCES)
    return [
        Heading("Table 1: performance on the test set", "table_1"),
        table_1(study),
        predictive_values_grid(in_published_order(study)),
        average_precision_grid(in_published_order(study)),
        *remarks(study),
        Heading("McNemar’s tests", "mcnemar"),
        mcnemar_matrix(tests),
        Folded(
            "Every test, within each class too",
            (mcnemar_grid(tests, study.significance, intervals(study).level),),
        ),
        Heading("Differences of AUCs", "auc_differences"),
        auc_differences_grid(pairs, intervals(study).level),
        Subheading("CNNs and the best simple classifiers"),
        over_simple_grid(
            tables.read(study.over_simple, AUC_DIFFERENCES),
            tables.read(study.simple_choice, SIMPLE_CHOICE),
            intervals(study).level,
        ),
        Heading("What a threshold chosen on the test set claims", "thresholds"),
        "The accuracy at a threshold that is chosen on the same nodes is optimistic. "
        f"The table gives both ways; {_chosen(study)} The "
        "specificity at a given sensitivity (last column of Table 1, dotted lines of "
        "Figure 5b) always rests on such a threshold.",
        optimism(study.statistics),
    ]


def _chosen(study: Artefacts) -> str:
    """Say where the thresholds of the CNNs were chosen."""
    sources = of_all(study.statistics, lambda one: str(one["threshold"]["source"]))
    source = shared("the source of the threshold", sources)
    return f"this study chose its thresholds {CHOSEN[source]}."


CHOSEN = {
    "out_of_fold": "out of fold",
    "test": "on the test set",
    "given": "beforehand, with the scores",
}


def remarks(study: Artefacts) -> Iterator[Part]:
    """Yield the implausible results, if there are any."""
    found = tables.read(study.remarks, REMARKS)
    if len(found):
        yield "Results to read with care:"
        yield Items(tuple(found["sentence"]))


def table_1(study: Artefacts) -> Grid:
    """Lay out Table 1, with ceilings where the cohort is synthetic."""
    return table_1_grid(
        in_published_order(study),
        ceilings=best_possible(study),
        spreads=training_spreads(study.refit_spread),
    )


def in_published_order(study: Artefacts) -> list[dict[str, Any]]:
    """Read the statistics of every classifier in the order of Table 1."""
    return [read_json(study.classifiers[name]) for name in in_order(study.classifiers)]


def optimism(statistics: Mapping[str, str | Path]) -> Grid:
    """Lay out accuracies at thresholds of the test set and out of fold."""
    found = [
        {"cnn": cnn} | read_json(path)["optimism"] for cnn, path in statistics.items()
    ]
    expected = (one["expected"] for one in found if one.get("expected"))
    drawn = max((one["replicates"] for one in expected), default=None)
    by = "bootstrap" if drawn is None else f"bootstrap ({count(drawn)} replicates)"
    return lay_out(
        "optimism",
        "Accuracy in percent on the test set. Expected: the average optimism of the "
        f"threshold chosen on the test set, by {by}, in percentage points.",
        [
            ("CNN", lambda one: printed(f"cnn_{one['cnn']}")),
            ("Threshold of the test set", _of("apparent", "threshold", number)),
            ("Accuracy", _of("apparent", "accuracy", percentage)),
            ("Threshold out of fold", _of("honest", "threshold", number)),
            ("Accuracy", _of("honest", "accuracy", percentage)),
            ("Difference", _of("difference", "accuracy", percentage)),
            ("Expected", _of("expected", "accuracy", percentage)),
        ],
        [found],
    )


def _of(
    block: str, name: str, written: Callable[[float | None], str]
) -> Callable[[Mapping[Any, Any]], str]:
    """Return what writes a number of a block; a dash where there is no block."""
    return lambda one: written((one.get(block) or {}).get(name))


def paper(study: Artefacts) -> list[Part]:
    """Return the parts of the section."""
    of = intervals(study)
    claims = read_json(study.claims)["claims"]
    scorecard = scorecard_grid(tables.read(study.scorecard, SCORECARD))
    return [
        Heading("The claims of the paper, tested on this cohort", "claims"),
        claims_grid(claims, of.level, of.replicates),
        pointer("What a study of this size can detect:", "precision", "Precision"),
        Heading("The paper’s numbers and ours", "scorecard"),
        Folded("Every number that the paper prints", (scorecard,)),
    ]


def readers(study: Artefacts) -> Iterator[Part]:
    """Yield the parts of the section; nothing without readings."""
    if study.readers is None:
        return
    yield Heading("Reader study", "reader_study")
    yield picture(study.figures["readers"])
    for part in _reader_study(study.readers, intervals(study).level).parts:
        yield Subheading(part.text) if isinstance(part, Heading) else part


def _reader_study(files: ReaderStudy, level: float) -> Document:
    """Lay out the reader study as on its own page."""
    return page(
        areas=tables.read(files.areas, AREAS),
        points=tables.read(files.points, POINTS),
        agreement=tables.read(files.agreement, AGREEMENT),
        fixed=tables.read(files.fixed, FIXED),
        random=tables.read(files.random, RANDOM),
        level=level,
    )


def precision(study: Artefacts) -> list[Part]:
    """Return the parts of the section."""
    frame = tables.read(study.precision, PRECISION)
    differences = tables.read(study.detectable, DETECTABLE)
    own = differences[differences["study"] == "yes"]
    power = setting_percent(own["power"].iloc[0])
    return [
        Heading("Precision that this number of patients allows", "precision"),
        "A result that is not significant says little where the study could not have "
        "found the difference.",
        reached_grid(frame[frame["classifier"].notna()], intervals(study).ci),
        Subheading("Least difference of accuracies that McNemar’s test finds"),
        f"With {power}% power, by the share of nodes that one of two classifiers "
        "alone gets right.",
        own_grid(differences),
    ]
