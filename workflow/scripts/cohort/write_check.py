"""Write the dry inspection of the cohort."""

from typing import TYPE_CHECKING

from nodal_staging.cohort.check import CheckFiles, write_check
from nodal_staging.cohort.inclusion_criteria import Limits
from nodal_staging.study.jobs import job_log

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

with job_log(snakemake.log[0], code=snakemake.params.code):
    write_check(
        study=snakemake.params.study,
        files=CheckFiles(
            exams=snakemake.input.exams,
            nodes=snakemake.input.nodes,
            inspections=list(snakemake.input.inspections),
            lost=list(snakemake.input.lost),
            measured=list(snakemake.input.measured),
            flags=snakemake.input.flags,
            readings=snakemake.input.readings or None,
            second_look=snakemake.input.second_look or None,
            pictures=list(snakemake.input.pictures),
            support=snakemake.input.support,
        ),
        limits=Limits.of(snakemake.params.limits),
        table=snakemake.output.table,
        page=snakemake.output.page,
        summary=snakemake.output.summary,
    )
