"""Table 1, McNemar's tests and the differences of AUCs, in every form.

The ``.tsv`` contains integer counts and numbers in full. Markdown, LaTeX and HTML
contain the same cells as text, rounded once by ``rounding``.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from nodal_staging import tables
from nodal_staging.paper.auc_differences_grid import auc_differences_grid
from nodal_staging.paper.mcnemar_grid import mcnemar_grid, mcnemar_matrix
from nodal_staging.paper.predictive_values import predictive_values_grid
from nodal_staging.paper.table_1 import TABLE_1, table_1_frame, table_1_grid
from nodal_staging.statistics.auc_differences import AUC_DIFFERENCES
from nodal_staging.statistics.mcnemar import MCNEMAR
from nodal_staging.statistics.refits import training_spreads
from nodal_staging.study.classifier_names import in_order
from nodal_staging.study.files import read_json
from nodal_staging.tables.document import write_grid


@dataclass(frozen=True, slots=True, kw_only=True)
class ResultsFiles:
    """Outputs of each table; the suffix (.tsv, .md, .tex, .html) sets the form."""

    table_1: Sequence[str | Path]
    mcnemar: Sequence[str | Path]
    auc_differences: Sequence[str | Path]


def tabulate_results(
    *,
    statistics: Sequence[str | Path],
    comparisons: str | Path,
    differences: str | Path,
    spread: str | Path | None,
    significance: float,
    confidence_level: float,
    outputs: ResultsFiles,
) -> None:
    """Write the three tables in every configured form.

    Parameters
    ----------
    statistics
        JSON of each classifier.
    comparisons
        ``MCNEMAR``.
    differences
        ``AUC_DIFFERENCES``.
    spread
        ``SPREAD``; None where each CNN was trained once.
    significance
        Level at which the comparisons were tested, for the caption.
    confidence_level
        Of the intervals of the differences, for the header.
    outputs
        Files to write.
    """
    found = {one["classifier"]: one for one in map(read_json, statistics)}
    rows = [found[name] for name in in_order(found)]
    write_grid(
        (
            table_1_grid(rows, spreads=training_spreads(spread)),
            predictive_values_grid(rows),
        ),
        outputs.table_1,
        title="Table 1",
        frame=table_1_frame(rows),
        schema=TABLE_1,
    )
    tests = tables.read(comparisons, MCNEMAR)
    write_grid(
        (
            mcnemar_matrix(tests),
            mcnemar_grid(tests, significance, confidence_level),
        ),
        outputs.mcnemar,
        title="McNemar’s tests",
        frame=tests,
        schema=MCNEMAR,
    )
    pairs = tables.read(differences, AUC_DIFFERENCES)
    write_grid(
        auc_differences_grid(pairs, confidence_level),
        outputs.auc_differences,
        title="Differences of AUCs",
        frame=pairs,
        schema=AUC_DIFFERENCES,
    )
