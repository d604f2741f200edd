"""The reader study, computed a second time: areas, points, kappa and contrasts."""

from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from itertools import combinations
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from nodal_staging.statistics.recomputation import second_estimates as second
from nodal_staging.statistics.recomputation.ledger import Ledger, Written
from nodal_staging.statistics.recomputation.scored_nodes import (
    Nodes,
    Scores,
    on_common_nodes,
)
from nodal_staging.statistics.recomputation.second_draws import (
    GENERATOR,
    Drawn,
    Draws,
    limits,
)

FloatArray = npt.NDArray[np.float64]
Row = Mapping[Any, Any]

COUNTS = "counts (pandas)"
LOOPS = "sums over patients (pandas), Student’s t (SciPy)"
RANKS = "ranks (SciPy)"
WILSON = "binomtest, Wilson (SciPy)"
TABLES = "cross tables (pandas)"
LEVELS = 4
KAPPA_DRAWS = 1000
CALLED_FROM = 3


@cache
def _weights() -> dict[str, FloatArray]:
    """Return the weights of disagreement of two ratings ``(levels, levels)``."""
    ratings = np.arange(1, LEVELS + 1)
    steps = np.abs(np.subtract.outer(ratings, ratings)).astype(float)
    calls = ratings >= CALLED_FROM
    return {
        "kappa_unweighted": (steps > 0).astype(float),
        "kappa_linear": steps,
        "kappa_quadratic": steps**2,
        "kappa_calls": np.not_equal.outer(calls, calls).astype(float),
    }


def check_readers(
    tables: Mapping[str, pd.DataFrame],
    readers: Mapping[str, Scores],
    networks: Mapping[str, Scores],
    level: float,
    account: tuple[Ledger, Draws],
) -> None:
    """Compare the tables of a reader study.

    Parameters
    ----------
    tables
        ``areas``, ``points``, ``agreement``, ``fixed`` and ``random``.
    readers, networks
        By name.
    level
        Of the intervals.
    account
        What takes the comparisons, and second draws of patients.

    Raises
    ------
    RecomputationError
        If a number differs.
    """
    ledger, draws = account
    nodes = {name: _read(one) for name, one in readers.items()}
    machines = {name: one.nodes("test") for name, one in networks.items()}
    _check_areas(tables["areas"], nodes, level, ledger)
    _check_points(tables["points"], nodes, level, ledger)
    _check_agreement(tables["agreement"], nodes, ledger, draws)
    for name in ("fixed", "random"):
        _check_contrasts(name, tables[name], nodes, machines, (level, ledger))


def _read(reader: Scores) -> Nodes:
    """Return the rated nodes, called positive from likely on."""
    nodes = reader.nodes("test")
    return Nodes(nodes.frame.assign(called=nodes.frame["score"].ge(CALLED_FROM)))


def _on_basis(nodes: Nodes, basis: str) -> FloatArray:
    return nodes.called.astype(float) if basis == "dichotomised" else nodes.score


def _check_areas(
    frame: pd.DataFrame, nodes: Mapping[str, Nodes], level: float, ledger: Ledger
) -> None:
    """Compare each reader's area, and the mean of all."""
    common = on_common_nodes(*nodes.values())
    for row in frame.to_dict("records"):
        name, basis = str(row["reader"]), str(row["basis"])
        place = f"{name}, {basis}"
        written = Written.of_row(ledger, "readers/areas.tsv", place, row)
        those = common if name == "mean" else [nodes[name]]
        first = those[0]
        for size, number in first.sizes().items():
            written.same(size, number, COUNTS)
        scores = np.stack([_on_basis(one, basis) for one in those])
        placed = second.Placed.of(scores, first.positive, first.patient)
        mean = placed.weighted(np.full(len(those), 1 / len(those)))
        written.same("auc", float(mean.areas[0]), RANKS)
        for part, value in zip(
            ("error", "lower", "upper"), second.delong_ends(mean, level), strict=True
        ):
            written.same(f"delong_{part}", value, RANKS)
        written.same("clustered_error", second.clustered_error(mean)[0], LOOPS)
        for part, value in zip(
            ("lower", "upper"), second.logit_ends(mean, level), strict=True
        ):
            written.same(f"clustered_{part}", value, LOOPS)
        written.close()


def _check_points(
    frame: pd.DataFrame, nodes: Mapping[str, Nodes], level: float, ledger: Ledger
) -> None:
    """Count at each cut between two ratings."""
    kind = "readers/operating_points.tsv"
    for row in frame.to_dict("records"):
        name, cut = str(row["reader"]), float(row["rating_from"])
        written = Written.of_row(ledger, kind, f"{name}, from {cut:g}", row)
        of = nodes[name]
        counts = Nodes(of.frame.assign(called=of.frame["score"].ge(cut))).counts()
        for outcome, number in counts.items():
            written.same(outcome, number, COUNTS)
        for share, right, wrong in (
            ("sensitivity", "tp", "fn"),
            ("specificity", "tn", "fp"),
        ):
            part, whole = counts[right], counts[right] + counts[wrong]
            written.same(share, part / whole, COUNTS)
            for end, value in zip(
                ("lower", "upper"), second.wilson(part, whole, level), strict=True
            ):
                written.same(f"{share}_{end}", value, WILSON)
        written.ignore(["rating_from"])
        written.close()


