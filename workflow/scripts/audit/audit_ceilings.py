"""Compare each classifier with its ceiling."""

from typing import TYPE_CHECKING

from nodal_staging.audit.ceiling_comparison import audit_ceilings
from nodal_staging.study.jobs import job_log

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

with job_log(snakemake.log[0], code=snakemake.params.code):
    audit_ceilings(
        statistics=dict(
            zip(snakemake.params.classifiers, snakemake.input.statistics, strict=True)
        ),
        truth=snakemake.input.truth,
        readers_see_location=snakemake.params.readers_see_location,
        output=snakemake.output[0],
    )
