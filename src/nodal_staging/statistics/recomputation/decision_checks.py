"""Decisions at the threshold and their shares, computed a second time."""

from collections.abc import Mapping

import numpy as np

from nodal_staging.statistics.recomputation import second_estimates as second
from nodal_staging.statistics.recomputation.end_checks import (
    check_ends,
    check_intervals,
    interval_ends,
)
from nodal_staging.statistics.recomputation.ledger import Written
from nodal_staging.statistics.recomputation.scored_nodes import Nodes
from nodal_staging.statistics.recomputation.second_draws import GENERATOR, Drawn, limits
from nodal_staging.statistics.recomputation.threshold_checks import accuracies_of
from nodal_staging.statistics.recomputation.ways import (
    COUNTS,
    WILSON,
    Block,
    FloatArray,
)


def check_decisions(written: Written, one: Block, test: Nodes, drawn: Drawn) -> None:
    """Compare counts, shares with their intervals, and predictive values."""
    counts = test.counts()
    for name, number in counts.items():
        written.same(f"confusion/{name}", number, COUNTS)
    placed = second.Placed.of(test.called.astype(float), test.positive, test.patient)
    balanced = accuracies_of(counts)["balanced_accuracy"]
    written.same("binary_auc/estimate", balanced, COUNTS)
    check_intervals(written, "binary_auc", one["binary_auc"], placed)
    resampled = _resampled(drawn, test)
    for name, (part, whole) in _shares(counts).items():
        _check_share(written, name, (part, whole), one["metrics"][name])
        check_ends(
            written,
            f"metrics/{name}/patient_bootstrap",
            one["metrics"][name]["patient_bootstrap"],
            resampled[name],
            _units(test, name),
        )
    block = one["metrics"]["f1"]
    for end, probability in interval_ends(block["level"]):
        written.within(
            f"metrics/f1/{end}",
            *limits(resampled["f1"], probability, block["replicates"]),
            GENERATOR,
        )
    _check_predictive_values(written, one, counts, resampled)


def _shares(counts: Mapping[str, int]) -> dict[str, tuple[int, int]]:
    tp, fn, tn, fp = (counts[name] for name in ("tp", "fn", "tn", "fp"))
    return {
        "accuracy": (tp + tn, tp + fn + tn + fp),
        "sensitivity": (tp, tp + fn),
        "specificity": (tn, tn + fp),
        "ppv": (tp, tp + fp),
        "npv": (tn, tn + fn),
        "f1": (2 * tp, 2 * tp + fp + fn),
    }


def _check_share(
    written: Written, name: str, share: tuple[int, int], block: Block
) -> None:
    """Compare a share, its counts and Wilson's interval."""
    part, whole = share
    start = f"metrics/{name}"
    written.same(f"{start}/numerator", part, COUNTS)
    written.same(f"{start}/denominator", whole, COUNTS)
    written.same(f"{start}/estimate", part / whole if whole else None, COUNTS)
    if name == "f1":
        return
    ends = second.wilson(part, whole, block["level"]) if whole else (None, None)
    for end, value in zip(("lower", "upper"), ends, strict=True):
        written.same(f"{start}/{end}", value, WILSON)


def _units(test: Nodes, name: str) -> int | None:
    """Count the patients of whom a share has nodes."""
    among = {
        "accuracy": np.ones(len(test.called), bool),
        "sensitivity": test.positive,
        "specificity": ~test.positive,
        "ppv": test.called,
        "npv": ~test.called,
    }
    return len(set(test.patient[among[name]])) if name in among else None


def _resampled(drawn: Drawn, test: Nodes) -> dict[str, FloatArray]:
    """Return the metrics of every draw; NaN where nothing is to divide by."""
    positive, called = test.positive, test.called
    tp, fn, tn, fp = drawn.sums(
        positive & called, positive & ~called, ~positive & ~called, ~positive & called
    )
    with np.errstate(divide="ignore", invalid="ignore"):
        return {
            "accuracy": (tp + tn) / (tp + fn + tn + fp),
            "sensitivity": tp / (tp + fn),
            "specificity": tn / (tn + fp),
            "ppv": tp / (tp + fp),
            "npv": tn / (tn + fn),
            "f1": 2 * tp / (2 * tp + fp + fn),
        }


def _check_predictive_values(
    written: Written,
    one: Block,
    counts: Mapping[str, int],
    resampled: Mapping[str, FloatArray],
) -> None:
    """Compare PPV and NPV at prevalences, by odds and likelihood ratios."""
    hit = counts["tp"] / (counts["tp"] + counts["fn"])
    passed = counts["tn"] / (counts["tn"] + counts["fp"])
    by = "odds and likelihood ratios (NumPy)"
    blocks = [(f"at_prevalence/{k}", b) for k, b in enumerate(one["at_prevalence"])]
    for start, block in blocks:
        share = block["prevalence"]
        values = _bayes(resampled["sensitivity"], resampled["specificity"], share)
        estimates = _bayes(np.array([hit]), np.array([passed]), share)
        for name in ("ppv", "npv"):
            written.same(f"{start}/{name}/estimate", float(estimates[name][0]), by)
            check_ends(written, f"{start}/{name}", block[name], values[name])
    natural = one["natural_prevalence"]
    if natural is not None:
        estimates = _bayes(np.array([hit]), np.array([passed]), natural["prevalence"])
        for name in ("ppv", "npv"):
            written.same(f"natural_prevalence/{name}", float(estimates[name][0]), by)


def _bayes(hit: FloatArray, passed: FloatArray, share: float) -> dict[str, FloatArray]:
    """Return predictive values from odds; NaN where no node is called so."""
    odds = share / (1 - share)
    with np.errstate(divide="ignore", invalid="ignore"):
        above = odds * hit / (1 - passed)
        below = (1 - hit) * odds / passed
        ppv = np.where(np.isinf(above), 1.0, above / (1 + above))
        npv = np.where(np.isinf(below), 0.0, 1 / (1 + below))
    return {"ppv": ppv, "npv": npv}
