"""Compare transplants with the exact effect of the location."""

from typing import TYPE_CHECKING

from nodal_staging.audit.counterfactual.transplant_agreement import (
    calibrate_transplants,
)
from nodal_staging.estimates.patient_bootstrap import BootstrapOptions
from nodal_staging.study.jobs import job_log

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

with job_log(snakemake.log[0], code=snakemake.params.code):
    calibrate_transplants(
        copies=snakemake.input.copies,
        scores=snakemake.input.scores,
        transplants=snakemake.input.transplants,
        transplant_scores=snakemake.input.transplant_scores,
        bootstrap=BootstrapOptions(
            replicates=snakemake.params.replicates,
            level=snakemake.params.confidence_level,
            seed=snakemake.params.seed,
        ),
        output=snakemake.output[0],
    )
