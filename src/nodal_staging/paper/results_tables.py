"""Table 1, McNemar's tests and the differences of AUCs, in every form.

The ``.tsv`` holds integer counts and numbers in full. Markdown, LaTeX and HTML hold
the same cells as text, rounded once by ``rounding``.
"""

from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path

import pandas as pd
import pandera.pandas as pa

from nodal_staging import tables
from nodal_staging.paper.auc_differences_grid import auc_differences_grid
from nodal_staging.paper.table_1 import TABLE_1, table_1_frame, table_1_grid
from nodal_staging.statistics.auc_differences import AUC_DIFFERENCES
from nodal_staging.statistics.mcnemar import MCNEMAR
from nodal_staging.study.classifier_names import in_order, printed
from nodal_staging.study.files import read_json, write_text
from nodal_staging.tables.grid import RENDERERS, Grid
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
    _write(table_1_frame(rows), TABLE_1, table_1_grid(rows), table_1)
    tests = tables.read(comparisons, MCNEMAR)
    _write(tests, MCNEMAR, mcnemar_grid(tests, significance), mcnemar)
    pairs = tables.read(differences, AUC_DIFFERENCES)
    grid = auc_differences_grid(pairs, confidence_level)
    _write(pairs, AUC_DIFFERENCES, grid, auc_differences)


def mcnemar_grid(tests: pd.DataFrame, significance: float) -> Grid:
    """Lay out McNemar's tests for reading.

    Parameters
    ----------
    tests
        ``MCNEMAR``.
    significance
        Level of the column ``significant``.
    """
    return Grid(
        name="mcnemar",
        caption=(
            "McNemar's test on right or wrong calls of the same test nodes. "
            "Difference of accuracy in percentage points, A less B, rounded half up "
            "from counts. Significant: p with continuity correction below "
            f"{significance:g}, as published. Holm adjusts the exact p for all "
            f"{len(tests)} pairs and is to be held against 0.05."
        ),
        header=(
            "A",
            "B",
            "Nodes",
            "Only A right",
            "Only B right",
            "Difference",
            "p corrected",
            "p exact",
            "p mid",
            "p Holm",
            "Significant",
        ),
        groups=(tuple(_cells(dict(row)) for _, row in tests.iterrows()),),
    )


def _cells(test: dict[str, object]) -> tuple[str, ...]:
    """Round what the table prints of a pair."""
    only_a, only_b, n = (
        int(str(test[name])) for name in ("only_a_correct", "only_b_correct", "n")
    )
    return (
        printed(str(test["classifier_a"])),
        printed(str(test["classifier_b"])),
        str(n),
        str(only_a),
        str(only_b),
        half_up(Fraction(100 * (only_a - only_b), n), 1),
        *(
            p_value(float(str(test[name])))
            for name in ("p_corrected", "p_exact", "p_mid", "p_holm")
        ),
        str(test["significant"]) + STATUSES[str(test["status"])],
    )


def _write(
    frame: pd.DataFrame,
    schema: pa.DataFrameSchema,
    grid: Grid,
    paths: Sequence[str | Path],
) -> None:
    """Write one table in the forms that the suffixes name."""
    for path in paths:
        suffix = Path(path).suffix
        if suffix == ".tsv":
            tables.write(frame, path, schema)
        else:
            write_text(path, RENDERERS[suffix](grid))
