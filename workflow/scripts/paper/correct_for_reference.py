"""Correct AUC, sensitivity and specificity for errors of the reference test."""

from typing import TYPE_CHECKING

from nodal_staging.estimates.patient_bootstrap import BootstrapOptions
from nodal_staging.paper.reference.reference_tables import (
    StudyFiles,
    correct_for_reference,
)
from nodal_staging.study.jobs import job_log

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

with job_log(snakemake.log[0], code=snakemake.params.code):
    names = snakemake.params.classifiers
    correct_for_reference(
        published=snakemake.input.published,
        study=StudyFiles(
            statistics=dict(zip(names, snakemake.input.statistics, strict=True)),
            scores=dict(zip(names, snakemake.input.scores, strict=True)),
            nodes=snakemake.input.nodes,
            truth=snakemake.input.truth or None,
        ),
        options=snakemake.params.reference,
        bootstrap=BootstrapOptions(
            snakemake.params.replicates,
            snakemake.params.confidence_level,
            snakemake.params.seed,
        ),
        frame=snakemake.output.table,
        pages=[snakemake.output.page],
    )
