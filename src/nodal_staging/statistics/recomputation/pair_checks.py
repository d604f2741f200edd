"""Pairs of classifiers, compared a second time: McNemar's tests and areas."""

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy import stats

from nodal_staging.statistics.recomputation import second_estimates as second
from nodal_staging.statistics.recomputation.ledger import ITERATED, Ledger, Written
from nodal_staging.statistics.recomputation.scored_nodes import (
    Nodes,
    Scores,
    on_common_nodes,
)

IntArray = npt.NDArray[np.int64]

COUNTS = "counts (pandas)"
TESTS = "binomtest, chi2 (SciPy)"
TANGO = "likelihood maximised by SciPy"
SIGNS = "all signs counted in whole numbers"
LOOPS = "sums over patients (pandas), Student’s t (SciPy)"
RANKS = "ranks (SciPy)"
HOLM = "Holm, step by step"
SAME = "ranks (SciPy): the same order"


def check_mcnemar(
    frame: pd.DataFrame,
    scores: Mapping[str, Scores],
    significance: float,
    level: float,
    ledger: Ledger,
) -> None:
    """Compare ``statistics/mcnemar.tsv``.

    Parameters
    ----------
    frame
        The table.
    scores
        Classifiers by name.
    significance, level
        Of the tests and of the intervals.
    ledger
        Takes the comparisons.

    Raises
    ------
    RecomputationError
        If a number differs.
    """
    opened = []
    found: dict[str, list[float]] = {"p_exact": [], "p_clustered_exact": []}
    for written, row, a, b in _pairs(frame, scores, "statistics/mcnemar.tsv", ledger):
        written.same("n", len(a.called), COUNTS)
        written.same("patients", len(set(a.patient)), COUNTS)
        written.same("both_correct", int((a.correct & b.correct).sum()), COUNTS)
        written.same("both_wrong", int((~a.correct & ~b.correct).sum()), COUNTS)
        everyone = np.ones(len(a.called), bool)
        values = _compared(written, a, b, everyone, level, "")
        gains = _gains(a, b, everyone)
        written.same("patients_discordant", int((gains != 0).sum()), COUNTS)
        squares = int((gains**2).sum())
        z_squared = int(gains.sum()) ** 2 / squares if squares else 0.0
        written.same("p_clustered", float(stats.chi2.sf(z_squared, 1)), TESTS)
        for name, members in (
            ("sensitivity_", a.positive),
            ("specificity_", ~a.positive),
        ):
            written.same(f"{name}n", int(members.sum()), COUNTS)
            _compared(written, a, b, members, level, name)
        for name, p in found.items():
            p.append(values[name])
        expected = "yes" if values["p_corrected"] < significance else "no"
        if row["significant"] != expected:
            written.numbers["significant"] = float(row["significant"] == "yes")
            written.same("significant", float(expected == "yes"), TESTS)
        opened.append(written)
    _check_holm(opened, np.array(found["p_exact"]), "p_holm")
    _check_holm(opened, np.array(found["p_clustered_exact"]), "p_clustered_holm")
    for written in opened:
        written.close()


def _pairs(
    frame: pd.DataFrame, scores: Mapping[str, Scores], kind: str, ledger: Ledger
) -> Iterator[tuple[Written, Mapping[Any, Any], Nodes, Nodes]]:
    """Yield each row with the test nodes that both classifiers scored."""
    for row in frame.to_dict("records"):
        names = str(row["classifier_a"]), str(row["classifier_b"])
        a, b = on_common_nodes(*(scores[name].nodes("test") for name in names))
        place = " and ".join(names)
        yield Written.of_row(ledger, kind, place, row), row, a, b


def _compared(
    written: Written,
    a: Nodes,
    b: Nodes,
    among: npt.NDArray[np.bool_],
    level: float,
    start: str,
) -> dict[str, float]:
    """Compare the tests among some nodes; return the p values."""
    only_a = int((a.correct & ~b.correct & among).sum())
    only_b = int((b.correct & ~a.correct & among).sum())
    n = int(among.sum())
    whole = start == ""
    of = ("only_a_correct", "only_b_correct") if whole else ("only_a", "only_b")
    written.same(f"{start}{of[0]}", only_a, COUNTS)
    written.same(f"{start}{of[1]}", only_b, COUNTS)
    difference = "accuracy_difference" if whole else f"{start}difference"
    written.same(difference, (only_a - only_b) / n, COUNTS)
    p = second.mcnemar(only_a, only_b)
    for name, value in p.items():
        written.same(f"{start}{name}", value, TESTS)
    gains = _gains(a, b, among)
    p["p_clustered_exact"] = second.sign_flips(gains)
    written.same(f"{start}p_clustered_exact", p["p_clustered_exact"], SIGNS)
    for end in ("lower", "upper"):
        _check_tango(written, f"{start}{end}", (only_a, only_b, n), level)
    for end, value in zip(
        ("lower", "upper"), _ratio_ends(a, b, among, level), strict=True
    ):
        written.same(f"{start}clustered_{end}", value, LOOPS)
    return p


def _check_tango(
    written: Written, path: str, counts: tuple[int, int, int], level: float
) -> None:
    """Ask whether the counts are as far from an end as the level says."""
    only_a, only_b, n = counts
    end = written.numbers.get(path)
    if end is None:
        return
    lower = path.endswith("lower")
    reach = float(stats.norm.ppf((1 + level) / 2))
    if abs(end) >= 1 - 1e-9:
        # No score at the bound: all discordant pairs, or the counts are too few.
        written.same(path, -1.0 if lower else 1.0, TANGO)
        return
    score = second.tango_score(only_a, only_b, n, float(end))
    off = (abs(score) - reach) / reach
    right_side = score > 0 if lower else score < 0
    # The score falls with the difference: what it lacks is what the end lacks.
    written.same(
        path,
        float(end) if abs(off) < ITERATED and right_side else float(end) + off,
        TANGO,
        allowed=ITERATED,
    )


