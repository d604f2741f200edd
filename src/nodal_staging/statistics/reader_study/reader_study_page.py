"""The reader study, to be read."""

from collections.abc import Mapping
from typing import Any

import pandas as pd

from nodal_staging.statistics.reader_study.areas import MEAN
from nodal_staging.statistics.reader_study.inter_reader_agreement import EVERYBODY
from nodal_staging.study.classifier_names import printed
from nodal_staging.study.reader_names import printed_reader
from nodal_staging.tables import RATINGS
from nodal_staging.tables.document import Document, Part
from nodal_staging.tables.grid import Column, Grid, lay_out, records_by
from nodal_staging.tables.grid_columns import counts, decimal_intervals, decimals
from nodal_staging.tables.intervals import ci, interval, with_interval
from nodal_staging.tables.parts import Heading
from nodal_staging.tables.rounding import grouped, number, p_value, percent

BASES = {
    "ordinal": "ordinal ratings",
    "dichotomised": "calls of both",
    "published": "curve against calls",
}
COVARIANCES = {"delong": "nodes (DeLong)", "clustered": "patients (Obuchowski)"}
Record = Mapping[Any, Any]


def page(
    *,
    areas: pd.DataFrame,
    points: pd.DataFrame,
    agreement: pd.DataFrame,
    fixed: pd.DataFrame,
    random: pd.DataFrame,
    level: float,
) -> Document:
    """Lay out the tables of the reader study; ``level`` is of the intervals."""
    of_level = ci(level)
    parts: list[Part] = [
        Heading("Readers"),
        _areas_grid(areas, of_level),
        _points_grid(points, of_level),
    ]
    if len(agreement):
        parts += [Heading("Agreement of readers"), _agreement_grid(agreement, of_level)]
    parts += [
        Heading("Networks against the readers’ mean"),
        _fixed_grid(fixed, of_level),
    ]
    if len(random):
        parts.append(_random_grid(random, of_level))
    return Document("Reader study", tuple(parts))


NETWORK: Column = ("Network", lambda row: printed(str(row["network"])))
BASIS: Column = ("Basis", lambda row: BASES[row["basis"]])
DIFFERENCE = decimals("Difference", "difference")
UNITS: Column = ("Units", lambda row: COVARIANCES[row["covariance"]])
P: Column = ("p", lambda row: p_value(row["p"]))


def _areas_grid(areas: pd.DataFrame, of_level: str) -> Grid:
    return lay_out(
        "reader-areas",
        "Area under the curve of four ratings (ordinal), and of likely or not "
        "(dichotomised), which is the mean of sensitivity and specificity. Clustered: "
        "Obuchowski’s interval on the logit scale, which takes nodes as nested in "
        "patients. The mean takes these readers as fixed, on the nodes that all of "
        "them rated.",
        [
            ("Reader", lambda row: _name(row["reader"])),
            ("Ratings", lambda row: str(row["basis"])),
            (
                "Nodes (+ and −)",
                lambda row: f"{row['n_positive']} + {row['n_negative']}",
            ),
            decimals("AUC", "auc"),
            decimal_intervals(f"DeLong {of_level}", "delong_"),
            decimal_intervals(f"Clustered {of_level}", "clustered_"),
        ],
        [
            areas[areas["basis"] == basis].to_dict("records")
            for basis in ("ordinal", "dichotomised")
        ],
    )


def _points_grid(points: pd.DataFrame, of_level: str) -> Grid:
    return lay_out(
        "reader-points",
        "All operating points; percentages with Wilson’s intervals.",
        [
            ("Reader", lambda row: _name(row["reader"])),
            ("Positive if rated", _cut),
            counts("TP", "tp"),
            counts("FN", "fn"),
            counts("TN", "tn"),
            counts("FP", "fp"),
            (f"Sens ({of_level})", lambda row: _share(row, "tp", "fn", "sensitivity")),
            (f"Spec ({of_level})", lambda row: _share(row, "tn", "fp", "specificity")),
        ],
        records_by(points, "reader"),
    )


def _cut(row: Record) -> str:
    """Say from which rating on a node is called positive."""
    last, cut = len(RATINGS), int(float(row["rating_from"]))
    words = RATINGS[cut - 1] + (" or higher" if cut < last else "")
    return words + (" (published)" if row["published"] == "yes" else "")


