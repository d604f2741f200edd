"""Calibration and average precision, computed a second time."""

from typing import Any

import numpy as np
import pandas as pd
from scipy import stats

from nodal_staging.statistics.recomputation import second_estimates as second
from nodal_staging.statistics.recomputation.end_checks import check_ends
from nodal_staging.statistics.recomputation.ledger import ITERATED, Written
from nodal_staging.statistics.recomputation.scored_nodes import Nodes
from nodal_staging.statistics.recomputation.second_draws import Drawn
from nodal_staging.statistics.recomputation.ways import (
    COUNTS,
    SCORE_EQUATIONS,
    SMOOTH,
    Block,
    FloatArray,
)
from nodal_staging.statistics.recomputation.weighted_scores import (
    clipping_distance,
    log_odds_of,
    mix_weights,
    probability_at,
)


def check_calibration(written: Written, one: Block, test: Nodes, drawn: Drawn) -> None:
    """Compare intercepts, slopes and Brier's scores on both mixes."""
    block = one["calibration"]
    for name in ("lowest", "highest"):
        value = test.score.min() if name == "lowest" else test.score.max()
        written.same(f"calibration/{name}", float(value), COUNTS)
    if block["status"] != "ok":
        return
    score = test.score
    clip = clipping_distance(score)
    nearer = int((np.minimum(score, 1 - score) < clip).sum())
    written.same("calibration/clip", clip, COUNTS)
    written.same("calibration/clipped", nearer, COUNTS)
    for mix, found in block["mixes"].items():
        start = f"calibration/mixes/{mix}"
        prevalence = found["prevalence"]
        if mix == "test":
            written.same(f"{start}/prevalence", float(test.positive.mean()), COUNTS)
        weight = mix_weights(test, prevalence)
        chance = probability_at(score, block["prior"], prevalence)
        mean = float((weight * chance).sum() / weight.sum())
        written.same(f"{start}/mean_predicted", mean, "odds (NumPy)")
        written.same(f"{start}/observed", prevalence, COUNTS)
        _check_line(written, start, found, test, block["prior"])
        _check_brier(written, start, found, (test, chance), drawn)
        _check_distances(written, start, found, (test, chance), block["prior"])


def check_average_precision(
    written: Written, one: Block, test: Nodes, drawn: Drawn
) -> None:
    """Compare the area under the curve of PPV and sensitivity, cut by cut."""
    by = "PPV at each cut (NumPy)"
    for mix, found in one.get("average_precision", {}).items():
        start, share = f"average_precision/{mix}", found["prevalence"]
        if mix == "test":
            written.same(f"{start}/prevalence", float(test.positive.mean()), COUNTS)
        cuts = sorted(set(map(float, test.score)), reverse=True)
        area: Any = 0.0
        areas: Any = np.zeros(len(drawn.times))
        before: Any = (0.0, np.zeros(len(drawn.times)))
        whole = (
            (test.positive.sum(), (~test.positive).sum()),
            tuple(drawn.sums(test.positive, ~test.positive)),
        )
        for cut in cuts:
            called = test.score >= cut
            at = (called & test.positive, called & ~test.positive)
            counts = ((at[0].sum(), at[1].sum()), tuple(drawn.sums(*at)))
            now = []
            for (hits, alarms), (m, n) in zip(counts, whole, strict=True):
                ppv = share * hits / m
                ppv = ppv / np.maximum(ppv + (1 - share) * alarms / n, 1e-300)
                now.append((hits / m, ppv))
            area += (now[0][0] - before[0]) * now[0][1]
            areas += (now[1][0] - before[1]) * now[1][1]
            before = (now[0][0], now[1][0])
        written.same(f"{start}/estimate", float(area), by)
        check_ends(written, start, found, areas)


