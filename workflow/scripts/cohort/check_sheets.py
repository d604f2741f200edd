"""Check the sheets of the cohort."""

from typing import TYPE_CHECKING

from nodal_staging.cohort.sheets import check_sheets
from nodal_staging.study.jobs import job_log

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

with job_log(snakemake.log[0]):
    check_sheets(
        exams=snakemake.input.exams,
        nodes=snakemake.input.nodes,
        readings=snakemake.input.readings or None,
        labelled=snakemake.params.labelled,
        output=snakemake.output[0],
    )
