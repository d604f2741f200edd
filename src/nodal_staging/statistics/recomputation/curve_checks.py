"""Tables of curves and groups, computed a second time."""

from collections.abc import Iterator

import numpy as np
import pandas as pd

from nodal_staging.statistics.recomputation import second_estimates as second
from nodal_staging.statistics.recomputation.end_checks import (
    interval_ends,
    of_agreement,
)
from nodal_staging.statistics.recomputation.ledger import Ledger, Written
from nodal_staging.statistics.recomputation.scored_nodes import Nodes, Scores
from nodal_staging.statistics.recomputation.second_draws import GENERATOR, Drawn, limits
from nodal_staging.statistics.recomputation.ways import COUNTS, WILSON, Block
from nodal_staging.statistics.recomputation.weighted_scores import (
    log_odds_of,
    mix_weights,
    probability_at,
)

TIED = 1e-12


def check_curve(frame: pd.DataFrame, name: str, test: Nodes, ledger: Ledger) -> None:
    """Count at every threshold of the ROC curve."""
    cases, controls = test.score[test.positive], test.score[~test.positive]
    for row in _rows(frame, "statistics/roc/<classifier>.tsv", name, ledger):
        cut = float(row.numbers["threshold"] or 0)
        row.ignore(["threshold"])
        row.same("sensitivity", float(np.mean(cases >= cut)), COUNTS)
        row.same("specificity", float(np.mean(controls < cut)), COUNTS)


def leave_band(frame: pd.DataFrame, name: str, one: Block, ledger: Ledger) -> None:
    """Say that the band was compared by the job that wrote it."""
    for row in _rows(frame, "statistics/band/<classifier>.tsv", name, ledger):
        row.ignore(["specificity"])
        row.leave(["lower", "upper"], *of_agreement(one))
        row.close("not printed")


def _rows(
    frame: pd.DataFrame, kind: str, name: str, ledger: Ledger
) -> Iterator[Written]:
    """Yield the numbers of every row of a table."""
    for place, row in enumerate(frame.to_dict("records"), start=1):
        yield Written.of_row(ledger, kind, f"{name}, row {place}", row)


def check_groups(
    frame: pd.DataFrame, scores: Scores, test: Nodes, ledger: Ledger
) -> None:
    """Form the reliability groups again."""
    if frame.empty:
        return
    block = scores.statistics["calibration"]
    odds, level = log_odds_of(test.score), block["mixes"]["test"]["brier"]["level"]
    kind, by = "statistics/calibration/<classifier>.tsv", "sorted scores (NumPy)"
    for mix, rows in frame.groupby("mix", sort=False):
        prevalence = block["mixes"][mix]["prevalence"]
        chance = probability_at(test.score, block["prior"], prevalence)
        weight = mix_weights(test, prevalence)
        own = test.positive.mean()
        ratio = (prevalence / (1 - prevalence)) / (own / (1 - own))
        for written, row in zip(
            _rows(rows, kind, f"{scores.name}, {mix}", ledger),
            rows.to_dict("records"),
            strict=True,
        ):
            # Its own limits say which nodes a group has; they must be all of them.
            members = (chance >= row["lowest"] - 1e-15) & (
                chance <= row["highest"] + 1e-15
            )
            n, positives = int(members.sum()), int(test.positive[members].sum())
            written.same("n", n, by)
            written.same("positives", positives, by)
            written.same("lowest", float(chance[members].min()), by)
            written.same("highest", float(chance[members].max()), by)
            mean = (chance * weight)[members].sum() / weight[members].sum()
            written.same("mean_predicted", float(mean), by)
            for end, share in zip(
                ("observed", "lower", "upper"),
                (positives / n, *second.wilson(positives, n, level)),
                strict=True,
            ):
                moved = share * ratio / (share * ratio + 1 - share)
                written.same(end, moved, WILSON if end != "observed" else by)
            written.ignore(["group"])
            written.close()
        if int(rows["n"].sum()) != len(odds):
            ledger_row = Written(
                ledger, kind, f"{scores.name}, {mix}", {"n": rows["n"].sum()}
            )
            ledger_row.same("n", len(odds), "all test nodes")


def check_benefit(
    frame: pd.DataFrame, scores: Scores, test: Nodes, ledger: Ledger, drawn: Drawn
) -> dict[str, float]:
    """Compare net benefit at every threshold; return the paths of useful ranges."""
    block = scores.statistics["decision_curve"]
    share, rule = block["prevalence"], block["rule"]
    prior = scores.statistics["calibration"]["prior"]
    chance = (
        np.round(probability_at(test.score, prior, share), 12)
        if rule == "probability"
        else None
    )
    m, n = int(test.positive.sum()), int((~test.positive).sum())
    drawn_m, drawn_n = drawn.sums(test.positive, ~test.positive)
    by = "counts at each threshold (NumPy)"
    margins: list[float] = []
    steps: list[float] = []
    kind = "statistics/decision_curve/<classifier>.tsv"
    for written in _rows(frame, kind, scores.name, ledger):
        t = float(written.numbers["threshold_probability"] or 0)
        acted = test.called if chance is None else np.asarray(chance >= t)
        tp, fp = int((acted & test.positive).sum()), int((acted & ~test.positive).sum())
        price = t / (1 - t)
        benefit = share * tp / m - (1 - share) * price * fp / n
        everybody = share - (1 - share) * price
        for name, value in (
            ("tp", tp),
            ("fp", fp),
            ("sensitivity", tp / m),
            ("specificity", 1 - fp / n),
            ("net_benefit", benefit),
            ("treat_all", everybody),
            ("treat_none", 0.0),
        ):
            written.same(name, value, by)
        hits, alarms = drawn.sums(acted & test.positive, acted & ~test.positive)
        values = share * hits / drawn_m - (1 - share) * price * alarms / drawn_n
        for end, probability in interval_ends(block["level"]):
            written.within(
                end, *limits(values, probability, block["replicates"]), GENERATOR
            )
        written.ignore(["threshold_probability"])
        steps.append(t)
        margins.append(benefit - max(everybody, 0.0))
    if any(0 < abs(margin) < TIED for margin in margins):
        # Rounding decides on which side such a threshold falls.
        return {}
    return _ranges(steps, [margin > 0 for margin in margins])


def _ranges(steps: list[float], better: list[bool]) -> dict[str, float]:
    """Return first and last of each run of true values, by path of the JSON."""
    found: list[list[float]] = []
    for place, (step, one) in enumerate(zip(steps, better, strict=True)):
        if one and (not place or not better[place - 1]):
            found.append([step, step])
        elif one:
            found[-1][1] = step
    return {
        f"decision_curve/useful/{k}/{side}": ends[side]
        for k, ends in enumerate(found)
        for side in (0, 1)
    }
