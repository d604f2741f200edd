"""End the study at a node that nobody accepted, where it is configured to."""

from typing import TYPE_CHECKING

from nodal_staging.cohort.second_look import accept_second_look
from nodal_staging.study.jobs import job_log

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

with job_log(snakemake.log[0], code=snakemake.params.code):
    accept_second_look(
        answers=snakemake.input.answers or None,
        nodes=snakemake.input.nodes,
        cohort=snakemake.input.cohort,
        required=snakemake.params.required,
        output=snakemake.output[0],
    )
