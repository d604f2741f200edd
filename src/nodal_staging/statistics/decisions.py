"""Counts, metrics and predictive values of nodes called positive or negative."""

from collections.abc import Iterator
from dataclasses import asdict
from typing import Any

import numpy as np

from nodal_staging.classifiers.labelled_scores import LabelledScores
from nodal_staging.estimates import proportions
from nodal_staging.estimates.patient_bootstrap import PatientBootstrap
from nodal_staging.statistics.probabilities import Prevalences
from nodal_staging.statistics.roc import describe_binary_area
from nodal_staging.study.arrays import BoolArray, FloatArray

Block = dict[str, Any]

NO_WIDTH = "every replicate gives this value: the interval does not measure precision"


def describe_decisions(
    tested: LabelledScores,
    called: BoolArray,
    prevalences: Prevalences,
    drawn: PatientBootstrap,
) -> Block:
    """Return counts, metrics with intervals, and predictive values at prevalences.

    Parameters
    ----------
    tested, called
        The test partition, and which of its nodes are called positive ``(n,)``.
    prevalences
        At which PPV and NPV are reported.
    drawn
        Patients of the test partition; its level is that of every interval.
    """
    counts = proportions.confusion(tested.positive, called)
    resampled = _resampled(drawn, tested.positive, called)
    options = drawn.options
    level = options.level
    blocks = {
        name: _share(numerator, denominator, level)
        for name, (numerator, denominator) in counts.counts().items()
    }
    units = _units(tested, called)
    for name, values in _metrics(resampled).items():
        blocks[name]["patient_bootstrap"] = _over_patients(
            blocks[name]["estimate"], values, drawn, units.get(name)
        )
    # F1 is no share of nodes, so Wilson's interval does not apply.
    of_f1 = blocks["f1"]["patient_bootstrap"]
    blocks["f1"] |= {
        "lower": of_f1["lower"],
        "upper": of_f1["upper"],
        "method": "patient_bootstrap",
        "replicates": options.replicates,
        "seed": options.seed,
    }
    return {
        "confusion": asdict(counts),
        "metrics": blocks,
        "binary_auc": describe_binary_area(tested, called, level=level),
        "natural_prevalence": _at_prevalence(counts, prevalences.natural),
        "at_prevalence": [
            _with_intervals(counts, resampled, drawn, share, origin)
            for share, origin in _asked(prevalences)
        ],
    }


def _units(tested: LabelledScores, called: BoolArray) -> dict[str, int]:
    """Count the patients of whom each share has nodes; F1 is no share of nodes."""
    among = {
        "accuracy": np.ones(len(called), bool),
        "sensitivity": tested.positive,
        "specificity": ~tested.positive,
        "ppv": called,
        "npv": ~called,
    }
    return {
        name: len(np.unique(tested.patient_id[members]))
        for name, members in among.items()
    }


def _over_patients(
    estimate: float | None,
    values: FloatArray,
    drawn: PatientBootstrap,
    patients: int | None,
) -> Block:
    """Return the percentile interval, or the exact bound of a share of 0 or 1."""
    lower, upper = drawn.interval(values)
    method = "patient_bootstrap"
    if estimate in (0, 1) and lower == upper and patients:
        bound = proportions.unanimous_bound(patients, drawn.options.level)
        lower, upper = (bound, 1.0) if estimate else (0.0, 1 - bound)
        method = "exact_bound_patients"
    return {
        "lower": lower,
        "upper": upper,
        "method": method,
        "replicates": drawn.options.replicates,
        "seed": drawn.options.seed,
        "undefined": int(np.isnan(values).sum()),
    }


def _asked(prevalences: Prevalences) -> Iterator[tuple[float, str]]:
    """Yield each prevalence and where it comes from."""
    if prevalences.natural is not None:
        yield prevalences.natural, "natural"
    for share in prevalences.given:
        yield share, "given"


def _resampled(
    drawn: PatientBootstrap, positive: BoolArray, called: BoolArray
) -> dict[str, FloatArray]:
    """Return the counts of every replicate by name ``(b,)``."""
    columns = {
        "tp": positive & called,
        "fn": positive & ~called,
        "tn": ~positive & ~called,
        "fp": ~positive & called,
    }
    sums = drawn.sums(list(columns.values()))
    return dict(zip(columns, sums.T, strict=True))


def _metrics(resampled: dict[str, FloatArray]) -> dict[str, FloatArray]:
    """Return the metrics of every replicate; NaN where nothing is to divide by."""
    tp, fn, tn, fp = (resampled[name] for name in ("tp", "fn", "tn", "fp"))
    return {
        "accuracy": _ratio(tp + tn, tp + fn + tn + fp),
        "sensitivity": _ratio(tp, tp + fn),
        "specificity": _ratio(tn, tn + fp),
        "ppv": _ratio(tp, tp + fp),
        "npv": _ratio(tn, tn + fn),
        "f1": _ratio(2 * tp, 2 * tp + fp + fn),
    }


def _ratio(numerator: FloatArray, denominator: FloatArray) -> FloatArray:
    """Divide where there is something to divide by."""
    nothing = denominator == 0
    return np.where(nothing, np.nan, numerator / np.where(nothing, 1, denominator))


def _with_intervals(
    counts: proportions.Confusion,
    resampled: dict[str, FloatArray],
    drawn: PatientBootstrap,
    prevalence: float,
    origin: str,
) -> Block:
    """Transfer PPV and NPV to a prevalence, with intervals over patients."""
    rates = _metrics(resampled)
    hit, passed = rates["sensitivity"], rates["specificity"]
    true = (hit * prevalence, passed * (1 - prevalence))
    false = ((1 - passed) * (1 - prevalence), (1 - hit) * prevalence)
    block: Block = {"prevalence": prevalence, "origin": origin}
    estimates = proportions.predictive_values(counts, prevalence)
    for name, estimate, t, f in zip(
        ("ppv", "npv"), estimates, true, false, strict=True
    ):
        lower, upper = drawn.interval(_ratio(t, t + f))
        block[name] = {
            "estimate": estimate,
            "lower": lower if estimate is not None else None,
            "upper": upper if estimate is not None else None,
            **drawn.options.described(),
            "note": NO_WIDTH if lower is not None and lower == upper else None,
        }
    return block


def _share(numerator: int, denominator: int, level: float) -> Block:
    """Return a share of nodes with its counts and Wilson interval."""
    interval = proportions.wilson_interval(numerator, denominator, level=level)
    lower, upper = interval or (None, None)
    return {
        "estimate": proportions.proportion(numerator, denominator),
        "numerator": numerator,
        "denominator": denominator,
        "lower": lower,
        "upper": upper,
        "level": level,
        "method": "wilson",
    }


def _at_prevalence(
    counts: proportions.Confusion, prevalence: float | None
) -> Block | None:
    """Transfer PPV and NPV from the mix of the test set."""
    if prevalence is None:
        return None
    ppv, npv = proportions.predictive_values(counts, prevalence)
    return {"prevalence": prevalence, "ppv": ppv, "npv": npv}
