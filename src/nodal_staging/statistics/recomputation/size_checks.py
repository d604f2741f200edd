"""Subgroups, precision and refits, computed a second time."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy import stats

from nodal_staging.statistics.recomputation import second_estimates as second
from nodal_staging.statistics.recomputation.ledger import Ledger, Written
from nodal_staging.statistics.recomputation.scored_nodes import Nodes, Scores

BoolArray = npt.NDArray[np.bool_]
Row = Mapping[Any, Any]

COUNTS = "counts (pandas)"
LOOPS = "sums over patients (pandas), Student’s t (SciPy)"
RANKS = "ranks (SciPy)"
WILSON = "binomtest, Wilson (SciPy)"
POWER = "all counts of binom (SciPy)"
BAND = re.compile(r"< ([\d.]+) mm|([\d.]+) to < ([\d.]+) mm|≥ ([\d.]+) mm")
MOST_NODES = 16_384
"""From here on the first implementation looks for no larger study."""


def check_subgroups(
    frame: pd.DataFrame,
    scores: Mapping[str, Scores],
    nodes: pd.DataFrame,
    level: float,
    ledger: Ledger,
) -> None:
    """Compare ``statistics/subgroups.tsv``.

    Parameters
    ----------
    frame
        The table.
    scores
        Classifiers by name.
    nodes
        All measured nodes by ``node_id``.
    level
        Of the intervals.
    ledger
        Takes the comparisons.

    Raises
    ------
    RecomputationError
        If a number differs.
    """
    kind = "statistics/subgroups.tsv"
    for row in frame.to_dict("records"):
        test = scores[str(row["classifier"])].nodes("test")
        place = f"{row['classifier']}, {row['subgroup']}"
        written = Written.of_row(ledger, kind, place, row)
        measured = nodes.loc[test.frame.index]
        members = test.among(_members(row, measured))
        written.same("n", len(members.called), COUNTS)
        for name, number in members.sizes().items():
            written.same(name, number, COUNTS)
        counts = members.counts()
        for name, number in counts.items():
            written.same(name, number, COUNTS)
        for share, right, wrong in (
            ("sensitivity", "tp", "fn"),
            ("specificity", "tn", "fp"),
        ):
            part, whole = counts[right], counts[right] + counts[wrong]
            written.same(share, part / whole if whole else None, COUNTS)
            ends = second.wilson(part, whole, level) if whole else (None, None)
            written.same(f"{share}_lower", ends[0], WILSON)
            written.same(f"{share}_upper", ends[1], WILSON)
        _check_area(written, row, members, level)
        written.close(f"none by definition ({row['auc_status']})")


def _members(row: Row, measured: pd.DataFrame) -> BoolArray:
    """Say which nodes a subgroup has, from its printed name."""
    if row["grouping"] == "location":
        return np.asarray(measured["location"].eq(row["subgroup"]), bool)
    if row["grouping"] != "short_axis":
        return np.ones(len(measured), bool)
    found = BAND.fullmatch(str(row["subgroup"]))
    if found is None:
        raise ValueError(f"not a band of the short axis: {row['subgroup']}")
    below, low, high, above = (
        None if one is None else float(one) for one in found.groups()
    )
    size = measured["short_axis_mm"].to_numpy(float)
    start = low if low is not None else above
    end = below if below is not None else high
    upper = np.inf if end is None else end
    return np.asarray((size >= (start or 0)) & (size < upper))


def _check_area(written: Written, row: Row, members: Nodes, level: float) -> None:
    """Compare the area of a subgroup, as far as there is one."""
    if members.positive.all() or not members.positive.any():
        written.same("auc", None, RANKS)
        return
    placed = second.Placed.of(members.score, members.positive, members.patient)
    written.same("auc", float(placed.areas[0]), RANKS)
    if row["auc_status"] in ("ok", "perfect_separation"):
        lower, upper = second.logit_ends(placed, level)
        written.same("auc_lower", lower, LOOPS)
        written.same("auc_upper", upper, LOOPS)


def check_precision(
    frame: pd.DataFrame, scores: Mapping[str, Scores], level: float, ledger: Ledger
) -> None:
    """Compare the widths of intervals, reached and expected."""
    reach = float(stats.norm.ppf((1 + level) / 2))
    for place, row in enumerate(frame.to_dict("records"), start=1):
        written = Written.of_row(
            ledger, "statistics/precision.tsv", f"row {place}", row
        )
        if isinstance(row["classifier"], str):
            _check_reached(written, row, scores[row["classifier"]])
        elif row["measure"] == "auc":
            m, n = int(row["n_positive"]), int(row["n_negative"])
            model, area = str(row["method"]), float(row["value"])
            half = reach * second.expected_auc_error(area, m, n, model)
            by = (
                "integral of the normal law (SciPy)"
                if model == "binormal"
                else "formula"
            )
            written.same("half_width", half, by)
            written.same("lower", max(area - half, 0.0), by)
            written.same("upper", min(area + half, 1.0), by)
        else:
            size = row[
                "n_positive" if row["measure"] == "sensitivity" else "n_negative"
            ]
            low, high = second.score_ends(float(row["value"]), float(size), level)
            by = "roots of the score equation (NumPy)"
            written.same("lower", low, by)
            written.same("upper", high, by)
            written.same("half_width", (high - low) / 2, by)
        written.ignore(
            ["value", "n_positive", "n_negative", "design_effect", "classifier"]
        )
        written.close()


def _check_reached(written: Written, row: Row, scores: Scores) -> None:
    """Compare a reached width with the interval that was recomputed elsewhere."""
    test = scores.nodes("test")
    for name, number in test.sizes().items():
        written.same(name, number, COUNTS)
    one, measure, method = scores.statistics, str(row["measure"]), str(row["method"])
    by = "the classifier’s own file, recomputed there"
    if measure == "auc":
        block = one["auc"]["intervals"][method]
        written.same("value", one["auc"]["estimate"], by)
    else:
        block = one["metrics"][measure]
        written.same("value", block["estimate"], by)
    written.same("lower", block["lower"], by)
    written.same("upper", block["upper"], by)
    written.same("half_width", (block["upper"] - block["lower"]) / 2, by)
    placed = second.Placed.of(test.score, test.positive, test.patient)
    by_node = float(placed.by_node()[0, 0])
    if measure == "auc":
        effect = second.clustered_error(placed)[0] ** 2 / by_node if by_node else None
        written.same("design_effect", effect, LOOPS)


def check_power(detectable: pd.DataFrame, needed: pd.DataFrame, ledger: Ledger) -> None:
    """Compare least differences and numbers of nodes with McNemar's power there."""
    limits: dict[tuple[str, float], second.Limits] = {}

    def power(row: Row, n: int, difference: float) -> float:
        key = str(row["test"]), float(row["level"])
        limit = limits.setdefault(key, second.Limits(*key))
        return second.mcnemar_power(n, float(row["discordance"]), difference, limit)

    for place, row in enumerate(detectable.to_dict("records"), start=1):
        written = Written.of_row(
            ledger, "statistics/detectable.tsv", f"row {place}", row
        )
        n, target, found = int(row["n"]), float(row["power"]), row["difference"]
        if pd.isna(found):
            reached = power(row, n, float(row["discordance"]))
            written.same("difference", None if reached < target else reached, POWER)
        else:
            off = power(row, n, float(found)) - target
            written.same("difference", float(found) + off, POWER, allowed=1e-7)
            written.same("nodes", float(found) * n, POWER)
        written.ignore(["n", "discordance", "power", "difference", "nodes"])
        written.close()
    for place, row in enumerate(needed.to_dict("records"), start=1):
        written = Written.of_row(
            ledger, "statistics/nodes_needed.tsv", f"row {place}", row
        )
        target, difference = float(row["power"]), float(row["difference"])
        if pd.isna(row["n"]):
            enough = power(row, MOST_NODES, difference) >= target
            written.same("n", MOST_NODES if enough else None, POWER)
        else:
            n = int(row["n"])
            first = power(row, n, difference) >= target
            before = power(row, n - 1, difference) >= target
            written.same("n", n + (0 if first else 1) - (1 if before else 0), POWER)
        written.ignore(["difference", "discordance", "power"])
        written.close()


