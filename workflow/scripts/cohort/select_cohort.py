"""Select the exams of the study."""

from typing import TYPE_CHECKING

from nodal_staging.cohort.inclusion_criteria import Limits, select_cohort
from nodal_staging.study.jobs import job_log

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

with job_log(snakemake.log[0], code=snakemake.params.code):
    select_cohort(
        exams=snakemake.input.exams,
        inspections=snakemake.input.inspections,
        limits=Limits.of(snakemake.params.limits),
        cohort=snakemake.output.cohort,
        flow=snakemake.output.flow,
    )
