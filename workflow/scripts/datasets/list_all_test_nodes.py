"""List all nodes of the test patients."""

from typing import TYPE_CHECKING

from nodal_staging.datasets.test_patients import list_all_test_nodes
from nodal_staging.study.jobs import job_log

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

with job_log(snakemake.log[0], code=snakemake.params.code):
    list_all_test_nodes(
        nodes=snakemake.input.nodes,
        patches=snakemake.input.patches,
        test=snakemake.input.test,
        training=snakemake.input.training,
        dropped=snakemake.input.dropped,
        output=snakemake.output[0],
    )
