"""Write the nodes of a shard for the check page."""

from typing import TYPE_CHECKING

from nodal_staging.nodes.exam_volumes import picture_exams
from nodal_staging.study.jobs import job_log

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

with job_log(snakemake.log[0], code=snakemake.params.code):
    picture_exams(
        exams=snakemake.input.exams,
        nodes=snakemake.input.nodes,
        index=snakemake.input.index,
        shard=snakemake.wildcards.scatteritem,
        output=snakemake.output[0],
    )