def check_refits(
    tables: tuple[pd.DataFrame, pd.DataFrame],
    trainings: Mapping[str, Sequence[Scores]],
    level: float,
    ledger: Ledger,
) -> None:
    """Compare every training of each CNN, and their spread.

    Parameters
    ----------
    tables
        ``statistics/refits.tsv`` and ``statistics/refit_spread.tsv``.
    trainings
        By CNN, the study's own first; all with its statistics.
    level
        Of the intervals.
    ledger
        Takes the comparisons.
    """
    each, spread = tables
    for row in each.to_dict("records"):
        cnn, number = str(row["cnn"]), int(row["training"])
        written = Written.of_row(
            ledger, "statistics/refits.tsv", f"{cnn}, training {number}", row
        )
        nodes = trainings[cnn][number - 1].nodes("test")
        placed = second.Placed.of(nodes.score, nodes.positive, nodes.patient)
        lower, upper = second.logit_ends(placed, level)
        counts = nodes.counts()
        hit = counts["tp"] / (counts["tp"] + counts["fn"])
        passed = counts["tn"] / (counts["tn"] + counts["fp"])
        for name, value, by in (
            ("auc", float(placed.areas[0]), RANKS),
            ("lower", lower, LOOPS),
            ("upper", upper, LOOPS),
            ("sensitivity", hit, COUNTS),
            ("specificity", passed, COUNTS),
        ):
            written.same(name, value, by)
        written.ignore(["training"])
        written.close()
    for row in spread.to_dict("records"):
        cnn = str(row["cnn"])
        written = Written.of_row(ledger, "statistics/refit_spread.tsv", cnn, row)
        those = [one.nodes("test") for one in trainings[cnn]]
        for name, found in _spread(those, level):
            written.same(name, found, "means of logits, Student’s t (SciPy)")
        written.close()


