"""Join the lost nodes of all shards and stages."""

from typing import TYPE_CHECKING

from nodal_staging.nodes.losses import gather_losses
from nodal_staging.study.jobs import job_log

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

with job_log(snakemake.log[0], code=snakemake.params.code):
    gather_losses(parts=list(snakemake.input), output=snakemake.output[0])
