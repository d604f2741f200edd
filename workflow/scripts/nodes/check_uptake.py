"""List nodes whose uptake does not fit their status."""

from typing import TYPE_CHECKING

from nodal_staging.nodes.uptake_check import check_uptake
from nodal_staging.study.jobs import job_log

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

with job_log(snakemake.log[0], code=snakemake.params.code):
    check_uptake(
        nodes=snakemake.input[0],
        cutoff_suv=snakemake.params.cutoff_suv,
        output=snakemake.output[0],
    )
