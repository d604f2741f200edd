"""End the study at a lost node, where it is configured to."""

from typing import TYPE_CHECKING

from nodal_staging.nodes.losses import accept_nodes
from nodal_staging.study.jobs import job_log

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

with job_log(snakemake.log[0], code=snakemake.params.code):
    accept_nodes(
        lost=snakemake.input[0],
        on_bad_exam=snakemake.params.on_bad_exam,
        output=snakemake.output[0],
    )