def _check_line(
    written: Written, start: str, found: Block, test: Nodes, prior: float
) -> None:
    """Compare intercept (slope 1), slope and intercept with it."""
    share = found["prevalence"]
    shift = float(np.log(share / (1 - share)) - np.log(prior / (1 - prior)))
    odds = log_odds_of(test.score) + shift
    ones = np.ones((len(odds), 1))
    given = test.positive, mix_weights(test, share)
    fits = {}
    if found["intercept"] is not None:
        values, errors = second.logistic_fit(ones, *given, odds, test.patient)
        fits["intercept"] = (values[0], errors[0])
    if found["slope"] is not None:
        design = np.column_stack([ones, odds])
        nothing = np.zeros(len(odds))
        values, errors = second.logistic_fit(design, *given, nothing, test.patient)
        fits["intercept_with_slope"] = (values[0], errors[0])
        fits["slope"] = (values[1], errors[1])
    for name, (value, error) in fits.items():
        block = found[name]
        written.same(
            f"{start}/{name}/estimate", float(value), SCORE_EQUATIONS, allowed=ITERATED
        )
        ends = second.wald(float(value), float(error), block["level"], np.inf)
        for end, limit in zip(("lower", "upper"), ends, strict=True):
            if block[end] is None:
                written.leave(
                    [f"{start}/{name}/{end}"], "not_recomputed", found["status"]
                )
            written.same(
                f"{start}/{name}/{end}", limit, SCORE_EQUATIONS, allowed=ITERATED
            )
    for name in ("intercept", "slope", "intercept_with_slope"):
        written.leave([f"{start}/{name}"], "not_recomputed", found["status"])


def _check_brier(
    written: Written,
    start: str,
    found: Block,
    predicted: tuple[Nodes, FloatArray],
    drawn: Drawn,
) -> None:
    """Compare Brier's score and the scaled one."""
    test, chance = predicted
    share = found["prevalence"]
    error = np.square(chance - test.positive)
    by_class = [
        float(np.mean(error[test.positive])),
        float(np.mean(error[~test.positive])),
    ]
    brier = share * by_class[0] + (1 - share) * by_class[1]
    useless = share - share**2
    tops = drawn.sums(
        error * test.positive, error * ~test.positive, test.positive, ~test.positive
    )
    values = share * tops[0] / tops[2] + (1 - share) * tops[1] / tops[3]
    for name, estimate, resampled in (
        ("brier", brier, values),
        ("scaled_brier", 1 - brier / useless, 1 - values / useless),
    ):
        written.same(f"{start}/{name}/estimate", estimate, "mean squares (NumPy)")
        check_ends(written, f"{start}/{name}", found[name], resampled)


def _check_distances(
    written: Written,
    start: str,
    found: Block,
    predicted: tuple[Nodes, FloatArray],
    prior: float,
) -> None:
    """Compare the distances from a smooth curve, fitted without standardising."""
    test, chance = predicted
    share = found["prevalence"]
    names = ("ici", "e50", "e90")
    if found["ici"] is None:
        written.leave(
            [f"{start}/{name}" for name in names], "not_recomputed", "no smooth curve"
        )
        return
    shift = float(np.log(share / (1 - share)) - np.log(prior / (1 - prior)))
    odds = log_odds_of(test.score) + shift
    a, b, c = np.percentile(odds, [10, 50, 90])
    cubes = [np.where(odds > knot, odds - knot, 0) ** 3 for knot in (a, b, c)]
    bend = cubes[0] + (cubes[2] * (b - a) - cubes[1] * (c - a)) / (c - b)
    design = np.column_stack([np.ones(len(odds)), odds, bend])
    weight = mix_weights(test, share)
    beta, _ = second.logistic_fit(
        design, test.positive, weight, np.zeros(len(odds)), test.patient
    )
    apart = np.abs(stats.logistic.cdf(design @ beta) - chance)
    ici = float(np.average(apart, weights=weight))
    written.same(f"{start}/ici/estimate", ici, SCORE_EQUATIONS, allowed=SMOOTH)
    ordered = pd.Series(weight, index=apart).sort_index().cumsum() / weight.sum()
    for name, quantile in (("e50", 0.5), ("e90", 0.9)):
        value = float(ordered[ordered >= quantile - 1e-8].index[0])
        written.same(f"{start}/{name}/estimate", value, SCORE_EQUATIONS, allowed=SMOOTH)
    for name in names:
        written.leave(
            written.below(f"{start}/{name}/"), "not_recomputed", "a fit for each draw"
        )
