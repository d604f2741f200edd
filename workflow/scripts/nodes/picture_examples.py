"""Keep the sections of CT and PET that Figure 1 shows."""

from typing import TYPE_CHECKING

from nodal_staging.nodes.example_pictures import picture_examples
from nodal_staging.study.jobs import job_log

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

with job_log(snakemake.log[0], code=snakemake.params.code):
    picture_examples(
        chosen=snakemake.input.chosen,
        exams=snakemake.input.exams,
        nodes=snakemake.input.nodes,
        indices=snakemake.input.indices,
        output=snakemake.output[0],
    )