def _share(row: Record, right: str, wrong: str, name: str) -> str:
    """Write a share, rounded once from its counts, with its interval, in percent."""
    share = percent(int(row[right]), int(row[right]) + int(row[wrong]))
    lower, upper = row[f"{name}_lower"], row[f"{name}_upper"]
    return f"{share} ({interval(lower, upper, 0, scale=100)})"


def _agreement_grid(agreement: pd.DataFrame, of_level: str) -> Grid:
    replicates = ", ".join(map(grouped, pd.unique(agreement["replicates"])))
    return lay_out(
        "reader-agreement",
        "Shares of nodes with the same rating and the same call (likely or not), and "
        f"kappa, each with its {of_level} from a bootstrap of patients ({replicates} "
        "replicates). Fleiss’ κ and Gwet’s AC1 are of any number of readers; AC1 stays "
        "high where nearly all calls are the same.",
        [
            ("Readers", _compared),
            counts("Nodes", "n"),
            _measure("Same rating", "same_rating"),
            _measure("Same call", "same_call"),
            _measure("Unweighted κ", "kappa_unweighted"),
            _measure("Linear κ", "kappa_linear"),
            _measure("Quadratic κ", "kappa_quadratic"),
            _measure("κ of calls", "kappa_calls"),
            _measure("Fleiss’ κ", "fleiss"),
            _measure("AC1", "ac1"),
            _measure("Fleiss’ κ of calls", "fleiss_calls"),
            _measure("AC1 of calls", "ac1_calls"),
        ],
        [agreement.to_dict("records")],
    )


def _compared(row: Record) -> str:
    """Name the two readers of a row, or all."""
    if row["reader_a"] == row["reader_b"] == EVERYBODY:
        return "All readers"
    return f"{_name(row['reader_a'])} and {_name(row['reader_b'])}"


def _measure(title: str, name: str) -> Column:
    """Return the column of a measure of agreement with its interval."""
    return title, lambda row: with_interval(
        row[name], row[f"{name}_lower"], row[f"{name}_upper"], 2
    )


def _fixed_grid(fixed: pd.DataFrame, of_level: str) -> Grid:
    return lay_out(
        "reader-contrasts",
        f"AUC of a network less the mean AUC of the readers, {_sizes(fixed)}. These "
        "readers are taken as fixed: nothing is said of others. The independent units "
        "are nodes or patients. A network’s curve against calls compares a whole curve "
        "with single points, as published: not like with like.",
        [
            NETWORK,
            BASIS,
            decimals("Network’s AUC", "auc_network"),
            decimals("Readers’ mean", "auc_readers"),
            DIFFERENCE,
            UNITS,
            decimal_intervals(of_level),
            P,
        ],
        [fixed[fixed["basis"] == basis].to_dict("records") for basis in BASES],
    )


def _random_grid(random: pd.DataFrame, of_level: str) -> Grid:
    return lay_out(
        "reader-random",
        "The same with readers random (Obuchowski and Rockette, Hillis’ degrees of "
        "freedom): whether it holds for readers like these. The degrees of freedom "
        "(df) are at least one less than the number of readers, and are estimated "
        "from these readers; with few readers they and the interval are uncertain.",
        [
            NETWORK,
            BASIS,
            DIFFERENCE,
            UNITS,
            ("df", _freedom),
            decimal_intervals(of_level),
            P,
        ],
        [random[random["basis"] != "published"].to_dict("records")],
    )


def _freedom(row: Record) -> str:
    """Write the degrees of freedom; infinite ones are empty in the table."""
    found = row["degrees_of_freedom"]
    return "∞" if pd.isna(found) else number(found, 1)


def _sizes(frame: pd.DataFrame) -> str:
    """Say on how many nodes; networks may have scored different ones."""
    sizes = {
        f"{row['n_positive']} positive and {row['n_negative']} negative nodes of "
        f"{row['n_patients']} patients"
        for row in frame.to_dict("records")
    }
    return " or ".join(sorted(sizes))


def _name(reader: object) -> str:
    return "Mean of readers" if reader == MEAN else printed_reader(str(reader))
