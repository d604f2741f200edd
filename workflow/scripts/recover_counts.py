"""Recover the integer counts behind a published table."""

from pathlib import Path
from typing import TYPE_CHECKING

from nodal_staging.jobs import job_log
from nodal_staging.recover_counts.command import recover_counts

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

with job_log(snakemake.log[0]):
    recover_counts(
        table=snakemake.input.table,
        significance=snakemake.params.significance,
        output=Path(snakemake.output.page).parent,
    )
