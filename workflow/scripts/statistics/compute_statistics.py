"""Evaluate classifiers on the test set."""

from typing import TYPE_CHECKING

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
from nodal_staging.study.jobs import job_log

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

with job_log(snakemake.log[0], code=snakemake.params.code):
    prevalences = Prevalences.read(snakemake.input.nodes, snakemake.params.prevalences)
    for place, name in enumerate(snakemake.params.classifiers):
        meant = snakemake.params.scores_of[place]
        compute_statistics(
            ScoredClassifier.read(name, snakemake.input.scores[place]),
            bootstrap=BootstrapOptions(
                snakemake.params.replicates,
                snakemake.params.confidence_level,
                snakemake.params.seed,
            ),
            threshold=ThresholdRule(
                snakemake.params.threshold_source, snakemake.params.youden_tie
            ),
            curve=CurveOptions(
                snakemake.params.target_sensitivity,
                snakemake.params.bootstrap_engine,
                snakemake.params.band_floor,
            ),
            probabilities=ProbabilityOptions(
                meant.get("probability", is_probability(name)),
                meant.get("prevalence", 0.5),
                snakemake.params.reliability_groups,
            ),
            prevalences=prevalences,
            outputs=StatisticsFiles(
                statistics=snakemake.output.statistics[place],
                roc=snakemake.output.roc[place],
                band=snakemake.output.band[place],
                calibration=snakemake.output.calibration[place],
                decision_curve=snakemake.output.decision_curve[place],
            ),
        )
