"""Choose the nodes that Figure 1 shows."""

from typing import TYPE_CHECKING

from nodal_staging.nodes.example_nodes import choose_examples
from nodal_staging.study.jobs import job_log

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

with job_log(snakemake.log[0], code=snakemake.params.code):
    choose_examples(
        nodes=snakemake.input.nodes,
        test=snakemake.input.test,
        sheet=snakemake.input.sheet,
        output=snakemake.output[0],
    )
