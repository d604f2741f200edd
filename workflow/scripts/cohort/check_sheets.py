"""Check the sheets of the cohort."""

from typing import TYPE_CHECKING

from nodal_staging.cohort.given_split import SplitSheet
from nodal_staging.cohort.sheets import check_sheets
from nodal_staging.study.jobs import job_log

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

with job_log(snakemake.log[0], code=snakemake.params.code):
    split = None
    if snakemake.input.split:
        split = SplitSheet(
            snakemake.input.split,
            snakemake.params.protocol,
            snakemake.params.folds,
            snakemake.params.by,
        )
    check_sheets(
        exams=snakemake.input.exams,
        nodes=snakemake.input.nodes,
        readings=snakemake.input.readings or None,
        labelled=snakemake.params.labelled,
        output=snakemake.output[0],
        period=snakemake.params.period,
        split=split,
    )