def _gains(a: Nodes, b: Nodes, among: npt.NDArray[np.bool_]) -> IntArray:
    """Return, per patient, nodes that A alone has right less those of B alone."""
    alone = pd.Series((a.correct.astype(int) - b.correct.astype(int)) * among)
    return np.asarray(alone.groupby(a.patient).sum(), np.int64)


def _ratio_ends(
    a: Nodes, b: Nodes, among: npt.NDArray[np.bool_], level: float
) -> tuple[float, float]:
    """Return the interval of a ratio of sums over patients, within [-1, 1]."""
    gains = _gains(a, b, among)
    nodes = pd.Series(among.astype(int)).groupby(a.patient).sum().to_numpy()
    total, units = nodes.sum(), int((nodes > 0).sum())
    ratio = gains.sum() / total
    rest = gains - ratio * nodes
    error = float(np.sqrt(units / (units - 1) * (rest @ rest))) / total
    low, high = second.wald(float(ratio), error, level, np.inf)
    return max(low, -1.0), min(high, 1.0)


def _check_holm(opened: list[Written], p: npt.NDArray[np.float64], path: str) -> None:
    """Compare adjusted p values."""
    for written, value in zip(opened, second.holm(p), strict=True):
        written.same(path, float(value), HOLM)


def check_areas(
    frame: pd.DataFrame,
    scores: Mapping[str, Scores],
    level: float,
    written_as: tuple[str, Ledger],
) -> None:
    """Compare a table of differences of AUCs.

    Parameters
    ----------
    frame
        The table.
    scores
        Classifiers by name.
    level
        Of the intervals.
    written_as
        Name of the file, and what takes the comparisons.

    Raises
    ------
    RecomputationError
        If a number differs.
    """
    kind, ledger = written_as
    opened: dict[str, list[tuple[Written, float]]] = {"delong": [], "clustered": []}
    rows = []
    for written, row, a, b in _pairs(frame, scores, kind, ledger):
        for name, number in a.sizes().items():
            written.same(name, number, COUNTS)
        placed = second.Placed.of(np.stack([a.score, b.score]), a.positive, a.patient)
        written.same("auc_a", float(placed.areas[0]), RANKS)
        written.same("auc_b", float(placed.areas[1]), RANKS)
        contrast = placed.weighted([1, -1])
        difference = float(contrast.areas[0])
        written.same("difference", difference, RANKS)
        variance, freedom = contrast.by_patient()
        if row["status"] == "same_order":
            _check_nothing(written, placed)
            for those in opened.values():
                those.append((written, 1.0))
        else:
            for method, of, by, df in (
                ("delong", float(contrast.by_node()[0, 0]), RANKS, np.inf),
                ("clustered", float(variance[0, 0]), LOOPS, float(freedom[0])),
            ):
                if pd.isna(row[f"{method}_p"]):
                    continue
                error = float(np.sqrt(of))
                p = second.two_sided(difference, error, df)
                written.same(f"{method}_standard_error", error, by)
                written.same(f"{method}_z", difference / error, by)
                written.same(f"{method}_p", p, by)
                for end, value in zip(
                    ("lower", "upper"),
                    second.wald(difference, error, level, df),
                    strict=True,
                ):
                    written.same(f"{method}_{end}", value, by)
                opened[method].append((written, p))
            if not pd.isna(row["clustered_freedom"]):
                written.same("clustered_freedom", float(freedom[0]), LOOPS)
        rows.append((written, row["status"]))
    for method, found in opened.items():
        adjusted = second.holm(np.array([p for _, p in found]))
        for (written, _), value in zip(found, adjusted, strict=True):
            written.same(f"{method}_p_holm", float(value), HOLM)
    for written, status in rows:
        written.close(f"none by definition ({status})")


def _check_nothing(written: Written, placed: second.Placed) -> None:
    """Make sure that both scores place every node alike."""
    apart = np.abs(placed.of_positive[0] - placed.of_positive[1]).max()
    apart = max(apart, np.abs(placed.of_negative[0] - placed.of_negative[1]).max())
    for method in ("delong", "clustered"):
        for part in ("standard_error", "lower", "upper", "z"):
            written.same(f"{method}_{part}", float(apart), SAME)
        written.same(f"{method}_p", 1.0 - float(apart), SAME)
    written.ignore(["clustered_freedom"])


def check_simple_choice(
    frame: pd.DataFrame, scores: Mapping[str, Scores], ledger: Ledger
) -> None:
    """Compare the out-of-fold AUCs by which a simple classifier is chosen."""
    kind = "statistics/simple_choice.tsv"
    for row in frame.to_dict("records"):
        place = f"{row['cnn']} and {row['simple']}"
        written = Written.of_row(ledger, kind, place, row)
        nodes = scores[str(row["simple"])].nodes("out_of_fold")
        placed = second.Placed.of(nodes.score, nodes.positive, nodes.patient)
        written.same("nodes", len(nodes.score), COUNTS)
        written.same("out_of_fold_auc", float(placed.areas[0]), RANKS)
        written.close()
    for cnn, rows in frame.groupby("cnn"):
        best = rows["out_of_fold_auc"].max()
        chosen = rows.loc[rows["chosen"].eq("yes"), "out_of_fold_auc"]
        number = {"chosen": float(chosen.iloc[0])}
        written = Written(ledger, kind, str(cnn), dict(number))
        written.same("chosen", float(best), "largest of the column")
