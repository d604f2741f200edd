"""The reader study, to be read."""

from collections.abc import Iterator, Mapping

import pandas as pd

from nodal_staging.statistics.reader_study.areas import MEAN
from nodal_staging.statistics.reader_study.kappa import MEASURES
from nodal_staging.study.classifier_names import printed
from nodal_staging.tables import RATINGS
from nodal_staging.tables.document import Document, Heading, Part
from nodal_staging.tables.grid import Grid, Row
from nodal_staging.tables.rounding import (
    MISSING,
    grouped,
    half_up,
    p_value,
    percent,
    setting_percent,
)

BASES = {
    "ordinal": "ordinal ratings",
    "dichotomised": "calls of both",
    "published": "curve against calls",
}
COVARIANCES = {"delong": "nodes (DeLong)", "clustered": "patients (Obuchowski)"}
Cells = Mapping[str, object]


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
    ci = f"{setting_percent(level)} % CI"
    parts: list[Part] = [
        Heading("Readers"),
        _areas_grid(areas, ci),
        _points_grid(points, ci),
    ]
    if len(agreement):
        parts += [Heading("Agreement of readers"), _agreement_grid(agreement, ci)]
    parts += [Heading("Networks against the readers’ mean"), _fixed_grid(fixed, ci)]
    if len(random):
        parts.append(_random_grid(random, ci))
    return Document("Reader study", tuple(parts))


def _areas_grid(areas: pd.DataFrame, ci: str) -> Grid:
    rows = [
        (
            _name(row["reader"]),
            str(row["basis"]),
            f"{row['n_positive']} + {row['n_negative']}",
            half_up(_float(row, "auc"), 3),
            _interval(row, "delong_lower", "delong_upper"),
            _interval(row, "clustered_lower", "clustered_upper"),
        )
        for row in _records(areas)
    ]
    return Grid(
        name="reader-areas",
        caption=(
            "Area under the curve of four ratings (ordinal), and of likely or not "
            "(dichotomised), which is the mean of sensitivity and specificity. "
            "Clustered: Obuchowski’s interval on the logit scale, which takes nodes as "
            "nested in patients. The mean takes these readers as fixed, on the nodes "
            "that all of them rated."
        ),
        header=(
            "Reader",
            "Ratings",
            "Nodes (+ and −)",
            "AUC",
            f"DeLong {ci}",
            f"Clustered {ci}",
        ),
        groups=tuple(
            tuple(row for row in rows if row[1] == basis)
            for basis in ("ordinal", "dichotomised")
        ),
    )


def _points_grid(points: pd.DataFrame, ci: str) -> Grid:
    groups: dict[object, list[Row]] = {}
    for row in _records(points):
        cut = int(str(row["rating_from"]).removesuffix(".0"))
        mark = " (published)" if row["published"] == "yes" else ""
        counts = {name: int(str(row[name])) for name in ("tp", "fn", "tn", "fp")}
        groups.setdefault(row["reader"], []).append(
            (
                _name(row["reader"]),
                f"{RATINGS[cut - 1]} or higher{mark}".replace(
                    "very likely or higher", "very likely"
                ),
                *map(str, counts.values()),
                f"{percent(counts['tp'], counts['tp'] + counts['fn'])} "
                + _interval(row, "sensitivity_lower", "sensitivity_upper", 100, 0),
                f"{percent(counts['tn'], counts['tn'] + counts['fp'])} "
                + _interval(row, "specificity_lower", "specificity_upper", 100, 0),
            )
        )
    return Grid(
        name="reader-points",
        caption="All operating points; percentages with Wilson’s intervals.",
        header=(
            "Reader",
            "Positive if rated",
            "TP",
            "FN",
            "TN",
            "FP",
            f"Sens ({ci})",
            f"Spec ({ci})",
        ),
        groups=tuple(map(tuple, groups.values())),
    )


