"""Evaluate a classifier on the test set."""

from typing import TYPE_CHECKING

from nodal_staging.statistics.classifier import compute_statistics
from nodal_staging.study.jobs import job_log

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

with job_log(snakemake.log[0]):
    compute_statistics(
        classifier=snakemake.wildcards.classifier,
        scores=snakemake.input.scores,
        nodes=snakemake.input.nodes,
        replicates=snakemake.params.replicates,
        confidence_level=snakemake.params.confidence_level,
        seed=snakemake.params.seed,
        threshold_source=snakemake.params.threshold_source,
        youden_tie=snakemake.params.youden_tie,
        target_sensitivity=snakemake.params.target_sensitivity,
        statistics=snakemake.output.statistics,
        roc=snakemake.output.roc,
        band=snakemake.output.band,
        calibration=snakemake.output.calibration,
        decision_curve=snakemake.output.decision_curve,
        bootstrap_engine=snakemake.params.bootstrap_engine,
        band_floor=snakemake.params.band_floor,
        prevalences=snakemake.params.prevalences,
        reliability_groups=snakemake.params.reliability_groups,
        probability=snakemake.params.probability,
        score_prevalence=snakemake.params.score_prevalence,
    )
