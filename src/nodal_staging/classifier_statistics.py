"""Everything that is said about one classifier, in one JSON.

pROC computes what stands in ``auc`` (but for the clustered interval), the ROC points
and the band; ``agreement`` recomputes all of it. Table 1 and Figure 5 draw from this
file alone.
"""

from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from nodal_staging import agreement, clustered, metrics, proc, tables
from nodal_staging.files import write_json
from nodal_staging.labelled_scores import LabelledScores, ScoreError, read_partition
from nodal_staging.operating_points import (
    Curve,
    TieRule,
    attained,
    empirical_curve,
    interpolated_specificity,
    youden_choice,
)
from nodal_staging.seeds import named_seed, stream

FloatArray = npt.NDArray[np.float64]
Block = dict[str, Any]

GRID = np.round(np.linspace(0, 1, 101), proc.GRID_DIGITS)
"""Specificities of the band."""


def compute_statistics(
    *,
    classifier: str,
    scores: str | Path,
    nodes: str | Path | None,
    replicates: int,
    confidence_level: float,
    seed: int,
    threshold_source: str,
    youden_tie: TieRule,
    target_sensitivity: float,
    statistics: str | Path,
    roc: str | Path,
    band: str | Path,
) -> None:
    """Evaluate a classifier on the test partition.

    Parameters
    ----------
    classifier
        Name; it also selects the random streams.
    scores
        ``tables.SCORES``.
    nodes
        All measured nodes (``tables.NODES``), whose status gives the natural
        prevalence, or None where it is unknown.
    replicates, confidence_level, seed
        Of the bootstrap; the study's seed.
    threshold_source
        ``out_of_fold`` or ``test``: where the Youden threshold is chosen, unless the
        scores hold decisions.
    youden_tie, target_sensitivity
        Tie rule, and sensitivity at which specificity is reported.
    statistics, roc, band
        Outputs: JSON, ``tables.ROC`` and ``tables.BAND``.

    Raises
    ------
    ScoreError
        If the scores cannot be evaluated.
    AgreementError
        If pROC and the independent implementation disagree.
    """
    tested = read_partition(scores, "test", classifier=classifier)
    curve = empirical_curve(tested.score, tested.positive)
    engine = proc.RocCurve(tested.score, tested.positive)
    settings = {"level": confidence_level, "replicates": replicates}
    seeds = {
        name: named_seed(seed, classifier, name) for name in ("auc", "sensitivity")
    }
    auc = _auc(engine, tested, seeds["auc"], **settings)
    ribbon = engine.sensitivity_band(GRID, seed=seeds["sensitivity"], **settings)
    target = _at_target(engine, curve, target_sensitivity)
    threshold = _threshold(tested, scores, classifier, threshold_source, youden_tie)
    called = tested.calls(threshold["value"])
    counts = metrics.confusion(tested.positive, called)
    rng = stream(seed, classifier, "f1")
    content = {
        "classifier": classifier,
        "n": _sizes(tested),
        "auc": auc,
        "threshold": threshold,
        "confusion": asdict(counts),
        "metrics": _proportions(counts, confidence_level)
        | {"f1": _f1(tested, called, counts, rng, **settings)},
        "binary_auc": {"estimate": metrics.binary_auc(counts)},
        "at_target_sensitivity": target,
        "natural_prevalence": _at_natural_prevalence(counts, nodes),
        "band": {"seed": seeds["sensitivity"], "coverage": "pointwise"} | settings,
        "agreement": _agreement(
            engine, tested, curve, auc, target, ribbon, stream(seed, classifier)
        ),
    }
    write_json(statistics, content)
    _write_curve(engine, roc)
    _write_band(ribbon, band)


def _sizes(tested: LabelledScores) -> Block:
    """Count nodes by status, and patients."""
    return {
        "positive": int(tested.positive.sum()),
        "negative": int((~tested.positive).sum()),
        "patients": len(np.unique(tested.patient_id)),
    }


def _auc(
    engine: proc.RocCurve,
    tested: LabelledScores,
    seed: int,
    *,
    level: float,
    replicates: int,
) -> Block:
    """Estimate the AUC with three intervals and two standard errors."""
    bootstrap = engine.bootstrap_interval(level=level, replicates=replicates, seed=seed)
    delong = engine.delong_interval(level=level)
    area = clustered.clustered_auc(tested.score, tested.positive, tested.patient_id)
    lower, upper = clustered.logit_interval(area, level=level)
    once = {"replicates": None, "seed": None}
    drawn = {"replicates": replicates, "seed": seed}
    logit = {"lower": lower, "upper": upper, "level": level}
    estimate = engine.auc()
    return {
        "estimate": estimate,
        "direction": "<",
        "intervals": {
            "bootstrap": asdict(bootstrap) | drawn | {"engine": proc.engine()},
            "delong": asdict(delong) | once | {"engine": proc.engine()},
            "obuchowski_logit": logit
            | once
            | {"method": "obuchowski_logit", "engine": "nodal_staging"},
        },
        "standard_error": {
            "delong": agreement.delong_interval(
                tested.score, tested.positive, level=level
            )[0],
            "obuchowski": area.standard_error,
        },
        "note": _note(estimate),
    }