def _agreement_grid(agreement: pd.DataFrame, ci: str) -> Grid:
    titles = {
        "same_rating": "Same rating",
        "same_call": "Same call",
        "kappa_unweighted": "Unweighted κ",
        "kappa_linear": "Linear κ",
        "kappa_quadratic": "Quadratic κ",
        "kappa_calls": "κ of calls",
    }
    return Grid(
        name="reader-agreement",
        caption=(
            "Shares of nodes with the same rating and the same call (likely or not), "
            f"and kappa, each with its {ci} from a bootstrap of patients "
            f"({', '.join(map(grouped, pd.unique(agreement['replicates'])))} "
            "replicates)."
        ),
        header=("Readers", "Nodes", *titles.values()),
        groups=(tuple(_agreement_row(row) for row in _records(agreement)),),
    )


def _agreement_row(row: Cells) -> Row:
    return (
        f"{_name(row['reader_a'])} and {_name(row['reader_b'])}",
        str(row["n"]),
        *(
            f"{_number(row, name)} "
            + _interval(row, f"{name}_lower", f"{name}_upper", digits=2)
            for name in MEASURES
        ),
    )


def _fixed_grid(fixed: pd.DataFrame, ci: str) -> Grid:
    rows = [
        (
            printed(str(row["network"])),
            BASES[str(row["basis"])],
            *_both(row),
            COVARIANCES[str(row["covariance"])],
            _interval(row, "lower", "upper"),
            _p(row),
        )
        for row in _records(fixed)
    ]
    sizes = _sizes(fixed)
    return Grid(
        name="reader-contrasts",
        caption=(
            f"AUC of a network less the mean AUC of the readers, {sizes}. These "
            "readers are taken as fixed: nothing is said of others. The independent "
            "units are nodes or patients. A network’s curve against calls compares a "
            "whole curve with single points, as published: not like with like."
        ),
        header=(
            "Network",
            "Basis",
            "Network’s AUC",
            "Readers’ mean",
            "Difference",
            "Units",
            ci,
            "p",
        ),
        groups=tuple(
            tuple(row for row in rows if row[1] == basis) for basis in BASES.values()
        ),
    )


def _random_grid(random: pd.DataFrame, ci: str) -> Grid:
    rows = [
        (
            printed(str(row["network"])),
            BASES[str(row["basis"])],
            _both(row)[2],
            COVARIANCES[str(row["covariance"])],
            _number(row, "degrees_of_freedom", 1).replace(MISSING, "∞"),
            _interval(row, "lower", "upper"),
            _p(row),
        )
        for row in _records(random)
        if row["basis"] != "published"
    ]
    return Grid(
        name="reader-random",
        caption=(
            "The same with readers random (Obuchowski and Rockette, Hillis’ degrees of "
            "freedom): whether it holds for readers like these. With few readers the "
            "degrees of freedom are few and the interval says little; it is no "
            "headline."
        ),
        header=("Network", "Basis", "Difference", "Units", "df", ci, "p"),
        groups=(tuple(rows),),
    )


def _sizes(frame: pd.DataFrame) -> str:
    """Say on how many nodes; networks may have scored different ones."""
    sizes = {
        f"{row['n_positive']} positive and {row['n_negative']} negative nodes of "
        f"{row['n_patients']} patients"
        for row in _records(frame)
    }
    return " or ".join(sorted(sizes))


def _both(row: Cells) -> tuple[str, str, str]:
    return (
        half_up(_float(row, "auc_network"), 3),
        half_up(_float(row, "auc_readers"), 3),
        half_up(_float(row, "difference"), 3),
    )


def _p(row: Cells) -> str:
    return MISSING if pd.isna(row["p"]) else p_value(_float(row, "p"))


def _records(frame: pd.DataFrame) -> Iterator[Cells]:
    yield from frame.to_dict("records")


def _name(reader: object) -> str:
    return "Mean of readers" if reader == MEAN else printed(str(reader))


def _float(row: Cells, name: str) -> float:
    return float(str(row[name]))


def _number(row: Cells, name: str, digits: int = 2) -> str:
    value = row[name]
    return MISSING if pd.isna(value) else half_up(_float(row, name), digits)


def _interval(
    row: Cells, lower: str, upper: str, scale: int = 1, digits: int = 3
) -> str:
    """Write an interval."""
    if pd.isna(row[lower]) or pd.isna(row[upper]):
        return f"({MISSING})"
    ends = [half_up(scale * _float(row, end), digits) for end in (lower, upper)]
    return f"({ends[0]} to {ends[1]})"
