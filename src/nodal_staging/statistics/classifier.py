"""All statistics of one classifier, in one JSON file.

pROC computes the AUC and its intervals (but for the clustered one), the ROC points
and the band; an independent implementation recomputes them. Tables and figures read
these files, so that no number is computed twice.
"""

import logging
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from nodal_staging import tables
from nodal_staging.classifiers.labelled_scores import LabelledScores, ScoredClassifier
from nodal_staging.estimates.patient_bootstrap import BootstrapOptions, PatientBootstrap
from nodal_staging.statistics import proc, roc
from nodal_staging.statistics.calibration import CALIBRATION, describe_calibration
from nodal_staging.statistics.cross_check import (
    ProcResults,
    ask_proc,
    compare_with_proc,
)
from nodal_staging.statistics.decision_curve import (
    DECISION_CURVE,
    describe_decision_curve,
)
from nodal_staging.statistics.decisions import describe_decisions
from nodal_staging.statistics.optimism import show_optimism
from nodal_staging.statistics.precision_recall import describe_average_precision
from nodal_staging.statistics.probabilities import Prevalences, ProbabilityOptions
from nodal_staging.statistics.proc_bootstrap import BootstrapSettings, Engine
from nodal_staging.statistics.youden_threshold import ThresholdRule, choose_threshold
from nodal_staging.study.files import write_json
from nodal_staging.study.seeds import named_seed, stream

Block = dict[str, Any]

logger = logging.getLogger(__name__)

GRID = np.round(np.linspace(0, 1, 101), proc.GRID_DIGITS)
"""Specificities of the band."""


@dataclass(frozen=True, slots=True)
class CurveOptions:
    """What is reported along the ROC curve.

    Attributes
    ----------
    target_sensitivity
        Sensitivity at which specificity is reported.
    engine
        ``replayed`` or ``proc``, see ``proc_bootstrap``.
    band_floor
        ``wilson`` limits the lower end of the band, ``none`` leaves it.
    """

    target_sensitivity: float
    engine: Engine = "replayed"
    band_floor: roc.Floor = "none"


@dataclass(frozen=True, slots=True)
class StatisticsFiles:
    """Outputs of one classifier.

    Attributes
    ----------
    statistics, roc, band
        JSON, ``tables.ROC`` and ``tables.BAND``.
    calibration, decision_curve
        ``CALIBRATION`` and ``DECISION_CURVE``; not written where None.
    """

    statistics: str | Path
    roc: str | Path
    band: str | Path
    calibration: str | Path | None = None
    decision_curve: str | Path | None = None


def compute_statistics(
    classifier: ScoredClassifier,
    *,
    bootstrap: BootstrapOptions,
    threshold: ThresholdRule,
    curve: CurveOptions,
    probabilities: ProbabilityOptions,
    prevalences: Prevalences,
    outputs: StatisticsFiles,
) -> None:
    """Evaluate a classifier on the test partition.

    Parameters
    ----------
    classifier
        Its scores; its name also selects the random streams.
    bootstrap
        Replicates, confidence level and the seed of the study.
    threshold
        Where the threshold is chosen, unless the scores hold decisions.
    curve
        Points of the ROC curve, and who computes replicates.
    probabilities
        How the scores are taken as probabilities.
    prevalences
        At which PPV, NPV, calibration and net benefit are reported.
    outputs
        Files to write.

    Raises
    ------
    ScoreError
        If the scores cannot be evaluated.
    AgreementError
        If pROC and the independent implementation disagree.
    """
    name, tested = classifier.name, classifier.test
    results = ask_proc(
        tested, _bootstrap_settings(name, curve, bootstrap), engine=curve.engine
    )
    checked = compare_with_proc(
        results, tested, rng=stream(bootstrap.seed, name, "agreement")
    )
    chosen = choose_threshold(classifier, threshold)
    called = tested.calls(chosen["value"])
    drawn = PatientBootstrap(
        tested.positive,
        tested.patient_id,
        replace(bootstrap, seed=named_seed(bootstrap.seed, name, "patients")),
    )
    shared: dict[str, Any] = {
        "options": probabilities,
        "natural": prevalences.natural,
        "drawn": drawn,
    }
    calibrated, reliability = describe_calibration(tested, **shared)
    benefit, benefit_curve = describe_decision_curve(tested, called, **shared)
    floor = roc.band_floor(results, int(tested.positive.sum()), curve.band_floor)
    content = {
        "classifier": name,
        "n": _sizes(tested),
        "auc": roc.describe_area(results, tested),
        "threshold": chosen,
        "optimism": show_optimism(
            classifier,
            tie_rule=threshold.tie_rule,
            rng=stream(bootstrap.seed, name, "optimism"),
        ),
        "at_target_sensitivity": roc.describe_target(results, tested),
        "band": roc.describe_band(results, floor),
        "average_precision": describe_average_precision(
            tested, prevalences.natural, drawn
        ),
        "calibration": calibrated,
        "decision_curve": benefit,
        "agreement": checked
        | {
            "replay_difference": results.replay_difference,
            "repeated_replicates": results.repeated,
        },
        **describe_decisions(tested, called, prevalences, drawn),
    }
    write_json(outputs.statistics, content)
    logger.info("%s: AUC %.4f, checked: %s", name, results.auc, checked)
    _write_curves(results, floor, outputs)
    if outputs.calibration is not None:
        tables.write(reliability, outputs.calibration, CALIBRATION)
    if outputs.decision_curve is not None:
        tables.write(benefit_curve, outputs.decision_curve, DECISION_CURVE)


def _bootstrap_settings(
    name: str, curve: CurveOptions, bootstrap: BootstrapOptions
) -> BootstrapSettings:
    """Return the settings for band, target and area, each with its own seed."""
    return BootstrapSettings(
        GRID,
        curve.target_sensitivity,
        bootstrap.level,
        bootstrap.replicates,
        {
            what: named_seed(bootstrap.seed, name, what)
            for what in ("auc", "band", "specificity")
        },
    )


def _write_curves(
    results: ProcResults, floor: float | None, outputs: StatisticsFiles
) -> None:
    """Write operating points and band."""
    tables.write(roc.curve_table(results), outputs.roc, tables.ROC)
    tables.write(roc.band_table(results, floor), outputs.band, tables.BAND)


def _sizes(tested: LabelledScores) -> Block:
    """Count nodes by status, and patients."""
    return {name.removeprefix("n_"): count for name, count in tested.sizes.items()}
