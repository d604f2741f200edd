"""Describe the cohort, overall and by partition."""

from typing import TYPE_CHECKING

from nodal_staging.cohort.characteristics import describe_cohort
from nodal_staging.study.jobs import job_log

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

with job_log(snakemake.log[0], code=snakemake.params.code):
    describe_cohort(
        cohort=snakemake.input.cohort,
        nodes=snakemake.input.nodes,
        datasets={
            "test": snakemake.input.test,
            "status_balanced": snakemake.input.status_balanced,
            "location_balanced": snakemake.input.location_balanced,
        },
        output=snakemake.output[0],
    )
