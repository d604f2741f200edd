"""Write the dry inspection of the cohort."""

from typing import TYPE_CHECKING

from nodal_staging.cohort.check import write_check
from nodal_staging.cohort.selection import Limits
from nodal_staging.study.jobs import job_log

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

with job_log(snakemake.log[0]):
    write_check(
        study=snakemake.params.study,
        exams=snakemake.input.exams,
        nodes=snakemake.input.nodes,
        inspections=snakemake.input.inspections,
        pictures=snakemake.input.pictures,
        limits=Limits.of(snakemake.params.limits),
        table=snakemake.output.table,
        page=snakemake.output.page,
    )
