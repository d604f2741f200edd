"""List the nodes whose masks are implausible."""

from typing import TYPE_CHECKING

from nodal_staging.nodes.node_flags import NodeLimits, flag_nodes
from nodal_staging.study.jobs import job_log

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

with job_log(snakemake.log[0], code=snakemake.params.code):
    flag_nodes(
        nodes=list(snakemake.input),
        limits=NodeLimits.of(snakemake.params.limits),
        output=snakemake.output[0],
    )
