"""Everything that is said about one classifier, in one JSON.

pROC computes the AUC and its intervals (but for the clustered one), the ROC points
and the band; an independent implementation recomputes them. Tables and figures draw
from here, so that no number is computed twice.
"""

import logging
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from nodal_staging import tables
from nodal_staging.classifiers.labelled_scores import LabelledScores, read_partition
from nodal_staging.estimates.curve import TieRule
from nodal_staging.estimates.patient_bootstrap import PatientBootstrap
from nodal_staging.statistics import proc
from nodal_staging.statistics import roc as area_statistics
from nodal_staging.statistics.calibration import CALIBRATION, describe_calibration
from nodal_staging.statistics.cross_check import ask_proc, compare_with_proc
from nodal_staging.statistics.decision_curve import (
    DECISION_CURVE,
    describe_decision_curve,
)
from nodal_staging.statistics.decisions import choose_threshold, describe_decisions
from nodal_staging.statistics.optimism import show_optimism
from nodal_staging.statistics.proc_bootstrap import Engine
from nodal_staging.study.classifier_names import is_probability
from nodal_staging.study.files import write_json
from nodal_staging.study.seeds import named_seed, stream

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
    calibration: str | Path | None = None,
    decision_curve: str | Path | None = None,
    bootstrap_engine: Engine = "replayed",
    band_floor: area_statistics.Floor = "none",
    prevalences: Sequence[float] = (),
    reliability_groups: int = 10,
    probability: bool | None = None,
    score_prevalence: float = 0.5,
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
    statistics, roc, band, calibration, decision_curve
        Outputs: JSON, ``tables.ROC``, ``tables.BAND``, ``CALIBRATION`` and
        ``DECISION_CURVE``; the last two are left out where they are None.
    bootstrap_engine
        ``replayed`` or ``proc``, see ``proc_bootstrap``.
    band_floor
        ``wilson`` holds down the lower limit of the band, ``none`` leaves it.
    prevalences
        At which PPV and NPV are asked for, beside the natural one.
    reliability_groups
        Of the calibration.
    probability, score_prevalence
        Whether the scores are meant as probabilities (None: by the name), and the
        share of positive nodes that they take for granted.

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
        specificity_seed=named_seed(seed, classifier, "specificity"),
        engine=bootstrap_engine,
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
    called = tested.calls(threshold["value"])
    natural = None if nodes is None else _prevalence(nodes)
    patients_seed = named_seed(seed, classifier, "patients")
    decisions = describe_decisions(
        tested,
        called,
        prevalence=natural,
        level=confidence_level,
        replicates=replicates,
        seed=patients_seed,
        prevalences=prevalences,
    )
    meant = is_probability(classifier) if probability is None else probability
    shared: dict[str, Any] = {
        "meant": meant,
        "prior": score_prevalence,
        "natural": natural,
        "level": confidence_level,
        "drawn": PatientBootstrap(
            tested.positive, tested.patient_id, replicates, patients_seed
        ),
    }
    calibrated, reliability = describe_calibration(
        tested, groups=reliability_groups, **shared
    )
    benefit, benefit_curve = describe_decision_curve(tested, called, **shared)
    floor = area_statistics.band_floor(results, int(tested.positive.sum()), band_floor)
    content = {
        "classifier": classifier,
        "n": _sizes(tested),
        "auc": area_statistics.describe_area(results, tested),
        "threshold": threshold,
        "optimism": show_optimism(
            tested,
            scores,
            classifier=classifier,
            tie_rule=youden_tie,
            rng=stream(seed, classifier, "optimism"),
        ),
        "at_target_sensitivity": area_statistics.describe_target(results, tested),
        "band": area_statistics.describe_band(results, floor),
        "calibration": calibrated,
        "decision_curve": benefit,
        "agreement": checked | {"replay_difference": results.replay_difference},
        **decisions,
    }
    write_json(statistics, content)
    logger.info("%s: AUC %.4f, checked: %s", classifier, results.auc, checked)
    tables.write(area_statistics.curve_table(results), roc, tables.ROC)
    tables.write(area_statistics.band_table(results, floor), band, tables.BAND)
    if calibration is not None:
        tables.write(reliability, calibration, CALIBRATION)
    if decision_curve is not None:
        tables.write(benefit_curve, decision_curve, DECISION_CURVE)


def _sizes(tested: LabelledScores) -> Block:
    """Count nodes by status, and patients."""
    return {
        "positive": int(tested.positive.sum()),
        "negative": int((~tested.positive).sum()),
        "patients": len(np.unique(tested.patient_id)),
    }


def _prevalence(nodes: str | Path) -> float:
    """Return the share of positive nodes among all that were measured."""
    status = tables.read(nodes, tables.NODES)["status"]
    return float((status == "positive").mean())
