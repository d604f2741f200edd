"""Measure the radiomics features of all nodes."""

from typing import TYPE_CHECKING

from nodal_staging.nodes.radiomics.node_features import measure_radiomics
from nodal_staging.study.jobs import job_log

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

with job_log(snakemake.log[0], code=snakemake.params.code):
    measure_radiomics(
        patches=snakemake.input.patches,
        nodes=snakemake.input.nodes,
        output=snakemake.output[0],
    )