def _check_agreement(
    frame: pd.DataFrame, nodes: Mapping[str, Nodes], ledger: Ledger, draws: Draws
) -> None:
    """Compare kappa and the shares of equal ratings of each pair."""
    kind = "readers/agreement.tsv"
    for row in frame.to_dict("records"):
        names = str(row["reader_a"]), str(row["reader_b"])
        if names[0] == names[1]:
            _check_everybody(row, list(nodes.values()), ledger, draws)
            continue
        written = Written.of_row(ledger, kind, " and ".join(names), row)
        a, b = on_common_nodes(*(nodes[name] for name in names))
        written.same("n", len(a.score), COUNTS)
        written.same("n_patients", len(set(a.patient)), COUNTS)
        steps = range(1, LEVELS + 1)
        table = pd.crosstab(a.score, b.score).reindex(
            index=list(steps), columns=list(steps), fill_value=0
        )
        cells = [(a.score == i) & (b.score == j) for i in steps for j in steps]
        drawn = draws.of(a.positive, a.patient)
        counts = np.stack(drawn.sums(*cells), axis=1).reshape(-1, LEVELS, LEVELS)
        resampled = pd.DataFrame([_measures(one) for one in counts[:KAPPA_DRAWS]])
        _check_beyond_chance(written, row, [a, b], drawn)
        for measure, value in _measures(table.to_numpy(float)).items():
            written.same(measure, value, TABLES)
            _check_ends(written, row, measure, resampled[measure].to_numpy(float))
        same = np.trace(table.to_numpy())
        written.same("n_same_rating", int(same), TABLES)
        written.same("n_same_call", int((a.called == b.called).sum()), TABLES)
        written.leave(
            ["undefined_replicates"],
            "not_recomputed",
            "a count of draws without a value",
        )
        written.close()


def _check_everybody(
    row: Row, nodes: Sequence[Nodes], ledger: Ledger, draws: Draws
) -> None:
    """Compare the row of all readers together."""
    written = Written.of_row(ledger, "readers/agreement.tsv", "all readers", row)
    those = on_common_nodes(*nodes)
    first = those[0]
    drawn = draws.of(first.positive, first.patient)
    written.same("n", len(first.score), COUNTS)
    written.same("n_patients", len(set(first.patient)), COUNTS)
    for name, values in (
        ("same_rating", [one.score for one in those]),
        ("same_call", [one.called for one in those]),
    ):
        alike = np.ptp(np.stack(values).astype(float), axis=0) == 0
        written.same(f"n_{name}", int(alike.sum()), COUNTS)
        written.same(name, float(np.mean(alike)), COUNTS)
        hits, total = drawn.sums(alike, np.ones(len(alike)))
        _check_ends(written, row, name, hits / total)
    _check_beyond_chance(written, row, those, drawn)
    for measure in _weights():
        for part in (measure, f"{measure}_lower", f"{measure}_upper"):
            written.same(part, None, "none of more than two readers")
    written.leave(
        ["undefined_replicates"], "not_recomputed", "a count of draws without a value"
    )
    written.close()


def _check_beyond_chance(
    written: Written, row: Row, those: Sequence[Nodes], drawn: Drawn
) -> None:
    """Compare Fleiss' kappa and AC1, by counting pairs of readers one by one."""
    ratings = np.stack([one.score for one in those])
    calls = np.stack([one.called for one in those]).astype(float)
    for ending, given, used in (
        ("", ratings, np.arange(1.0, LEVELS + 1)),
        ("_calls", calls, np.array([0.0, 1.0])),
    ):
        pairs = list(combinations(given, 2))
        alike = np.mean([one == other for one, other in pairs], axis=0)
        shares = [np.mean(given == one, axis=0) for one in used]
        columns = [alike, *shares, np.ones(len(alike))]
        whole = [np.array([column.sum()]) for column in columns]
        for name, values in _beyond_chance(drawn.sums(*columns)).items():
            value = float(_beyond_chance(whole)[name][0])
            written.same(f"{name}{ending}", value, "pairs of readers (NumPy)")
            _check_ends(written, row, f"{name}{ending}", values)


def _beyond_chance(sums: Sequence[FloatArray]) -> dict[str, FloatArray]:
    """Return both measures of sums of equal pairs, of each category, and of nodes."""
    alike, *shares, total = sums
    seen = alike / total
    square = np.sum([(one / total) ** 2 for one in shares], axis=0)
    one_kind = np.max(shares, axis=0) > total - 1e-9
    with np.errstate(divide="ignore", invalid="ignore"):
        fleiss = np.where(one_kind, np.nan, 1 - (1 - seen) / (1 - square))
    by_chance = (1 - square) / (len(shares) - 1)
    return {"fleiss": fleiss, "ac1": 1 - (1 - seen) / (1 - by_chance)}


