"""The table of AUC differences for reading, rounded once from counts of pairs."""

from collections.abc import Hashable, Mapping
from fractions import Fraction
from math import isnan
from typing import Any

import pandas as pd

from nodal_staging.study.classifier_names import printed
from nodal_staging.tables.grid import Grid, Row
from nodal_staging.tables.rounding import MISSING, half_up, p_value, setting_percent

Pair = Mapping[Hashable, Any]

STATUSES = {
    "ok": "",
    "same_order": " (both order all nodes alike)",
    "no_variance": " (no resampling changes it)",
    "delong_only": " (too few patients for the clustered variance)",
}


def auc_differences_grid(differences: pd.DataFrame, level: float) -> Grid:
    """Lay out the differences of all pairs.

    Parameters
    ----------
    differences
        ``AUC_DIFFERENCES``.
    level
        Confidence level of its intervals.
    """
    of_level = f"{setting_percent(level)} % CI"
    return Grid(
        name="auc_differences",
        caption=_caption(len(differences)),
        header=(
            "A",
            "B",
            "Nodes",
            "AUC of A",
            "AUC of B",
            "Difference",
            f"Clustered {of_level}",
            "p",
            "p Holm",
            f"DeLong {of_level}",
            "p",
            "p Holm",
        ),
        groups=(tuple(map(_cells, differences.to_dict("records"))),),
    )


def _caption(pairs: int) -> str:
    return (
        "Differences of AUCs on the same test nodes, A less B, rounded half up from "
        "counts of pairs of nodes. The clustered interval and p (Obuchowski) take "
        "nodes as nested in patients, DeLong's take them as independent. Holm adjusts "
        f"each p for all {pairs} pairs."
    )


def _cells(pair: Pair) -> Row:
    """Round what the table prints of a pair."""
    auc_a, auc_b = (_from_half_wins(pair, name) for name in ("auc_a", "auc_b"))
    *tests, last = (
        cell for method in ("clustered", "delong") for cell in _test(pair, method)
    )
    return (
        printed(pair["classifier_a"]),
        printed(pair["classifier_b"]),
        str(pair["n_positive"] + pair["n_negative"]),
        *(half_up(value, 3) for value in (auc_a, auc_b, auc_a - auc_b)),
        *tests,
        last + STATUSES[pair["status"]],
    )


def _from_half_wins(pair: Pair, name: str) -> Fraction:
    """Return an AUC as the count of half wins among pairs of nodes that it is."""
    halves = 2 * pair["n_positive"] * pair["n_negative"]
    return Fraction(round(halves * pair[name]), halves)


def _test(pair: Pair, method: str) -> Row:
    """Print interval, p and Holm's p; an interval without width says nothing."""
    lower, upper = (pair[f"{method}_{end}"] for end in ("lower", "upper"))
    empty = isnan(lower) or lower == upper
    interval = MISSING if empty else f"{half_up(lower, 3)} to {half_up(upper, 3)}"
    p_values = (pair[f"{method}_{name}"] for name in ("p", "p_holm"))
    return (interval, *(MISSING if isnan(p) else p_value(p) for p in p_values))
