"""Write the verdict on each CNN."""

from typing import TYPE_CHECKING

from nodal_staging.audit.verdict import write_verdict
from nodal_staging.study.jobs import job_log

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

with job_log(snakemake.log[0], code=snakemake.params.code):
    write_verdict(
        shortcut=snakemake.input.shortcut,
        ceilings=snakemake.input.ceilings or None,
        truth=snakemake.input.truth or None,
        protocol=snakemake.params.protocol,
        threshold_source=snakemake.params.threshold_source,
        confidence_level=snakemake.params.confidence_level,
        output=snakemake.output[0],
    )
