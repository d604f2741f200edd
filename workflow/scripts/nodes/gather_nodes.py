"""Join the measured nodes of all shards."""

from typing import TYPE_CHECKING

from nodal_staging.nodes.measurements import gather_nodes
from nodal_staging.study.jobs import job_log

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

with job_log(snakemake.log[0], code=snakemake.params.code):
    gather_nodes(
        shards=snakemake.input,
        output=snakemake.output[0],
    )
