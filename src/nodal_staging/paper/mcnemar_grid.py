"""McNemar's tests for reading: a matrix of all pairs, and a table of every test."""

from collections.abc import Callable, Iterator, Mapping
from fractions import Fraction
from typing import Any

import pandas as pd

from nodal_staging.study.classifier_names import printed
from nodal_staging.tables.grid import Grid, lay_out
from nodal_staging.tables.grid_columns import counts
from nodal_staging.tables.intervals import ci, interval
from nodal_staging.tables.rounding import MISSING, half_up, number, p_value

Row = Mapping[Any, Any]
Cell = Callable[[Row], str]

STATUSES = {
    "ok": "",
    "identical_predictions": " (identical predictions)",
    "no_discordant_pairs": " (no discordant pairs)",
}
AMONG = {"": "all", "sensitivity_": "positive", "specificity_": "negative"}
"""Start of the names of columns, and the nodes in words."""

WITHIN = ("sensitivity_", "specificity_")
OPPOSITE = 0.05
"""Level of the tests within each class, from which errors are called opposite."""


def mcnemar_matrix(tests: pd.DataFrame) -> Grid:
    """Lay out all pairs as a matrix: differences above the diagonal, p below it.

    Parameters
    ----------
    tests
        ``MCNEMAR``.
    """
    names = list(pd.unique(tests[["classifier_a", "classifier_b"]].to_numpy().ravel()))
    pairs = {
        (test["classifier_a"], test["classifier_b"]): test
        for test in tests.to_dict("records")
    }
    return lay_out(
        "mcnemar_matrix",
        "Above the diagonal: accuracy of the row less that of the column, in "
        "percentage points. Below it: p over patients (exact, by signs of patients), "
        f"adjusted by Holm for the {len(tests)} pairs. *: errors in positive and in "
        "negative nodes differ in opposite directions.",
        [
            ("Row less column", lambda row: printed(row["name"])),
            *((printed(other), _matrix_cell(other, pairs)) for other in names),
        ],
        [[{"name": name} for name in names]],
    )


def _matrix_cell(other: str, pairs: Mapping[tuple[str, str], Row]) -> Cell:
    """Return what writes the cell of a row in the column of a classifier."""

    def cell(row: Row) -> str:
        name = row["name"]
        if (name, other) in pairs:
            test = pairs[name, other]
            return half_up(_points(test, ""), 1) + "*" * opposite_errors(test)
        if (other, name) in pairs:
            return p_value(pairs[other, name]["p_clustered_holm"])
        return MISSING

    return cell


def mcnemar_grid(tests: pd.DataFrame, significance: float, level: float) -> Grid:
    """Lay out McNemar's tests, three rows a pair: all nodes, and those of each class.

    Parameters
    ----------
    tests
        ``MCNEMAR``.
    significance
        Level of the column ``significant``.
    level
        Confidence level of the intervals.
    """
    return lay_out(
        "mcnemar",
        "McNemar's test on right or wrong calls of the same test nodes, over all nodes "
        "and within each class. Differences in percentage points, A less B, rounded "
        f"half up from counts, with Tango's {ci(level)} over nodes and Wald's over "
        f"patients. Family: {_family(tests)}. Significant: p with continuity "
        f"correction below {significance:.4g}, {_origin(significance, len(tests))}. "
        "Holm adjusts the p over patients for all pairs, against 0.05. Opposite "
        "errors: accuracies that do not differ at that level although sensitivity or "
        "specificity does (p over patients).",
        [
            ("A", lambda test: printed(test["classifier_a"])),
            ("B", lambda test: printed(test["classifier_b"])),
            ("Of", lambda test: test["of"]),
            counts("Nodes", "n"),
            counts("Only A right", "only_a"),
            counts("Only B right", "only_b"),
            ("Difference", lambda test: half_up(test["points"], 1)),
            (f"{ci(level)}, nodes", lambda test: _ends(test, "")),
            (f"{ci(level)}, patients", lambda test: _ends(test, "clustered_")),
            ("p corrected", lambda test: p_value(test["p_corrected"])),
            ("p exact", lambda test: p_value(test["p_exact"])),
            ("p patients", lambda test: p_value(test["p_clustered_exact"])),
            ("p Holm", lambda test: p_value(test["p_clustered_holm"])),
            ("Significant", lambda test: test["significant"]),
        ],
        [_rows(test) for test in tests.to_dict("records")],
    )


def opposite_errors(test: Row) -> bool:
    """Tell whether equal accuracies hide that classes differ in opposite directions.

    Parameters
    ----------
    test
        A row of ``MCNEMAR``.
    """
    sensitivity, specificity = (test[f"{start}difference"] for start in WITHIN)
    return bool(
        test["p_clustered_exact"] >= OPPOSITE
        and sensitivity * specificity < 0
        and any(test[f"{start}p_clustered_exact"] < OPPOSITE for start in WITHIN)
    )


def _rows(test: Row) -> Iterator[dict[str, Any]]:
    """Yield the rows of a pair: all nodes, positive ones, negative ones."""
    for start, among in AMONG.items():
        whole = not start
        only = "only_{}_correct" if whole else start + "only_{}"
        row = {
            "classifier_a": test["classifier_a"],
            "classifier_b": test["classifier_b"],
            "of": among,
            "only_a": test[only.format("a")],
            "only_b": test[only.format("b")],
            "points": _points(test, start),
            "p_corrected": test["p_corrected"] if whole else float("nan"),
            "p_clustered_holm": test["p_clustered_holm"] if whole else float("nan"),
            "significant": _significant(test) if whole else MISSING,
        }
        for name in ("n", "p_exact", "p_clustered_exact"):
            row[name] = test[f"{start}{name}"]
        for end in ("lower", "upper", "clustered_lower", "clustered_upper"):
            row[end] = test[f"{start}{end}"]
        yield row


def _significant(test: Row) -> str:
    """Write the verdict on the accuracies, and what it hides."""
    hidden = " (opposite errors)" if opposite_errors(test) else ""
    return str(test["significant"]) + STATUSES[test["status"]] + hidden


def _points(test: Row, start: str) -> Fraction:
    """Return a difference in points from counts, so that it is rounded once."""
    only = f"{start}only_{{}}" if start else "only_{}_correct"
    only_a, only_b = (int(test[only.format(one)]) for one in "ab")
    return Fraction(100 * (only_a - only_b), int(test[f"{start}n"]))


def _ends(test: Row, start: str) -> str:
    lower, upper = test[f"{start}lower"], test[f"{start}upper"]
    return interval(lower, upper, 1, scale=100)


def _family(tests: pd.DataFrame) -> str:
    """Name the classifiers whose pairs are tested together."""
    names = pd.unique(tests[["classifier_a", "classifier_b"]].to_numpy().ravel())
    pairs = f"{len(tests)} pair{'s' * (len(tests) != 1)}"
    return f"{pairs} of {', '.join(map(printed, names))}"


def _origin(significance: float, pairs: int) -> str:
    """Say where the level of a pair comes from."""
    if abs(significance * pairs - OPPOSITE) < 1e-9:
        return f"which is {number(OPPOSITE, 2)} divided by the number of pairs"
    return "as configured"