def _spread(nodes: Sequence[Nodes], level: float) -> list[tuple[str, float | None]]:
    """Return what is said of several trainings on the same nodes."""
    placed = [second.Placed.of(n.score, n.positive, n.patient) for n in nodes]
    areas = np.array([one.areas[0] for one in placed])
    lower: float | None = None
    upper: float | None = None
    if 0 < areas.min() and areas.max() < 1:
        errors = np.array([second.clustered_error(one)[0] for one in placed])
        logits = np.log(areas) - np.log1p(-areas)
        between = np.var(logits, ddof=1) * (len(areas) + 1) / len(areas)
        within = np.mean(np.square(errors / (areas * (1 - areas))))
        freedom = (
            (len(areas) - 1) * ((between + within) / between) ** 2
            if between > 0
            else np.inf
        )
        ends = second.wald(
            float(logits.mean()),
            float(np.sqrt(between + within)),
            level,
            float(freedom),
        )
        lower, upper = (float(stats.logistic.cdf(end)) for end in ends)
    score = np.clip(np.stack([one.score for one in nodes]), 1e-7, 1 - 1e-7)
    odds = np.log(score) - np.log1p(-score)
    calls = np.stack([one.called for one in nodes]).sum(axis=0)
    return [
        ("trainings", len(nodes)),
        ("nodes", score.shape[1]),
        ("auc_mean", float(np.mean(areas))),
        ("auc_sd", float(np.std(areas, ddof=1))),
        ("auc_lowest", float(areas.min())),
        ("auc_highest", float(areas.max())),
        ("lower", lower),
        ("upper", upper),
        ("logit_sd", float(np.sqrt(np.mean(np.var(odds, axis=0, ddof=1))))),
        ("calls_that_differ", float(np.mean((calls > 0) & (calls < len(nodes))))),
    ]
