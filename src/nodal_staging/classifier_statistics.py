"""Everything that is said about one classifier, in one JSON.

pROC computes the AUC and its intervals (but for the clustered one), the ROC points
and the band; an independent implementation recomputes them. Tables and figures draw
from here, so that no number is computed twice.
"""

import logging
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from nodal_staging import agreement, clustered, proc, tables
from nodal_staging.cross_check import ProcResults, ask_proc, compare_with_proc
from nodal_staging.decision_statistics import choose_threshold, describe_decisions
from nodal_staging.files import write_json
from nodal_staging.labelled_scores import LabelledScores, read_partition
from nodal_staging.operating_points import (
    TieRule,
    attained,
    empirical_curve,
)
from nodal_staging.seeds import named_seed, stream

Block = dict[str, Any]

logger = logging.getLogger(__name__)

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
    results = ask_proc(
        tested.score,
        tested.positive,
        grid=GRID,
        target=target_sensitivity,
        level=confidence_level,
        replicates=replicates,
        auc_seed=named_seed(seed, classifier, "auc"),
        band_seed=named_seed(seed, classifier, "band"),
    )
    checked = compare_with_proc(
        results,
        tested.score,
        tested.positive,
        rng=stream(seed, classifier, "agreement"),
    )
    threshold = choose_threshold(
        tested,
        scores,
        classifier=classifier,
        source=threshold_source,
        tie_rule=youden_tie,
    )
    decisions = describe_decisions(
        tested,
        tested.calls(threshold["value"]),
        prevalence=None if nodes is None else _prevalence(nodes),
        level=confidence_level,
        replicates=replicates,
        seed=named_seed(seed, classifier, "f1"),
    )
    content = {
        "classifier": classifier,
        "n": _sizes(tested),
        "auc": _auc(results, tested),
        "threshold": threshold,
        "at_target_sensitivity": _at_target(results, tested),
        "band": _band(results),
        "agreement": checked,
        **decisions,
    }
    write_json(statistics, content)
    logger.info("%s: AUC %.4f, checked: %s", classifier, results.auc, checked)
    _write_tables(results, roc, band)


def _sizes(tested: LabelledScores) -> Block:
    """Count nodes by status, and patients."""
    return {
        "positive": int(tested.positive.sum()),
        "negative": int((~tested.positive).sum()),
        "patients": len(np.unique(tested.patient_id)),
    }


def _auc(results: ProcResults, tested: LabelledScores) -> Block:
    """Report the AUC with three intervals and two standard errors."""
    level = results.bootstrap.level
    area = clustered.clustered_auc(tested.score, tested.positive, tested.patient_id)
    lower, upper = clustered.logit_interval(area, level=level)
    logit = proc.Interval(lower, upper, level, f"{area.variance}_logit")
    error, _, _ = agreement.delong_interval(tested.score, tested.positive, level=level)
    engine = proc.engine()
    return {
        "estimate": results.auc,
        "direction": "<",
        "intervals": {
            "bootstrap": _interval(
                results.bootstrap, engine, results.replicates, results.auc_seed
            ),
            "delong": _interval(results.delong, engine),
            "obuchowski_logit": _interval(logit, "nodal_staging"),
        },
        "standard_error": {"delong": error, "obuchowski": area.standard_error},
        "note": _note(error, area),
    }


def _interval(
    interval: proc.Interval,
    engine: str,
    replicates: int | None = None,
    seed: int | None = None,
) -> Block:
    """Write down an interval and all that is needed to repeat it."""
    origin = {"engine": engine, "replicates": replicates, "seed": seed}
    return asdict(interval) | origin


def _note(error: float, area: clustered.ClusteredArea) -> str | None:
    """Say where an interval of the AUC is not what it seems."""
    if error == 0:
        return (
            "Every resampling of these nodes gives the same area: intervals have no "
            "width and say nothing about precision."
        )
    if area.variance == "delong":
        return (
            "Too few patients: Obuchowski's variance is not positive, DeLong's "
            "stands in for it."
        )
    return None


def _at_target(results: ProcResults, tested: LabelledScores) -> Block:
    """Report the operating point at a sensitivity that is asked for."""
    curve = empirical_curve(tested.score, tested.positive)
    place = attained(curve, results.target)
    return {
        "target": results.target,
        "attained": {
            "threshold": float(curve.thresholds[place]),
            "sensitivity": float(curve.sensitivities[place]),
            "specificity": float(curve.specificities[place]),
            "tp": int(curve.true_positives[place]),
            "tn": int(curve.true_negatives[place]),
        },
        "interpolated": {"specificity": results.specificity_at_target},
    }


def _prevalence(nodes: str | Path) -> float:
    """Return the share of positive nodes among all that were measured."""
    status = tables.read(nodes, tables.NODES)["status"]
    return float((status == "positive").mean())


def _band(results: ProcResults) -> Block:
    """Say how the band was made; it holds at each specificity, not at all at once."""
    return {
        "coverage": "pointwise",
        "level": results.bootstrap.level,
        "replicates": results.replicates,
        "seed": results.band_seed,
    }


def _write_tables(results: ProcResults, roc: str | Path, band: str | Path) -> None:
    """Write the operating points and the band of sensitivities, as pROC has them."""
    points = pd.DataFrame(
        {
            "threshold": results.thresholds,
            "sensitivity": results.sensitivities,
            "specificity": results.specificities,
        }
    )
    ribbon = pd.DataFrame(results.band, columns=["lower", "median", "upper"])
    ribbon.insert(0, "specificity", results.grid)
    tables.write(points, roc, tables.ROC)
    tables.write(ribbon, band, tables.BAND)
