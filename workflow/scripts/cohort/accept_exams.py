"""End the study at an unusable exam, where it is configured to."""

from typing import TYPE_CHECKING

from nodal_staging.cohort.inspection import accept_exams
from nodal_staging.study.jobs import job_log

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

with job_log(snakemake.log[0], code=snakemake.params.code):
    accept_exams(
        inspections=list(snakemake.input),
        on_bad_exam=snakemake.params.on_bad_exam,
        output=snakemake.output[0],
    )
