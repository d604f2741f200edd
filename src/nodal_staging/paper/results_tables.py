"""Table 1, McNemar's tests and the differences of AUCs, in every form.

The ``.tsv`` contains integer counts and numbers in full. Markdown, LaTeX and HTML
contain the same cells as text, rounded once by ``rounding``.
"""

from collections.abc import Mapping, Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any

import pandas as pd

from nodal_staging import tables
from nodal_staging.paper.auc_differences_grid import auc_differences_grid
from nodal_staging.paper.table_1 import TABLE_1, table_1_frame, table_1_grid
from nodal_staging.statistics.auc_differences import AUC_DIFFERENCES
from nodal_staging.statistics.mcnemar import MCNEMAR
from nodal_staging.study.classifier_names import in_order, printed
from nodal_staging.study.files import read_json
from nodal_staging.tables.document import write_grid
from nodal_staging.tables.grid import Grid, lay_out
from nodal_staging.tables.grid_columns import counts
from nodal_staging.tables.rounding import half_up, p_value

STATUSES = {
    "ok": "",
    "identical_predictions": " (identical predictions)",
    "no_discordant_pairs": " (no discordant pairs)",
}


def tabulate_results(
    *,
    statistics: Sequence[str | Path],
    comparisons: str | Path,
    differences: str | Path,
    significance: float,
    confidence_level: float,
    table_1: Sequence[str | Path],
    mcnemar: Sequence[str | Path],
    auc_differences: Sequence[str | Path],
) -> None:
    """Write the three tables in every form that is asked for.

    Parameters
    ----------
    statistics
        JSON of each classifier.
    comparisons
        ``MCNEMAR``.
    differences
        ``AUC_DIFFERENCES``.
    significance
        Level at which the comparisons were tested, for the caption.
    confidence_level
        Of the intervals of the differences, for the header.
    table_1, mcnemar, auc_differences
        Outputs; the suffix (.tsv, .md, .tex, .html) tells the form.
    """
    found = {one["classifier"]: one for one in map(read_json, statistics)}
    rows = [found[name] for name in in_order(found)]
    write_grid(
        table_1_grid(rows),
        table_1,
        title="Table 1",
        frame=table_1_frame(rows),
        schema=TABLE_1,
    )
    tests = tables.read(comparisons, MCNEMAR)
    write_grid(
        mcnemar_grid(tests, significance),
        mcnemar,
        title="McNemar’s tests",
        frame=tests,
        schema=MCNEMAR,
    )
    pairs = tables.read(differences, AUC_DIFFERENCES)
    write_grid(
        auc_differences_grid(pairs, confidence_level),
        auc_differences,
        title="Differences of AUCs",
        frame=pairs,
        schema=AUC_DIFFERENCES,
    )


def mcnemar_grid(tests: pd.DataFrame, significance: float) -> Grid:
    """Lay out McNemar's tests for reading.

    Parameters
    ----------
    tests
        ``MCNEMAR``.
    significance
        Level of the column ``significant``.
    """
    return lay_out(
        "mcnemar",
        "McNemar's test on right or wrong calls of the same test nodes. Difference of "
        "accuracy in percentage points, A less B, rounded half up from counts. "
        "Significant: p with continuity correction below "
        f"{significance:g}, as published. Holm adjusts the exact p for all "
        f"{len(tests)} pairs and is to be held against 0.05.",
        [
            ("A", lambda test: printed(test["classifier_a"])),
            ("B", lambda test: printed(test["classifier_b"])),
            counts("Nodes", "n"),
            counts("Only A right", "only_a_correct"),
            counts("Only B right", "only_b_correct"),
            ("Difference", lambda test: half_up(_difference_percent(test), 1)),
            ("p corrected", lambda test: p_value(test["p_corrected"])),
            ("p exact", lambda test: p_value(test["p_exact"])),
            ("p mid", lambda test: p_value(test["p_mid"])),
            ("p Holm", lambda test: p_value(test["p_holm"])),
            (
                "Significant",
                lambda test: test["significant"] + STATUSES[test["status"]],
            ),
        ],
        [tests.to_dict("records")],
    )


def _difference_percent(test: Mapping[Any, Any]) -> Fraction:
    """Return the difference of accuracies from counts, so that it is rounded once."""
    only_a, only_b, n = (
        int(test[name]) for name in ("only_a_correct", "only_b_correct", "n")
    )
    return Fraction(100 * (only_a - only_b), n)
