"""The table of AUC differences for reading, rounded once from counts of pairs."""

from collections.abc import Mapping
from fractions import Fraction
from typing import Any

import pandas as pd

from nodal_staging.study.classifier_names import printed
from nodal_staging.tables.grid import Column, Grid, lay_out
from nodal_staging.tables.intervals import ci, interval
from nodal_staging.tables.rounding import count, half_up, p_value

Pair = Mapping[Any, Any]

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
    return lay_out(
        "auc_differences",
        "Differences of AUCs on the same test nodes, A less B, rounded half up from "
        "counts of pairs of nodes. The clustered interval and p take nodes as nested "
        "in patients (Obuchowski, Student's t with degrees of freedom of the "
        "patients), DeLong's take them as independent. Holm adjusts "
        f"each p for all {len(differences)} pairs.",
        [
            ("A", lambda pair: printed(pair["classifier_a"])),
            ("B", lambda pair: printed(pair["classifier_b"])),
            ("Nodes", lambda pair: count(pair["n_positive"] + pair["n_negative"])),
            ("AUC of A", lambda pair: half_up(_from_half_wins(pair, "auc_a"), 3)),
            ("AUC of B", lambda pair: half_up(_from_half_wins(pair, "auc_b"), 3)),
            ("Difference", lambda pair: half_up(_difference(pair), 3)),
            *_test("clustered", f"Clustered {ci(level)}"),
            ("p Holm", lambda pair: p_value(pair["clustered_p_holm"])),
            *_test("delong", f"DeLong {ci(level)}"),
            (
                "p Holm",
                lambda pair: p_value(pair["delong_p_holm"]) + STATUSES[pair["status"]],
            ),
        ],
        [differences.to_dict("records")],
    )


def over_simple_grid(
    differences: pd.DataFrame, choice: pd.DataFrame, level: float
) -> Grid:
    """Lay out each CNN and the best simple classifier.

    Parameters
    ----------
    differences, choice
        ``AUC_DIFFERENCES`` with the CNN first, and ``SIMPLE_CHOICE``.
    level
        Confidence level of the intervals.
    """
    chosen = choice[choice["chosen"] == "yes"].set_index("cnn")["out_of_fold_auc"]
    among = choice.groupby("cnn").size()
    return lay_out(
        "over_simple",
        "Each CNN and the best of the simple classifiers that were trained on the same "
        "nodes, on the same test nodes: rules, forests and regressions on volume and "
        "location, and radiomics. Which one is the best was decided out of fold, so "
        "that interval and p (Obuchowski, nodes nested in patients) hold without an "
        "adjustment for the choice.",
        [
            ("CNN", lambda pair: printed(pair["classifier_a"])),
            ("Best simple one", lambda pair: printed(pair["classifier_b"])),
            ("Of", lambda pair: count(among[pair["classifier_a"]])),
            ("Out of fold", lambda pair: half_up(chosen[pair["classifier_a"]], 3)),
            ("AUC of the CNN", lambda pair: half_up(_from_half_wins(pair, "auc_a"), 3)),
            ("AUC of it", lambda pair: half_up(_from_half_wins(pair, "auc_b"), 3)),
            ("Difference", lambda pair: half_up(_difference(pair), 3)),
            *_test("clustered", ci(level)),
        ],
        [differences.to_dict("records")],
    )


def _difference(pair: Pair) -> Fraction:
    return _from_half_wins(pair, "auc_a") - _from_half_wins(pair, "auc_b")


def _from_half_wins(pair: Pair, name: str) -> Fraction:
    """Return an AUC as the count of half wins among pairs of nodes that it is."""
    halves = 2 * pair["n_positive"] * pair["n_negative"]
    return Fraction(round(halves * pair[name]), halves)


def _test(method: str, title: str) -> tuple[Column, ...]:
    """Return the columns of a method: interval and p."""
    return (
        (
            title,
            lambda pair: interval(pair[f"{method}_lower"], pair[f"{method}_upper"]),
        ),
        ("p", lambda pair: p_value(pair[f"{method}_p"])),
    )
