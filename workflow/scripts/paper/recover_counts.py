"""Recover the integer counts behind a published table."""

from pathlib import Path
from typing import TYPE_CHECKING

from nodal_staging.paper.recover_counts.command import recover_counts
from nodal_staging.study.jobs import job_log

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

with job_log(snakemake.log[0], code=snakemake.params.code):
    recover_counts(
        table=snakemake.input.table,
        significance=snakemake.params.significance,
        output=Path(snakemake.output.page).parent,
    )
