"""Evaluate a classifier on the test set."""

from typing import TYPE_CHECKING

from nodal_staging.classifiers.labelled_scores import ScoredClassifier
from nodal_staging.estimates.patient_bootstrap import BootstrapOptions
from nodal_staging.statistics.classifier import (
    CurveOptions,
    StatisticsFiles,
    compute_statistics,
)
from nodal_staging.statistics.decisions import ThresholdRule
from nodal_staging.statistics.probabilities import Prevalences, ProbabilityOptions
from nodal_staging.study.classifier_names import is_probability
from nodal_staging.study.jobs import job_log

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

with job_log(snakemake.log[0]):
    name = snakemake.wildcards.classifier
    compute_statistics(
        ScoredClassifier.read(name, snakemake.input.scores),
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
            is_probability(name)
            if snakemake.params.probability is None
            else snakemake.params.probability,
            snakemake.params.score_prevalence,
            snakemake.params.reliability_groups,
        ),
        prevalences=Prevalences.read(
            snakemake.input.nodes, snakemake.params.prevalences
        ),
        outputs=StatisticsFiles(
            statistics=snakemake.output.statistics,
            roc=snakemake.output.roc,
            band=snakemake.output.band,
            calibration=snakemake.output.calibration,
            decision_curve=snakemake.output.decision_curve,
        ),
    )
