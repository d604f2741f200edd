"""Area, threshold, its optimism and the fixed sensitivity, computed a second time."""

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt
from scipy import stats

from nodal_staging.statistics.recomputation import second_estimates as second
from nodal_staging.statistics.recomputation.end_checks import (
    check_intervals,
    of_agreement,
)
from nodal_staging.statistics.recomputation.ledger import Written
from nodal_staging.statistics.recomputation.scored_nodes import Nodes, Scores
from nodal_staging.statistics.recomputation.ways import (
    COUNTS,
    LOOPS,
    RANKS,
    WILSON,
    Block,
    FloatArray,
)

OPTIMISM_DRAWS = 1000


def check_area(written: Written, one: Block, test: Nodes) -> None:
    """Compare AUC, errors and intervals."""
    placed = second.Placed.of(test.score, test.positive, test.patient)
    cases = test.score[test.positive]
    area = stats.mannwhitneyu(cases, test.score[~test.positive]).statistic
    area /= len(cases) * (len(test.score) - len(cases))
    written.same("auc/estimate", float(area), "mannwhitneyu (SciPy)")
    if one["band"]["floor"] is None:
        written.ignore(["band/floor"])
    else:
        floor = second.wilson(len(cases), len(cases), one["band"]["level"])[0]
        written.same("band/floor", floor, WILSON)
    check_intervals(written, "auc", one["auc"], placed)
    ends = written.below("auc/intervals/bootstrap/")
    written.leave(ends, *of_agreement(one))


def check_threshold(written: Written, scores: Scores) -> None:
    """Choose the threshold again."""
    found = scores.statistics["threshold"]
    if found["source"] == "given":
        for path in written.below("threshold/"):
            expected = 0 if path.endswith("weak_folds") else None
            written.same(path, expected, "decisions of the scores")
        return
    partition = "test" if found["source"] == "test" else "out_of_fold"
    chosen_on = scores.nodes(partition)
    choice = second.youden(chosen_on.score, chosen_on.positive, found["tie_rule"])
    by = "counts at every cut (NumPy)"
    written.same("threshold/value", choice.value, by)
    if len(choice.tied) == len(found["tied"]):
        for place, value in enumerate(choice.tied):
            written.same(f"threshold/tied/{place}", value, by)
    placed = second.Placed.of(chosen_on.score, chosen_on.positive, chosen_on.patient)
    written.same("threshold/chosen_on_auc", float(placed.areas[0]), RANKS)
    test = scores.nodes("test")
    tested = second.Placed.of(test.score, test.positive, test.patient)
    gap = float(tested.areas[0] - placed.areas[0])
    one, other = (second.clustered_error(each)[0] for each in (placed, tested))
    weak = gap > 0.1 and gap > 2 * float(np.hypot(one, other))
    written.same("threshold/weak_folds", weak, LOOPS)


def check_optimism(written: Written, scores: Scores) -> None:
    """Count again at both thresholds, and draw the expected optimism again."""
    found, test = scores.statistics["optimism"], scores.nodes("test")
    if found["status"] == "given":
        return
    rule = scores.statistics["threshold"]["tie_rule"]
    rates: dict[str, dict[str, float]] = {}
    for name, partition in (("apparent", "test"), ("honest", "out_of_fold")):
        if found[name] is None:
            continue
        nodes = scores.nodes(partition)
        cut = second.youden(nodes.score, nodes.positive, rule).value
        called = test.frame.assign(called=test.frame["score"].ge(cut))
        counts = Nodes(called).counts()
        rates[name] = accuracies_of(counts)
        written.same(f"optimism/{name}/threshold", cut, COUNTS)
        for outcome, number in counts.items():
            written.same(f"optimism/{name}/confusion/{outcome}", number, COUNTS)
        for metric, rate in rates[name].items():
            written.same(f"optimism/{name}/{metric}", rate, COUNTS)
    if len(rates) == 2:
        for metric, rate in rates["apparent"].items():
            gap = rate - rates["honest"][metric]
            written.same(f"optimism/difference/{metric}", gap, COUNTS)
    written.ignore(["optimism/difference", "optimism/honest"])
    gaps = _expected_gaps(test, rule)
    for metric, values in gaps.items():
        # Both sides are means of as many draws.
        reach = 6 * float(values.std(ddof=1)) * np.sqrt(2 / OPTIMISM_DRAWS)
        middle = float(values.mean())
        written.within(
            f"optimism/expected/{metric}",
            middle - reach,
            middle + reach,
            "other draws of nodes (NumPy’s Philox)",
        )


