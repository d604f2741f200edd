"""List new exams and nodes that no CNN scores."""

from typing import TYPE_CHECKING

from nodal_staging.nodes.unscored import list_unscored
from nodal_staging.study.jobs import job_log

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

with job_log(snakemake.log[0], code=snakemake.params.code):
    list_unscored(
        exams=snakemake.input.exams,
        lost=snakemake.input.lost,
        output=snakemake.output[0],
    )