def _check_ends(written: Written, row: Row, name: str, values: FloatArray) -> None:
    """Compare both ends of a percentile interval."""
    for end, probability in (
        ("lower", (1 - row["level"]) / 2),
        ("upper", (1 + row["level"]) / 2),
    ):
        replicates = int(row["replicates"])
        ends = limits(values, probability, replicates)
        written.within(f"{name}_{end}", *ends, GENERATOR)


def _measures(table: FloatArray) -> dict[str, float]:
    """Return shares and kappas of a table of ratings."""
    same_call = _weights()["kappa_calls"] == 0
    return {
        "same_rating": float(np.trace(table) / table.sum()),
        "same_call": float(table[same_call].sum() / table.sum()),
        **{name: second.kappa(table, weight) for name, weight in _weights().items()},
    }


def _check_contrasts(
    name: str,
    frame: pd.DataFrame,
    readers: Mapping[str, Nodes],
    machines: Mapping[str, Nodes],
    given: tuple[float, Ledger],
) -> None:
    """Compare networks with the readers' mean."""
    level, ledger = given
    kind = f"readers/{'contrasts' if name == 'fixed' else 'random_readers'}.tsv"
    for row in frame.to_dict("records"):
        words = ("network", "basis", "covariance")
        written = Written.of_row(
            ledger, kind, ", ".join(str(row[word]) for word in words), row
        )
        those = on_common_nodes(machines[str(row["network"])], *readers.values())
        placed = _placed(those, str(row["basis"]))
        count = len(those) - 1
        weights = np.array([1.0, *[-1 / count] * count])
        contrast = placed.weighted(weights)
        for size, number in those[0].sizes().items():
            written.same(size, number, COUNTS)
        written.same("readers", count, COUNTS)
        written.same("auc_network", float(placed.areas[0]), RANKS)
        written.same("auc_readers", float(placed.areas[1:].mean()), RANKS)
        written.same("difference", float(contrast.areas[0]), RANKS)
        clustered = row["covariance"] == "clustered"
        by = LOOPS if clustered else RANKS
        found = (
            _fixed(contrast, row, level)
            if name == "fixed"
            else _random(placed, clustered, level)
        )
        for path, value in found:
            written.same(path, value, by)
        written.close(f"none by definition ({row['status']})")


def _placed(those: Sequence[Nodes], basis: str) -> second.Placed:
    machine, *readers = those
    whole = machine.score if basis != "dichotomised" else machine.called.astype(float)
    curves = "dichotomised" if basis in ("dichotomised", "published") else "ordinal"
    scores = np.stack([whole, *(_on_basis(one, curves) for one in readers)])
    return second.Placed.of(scores, machine.positive, machine.patient)


def _fixed(
    contrast: second.Placed, row: Row, level: float
) -> Iterator[tuple[str, float]]:
    """Yield error, interval and p with these readers."""
    if row["status"] != "ok":
        return
    estimate, freedom = float(contrast.areas[0]), np.inf
    if row["covariance"] == "clustered" and row["variance"] == "obuchowski":
        error = second.clustered_error(contrast)[0]
        freedom = float(contrast.by_patient()[1][0])
    else:
        error = float(np.sqrt(contrast.by_node()[0, 0]))
    yield "standard_error", error
    yield "degrees_of_freedom", freedom if np.isfinite(freedom) else float("nan")
    lower, upper = second.wald(estimate, error, level, freedom)
    yield "lower", lower
    yield "upper", upper
    yield "p", second.two_sided(estimate, error, freedom)


def _random(
    placed: second.Placed, clustered: bool, level: float
) -> Iterator[tuple[str, float]]:
    """Yield Obuchowski and Rockette's analysis, from the covariance of differences."""
    count = len(placed.areas) - 1
    against = np.column_stack([np.ones(count), -np.eye(count)])
    each = placed.weighted(against)
    covariance = each.by_patient()[0] if clustered else each.by_node()
    pairs = [covariance[i, j] for i in range(count) for j in range(i)]
    shared = float(np.mean(pairs))
    square = float(np.var(each.areas, ddof=1))
    yield "mean_square_readers", square
    yield "covariance_of_readers", shared
    common = count * max(shared, 0.0)
    if square + common < second.NO_VARIANCE or square <= second.NO_VARIANCE:
        return
    freedom = (count - 1) * ((square + common) / square) ** 2
    error = float(np.sqrt((square + common) / count))
    mean = float(each.areas.mean())
    lower, upper = second.wald(mean, error, level, freedom)
    yield "standard_error", error
    yield "lower", lower
    yield "upper", upper
    yield "p", second.two_sided(mean, error, freedom)
    yield "degrees_of_freedom", freedom
