"""Statistics of a classifier with the options of a small study."""

import json
from pathlib import Path
from typing import Any

from nodal_staging.classifiers.labelled_scores import ScoredClassifier
from nodal_staging.estimates.patient_bootstrap import BootstrapOptions
from nodal_staging.statistics.classifier import (
    CurveOptions,
    StatisticsFiles,
    compute_statistics,
)
from nodal_staging.statistics.probabilities import Prevalences, ProbabilityOptions
from nodal_staging.statistics.youden_threshold import ThresholdRule
from nodal_staging.study.classifier_names import is_probability


def evaluate(
    *,
    classifier: str,
    scores: str | Path,
    nodes: str | Path | None = None,
    replicates: int = 200,
    confidence_level: float = 0.95,
    seed: int = 1,
    threshold_source: str = "out_of_fold",
    youden_tie: str = "lowest",
    target_sensitivity: float = 0.9,
    bootstrap_engine: str = "replayed",
    band_floor: str = "none",
    prevalences: tuple[float, ...] = (),
    reliability_groups: int = 10,
    probability: bool | None = None,
    score_prevalence: float = 0.5,
    **outputs: str | Path,
) -> None:
    """Compute the statistics of a file of scores as a rule of the workflow does.

    ``outputs`` are those of ``StatisticsFiles``; other keywords are named as in the
    configuration.
    """
    meant = is_probability(classifier) if probability is None else probability
    compute_statistics(
        ScoredClassifier.read(classifier, scores),
        bootstrap=BootstrapOptions(replicates, confidence_level, seed),
        threshold=ThresholdRule(threshold_source, youden_tie),
        curve=CurveOptions(target_sensitivity, bootstrap_engine, band_floor),
        probabilities=ProbabilityOptions(meant, score_prevalence, reliability_groups),
        prevalences=(
            Prevalences(given=prevalences)
            if nodes is None
            else Prevalences.read(nodes, prevalences)
        ),
        outputs=StatisticsFiles(**outputs),
    )


TABLES = {
    "roc": "roc",
    "band": "band",
    "calibration": "calibration",
    "decision_curve": "decision",
}
"""Outputs of ``StatisticsFiles`` and the end of their names in a folder of tests."""


def evaluate_into(
    folder: Path, classifier: str, scores: str | Path, **options: Any
) -> dict[str, Any]:
    """Evaluate scores, write all outputs to a folder and return the statistics.

    ``options`` are those of ``evaluate``.
    """
    statistics = folder / f"{classifier}.json"
    outputs = {key: folder / f"{classifier}.{end}.tsv" for key, end in TABLES.items()}
    evaluate(
        classifier=classifier,
        scores=scores,
        statistics=statistics,
        **outputs,
        **options,
    )
    found: dict[str, Any] = json.loads(statistics.read_text())
    return found