def _note(auc: float) -> str | None:
    """Say where the intervals of an AUC mean nothing."""
    if auc in (0.0, 1.0):
        return (
            "The classes are separated perfectly: intervals have no width and say "
            "nothing about precision."
        )
    return None


def _threshold(
    tested: LabelledScores,
    scores: str | Path,
    classifier: str,
    source: str,
    tie_rule: TieRule,
) -> Block:
    """Choose the threshold, unless the classifier has decided by itself."""
    if tested.decided is not None:
        return {
            "rule": "given",
            "source": "given",
            "value": None,
            "tie_rule": "none",
            "n_tied": 0,
            "tied": [],
        }
    chosen_on = tested if source == "test" else _tuning(scores, source, classifier)
    choice = youden_choice(
        empirical_curve(chosen_on.score, chosen_on.positive), tie_rule
    )
    return {
        "rule": "youden",
        "source": source,
        "value": choice.threshold,
        "tie_rule": tie_rule,
        "n_tied": len(choice.tied),
        "tied": list(choice.tied),
    }


def _tuning(scores: str | Path, source: str, classifier: str) -> LabelledScores:
    """Read the nodes on which the threshold is chosen."""
    try:
        return read_partition(scores, source, classifier=classifier)
    except ScoreError as error:
        raise ScoreError(
            f"no threshold can be chosen: {error}; or fill in prediction, or set "
            "statistics/threshold_source to test"
        ) from error


def _proportions(counts: metrics.Confusion, level: float) -> Block:
    """Return each metric with its counts and Wilson interval."""
    blocks = {}
    for name, (numerator, denominator) in counts.counts().items():
        interval = metrics.wilson_interval(numerator, denominator, level=level)
        lower, upper = interval or (None, None)
        blocks[name] = {
            "estimate": metrics.proportion(numerator, denominator),
            "numerator": numerator,
            "denominator": denominator,
            "lower": lower,
            "upper": upper,
            "level": level,
            "method": "wilson",
        }
    return blocks


def _f1(
    tested: LabelledScores,
    called: npt.NDArray[np.bool_],
    counts: metrics.Confusion,
    rng: np.random.Generator,
    *,
    level: float,
    replicates: int,
) -> Block:
    """Return F1, which is no proportion of nodes, with a bootstrap over patients."""
    lower, upper = clustered.f1_interval(
        tested.positive,
        called,
        tested.patient_id,
        level=level,
        replicates=replicates,
        rng=rng,
    )
    return _proportions(counts, level)["f1"] | {
        "lower": lower,
        "upper": upper,
        "method": "patient_bootstrap",
        "replicates": replicates,
    }


def _at_target(engine: proc.RocCurve, curve: Curve, target: float) -> Block:
    """Report the operating point at a sensitivity that is asked for."""
    place = attained(curve, target)
    return {
        "target": target,
        "attained": {
            "threshold": float(curve.thresholds[place]),
            "sensitivity": float(curve.sensitivities[place]),
            "specificity": float(curve.specificities[place]),
            "tp": int(curve.true_positives[place]),
            "tn": int(curve.true_negatives[place]),
        },
        "interpolated": {"specificity": engine.specificity_at(target)},
    }


def _at_natural_prevalence(
    counts: metrics.Confusion, nodes: str | Path | None
) -> Block | None:
    """Transfer PPV and NPV from the test mix to that of all measured nodes."""
    if nodes is None:
        return None
    status = tables.read(nodes, tables.NODES)["status"]
    prevalence = float((status == "positive").mean())
    ppv, npv = metrics.predictive_values(counts, prevalence)
    return {"prevalence": prevalence, "ppv": ppv, "npv": npv}


def _agreement(
    engine: proc.RocCurve,
    tested: LabelledScores,
    curve: Curve,
    auc: Block,
    target: Block,
    ribbon: FloatArray,
    rng: np.random.Generator,
) -> Block:
    """Compare all that pROC said with the independent implementation."""
