"""Measure how much each AUC owes to the location."""

from typing import TYPE_CHECKING

from nodal_staging.audit.shortcut import measure_shortcut
from nodal_staging.estimates.patient_bootstrap import BootstrapOptions
from nodal_staging.study.jobs import job_log

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

with job_log(snakemake.log[0], code=snakemake.params.code):
    measure_shortcut(
        scores=dict(
            zip(snakemake.params.classifiers, snakemake.input.scores, strict=True)
        ),
        test_scores=dict(
            zip(snakemake.params.tested_only, snakemake.input.test_scores, strict=True)
        ),
        nodes=snakemake.input.nodes,
        bootstrap=BootstrapOptions(
            snakemake.params.replicates,
            snakemake.params.confidence_level,
            snakemake.params.seed,
        ),
        output=snakemake.output[0],
    )