def accuracies_of(counts: Mapping[str, int]) -> dict[str, float]:
    """Return the accuracy and the balanced accuracy of a table of counts."""
    positives, negatives = counts["tp"] + counts["fn"], counts["tn"] + counts["fp"]
    return {
        "accuracy": (counts["tp"] + counts["tn"]) / (positives + negatives),
        "balanced_accuracy": (counts["tp"] / positives + counts["tn"] / negatives) / 2,
    }


def _expected_gaps(test: Nodes, tie_rule: str) -> dict[str, FloatArray]:
    """Choose thresholds on draws of nodes, and count on the draw and on all."""
    rng = np.random.Generator(np.random.Philox(7))
    values = np.unique(test.score)
    cases, controls = test.score[test.positive], test.score[~test.positive]
    m, n = len(cases), len(controls)

    def below(drawn: FloatArray) -> npt.NDArray[np.int64]:
        ordered = np.sort(drawn)
        inner = np.searchsorted(ordered, values, side="right")
        return np.concatenate([[0], inner])

    whole = m - below(cases), below(controls)
    gaps = []
    for _ in range(OPTIMISM_DRAWS):
        hits, passed = m - below(rng.choice(cases, m)), below(rng.choice(controls, n))
        index = hits * n + passed * m
        best = np.flatnonzero(index == index.max())
        place = best[-1 if tie_rule == "highest" else 0]
        gaps.append((hits[place] - whole[0][place], passed[place] - whole[1][place]))
    of = np.array(gaps, float)
    return {
        "accuracy": of.sum(axis=1) / (m + n),
        "balanced_accuracy": (of[:, 0] / m + of[:, 1] / n) / 2,
    }


def check_target(written: Written, one: Block, test: Nodes) -> None:
    """Find the highest threshold with enough true positives, and read the curve."""
    block = one["at_target_sensitivity"]
    target, level = block["target"], block["interpolated"]["level"]
    cases, controls = test.score[test.positive], test.score[~test.positive]
    cuts = np.unique(test.score)
    hits = np.array([np.mean(cases >= cut) for cut in cuts])
    enough = cuts[hits >= target - 1e-12].max()
    tp, tn = int((cases >= enough).sum()), int((controls < enough).sum())
    start = "at_target_sensitivity/attained"
    for name, value in (
        ("tp", tp),
        ("tn", tn),
        ("sensitivity", tp / len(cases)),
        ("specificity", tn / len(controls)),
    ):
        written.same(f"{start}/{name}", value, COUNTS)
    for name, part, whole in (
        ("sensitivity", tp, len(cases)),
        ("specificity", tn, len(controls)),
    ):
        for place, end in enumerate(second.wilson(part, whole, level)):
            written.same(f"{start}/{name}_interval/{place}", end, WILSON)
    lower = cuts[cuts < enough]
    middle = float(lower.max() / 2 + enough / 2) if len(lower) else float(enough)
    written.same(f"{start}/threshold", middle, COUNTS)
    points = np.append(hits, 0.0), np.append([np.mean(controls < c) for c in cuts], 1.0)
    written.same(
        "at_target_sensitivity/interpolated/specificity",
        _interpolated(*points, target=target),
        "interp (NumPy)",
    )
    written.leave(
        written.below("at_target_sensitivity/interpolated/"), *of_agreement(one)
    )


def _interpolated(hits: FloatArray, passed: FloatArray, *, target: float) -> float:
    """Read the specificity at a sensitivity between points, the best where attained."""
    exact = np.abs(hits - target) < 1e-12
    if exact.any():
        return float(passed[exact].max())
    # Of points of one sensitivity the line above ends in the best, below in the worst.
    above, below = hits > target, hits < target
    high, low = hits[above].min(), hits[below].max()
    top, bottom = passed[hits == high].max(), passed[hits == low].min()
    return float(np.interp(target, [low, high], [bottom, top]))
