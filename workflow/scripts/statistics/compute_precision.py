"""Say how wide intervals are, and which differences can be found."""

from typing import TYPE_CHECKING

from nodal_staging.statistics.precision.precision_tables import (
    PrecisionFiles,
    compute_precision,
)
from nodal_staging.study.jobs import job_log

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

with job_log(snakemake.log[0], code=snakemake.params.code):
    compute_precision(
        statistics=snakemake.input.statistics,
        pairs=snakemake.params.pairs,
        confidence_level=snakemake.params.confidence_level,
        significance=snakemake.params.significance,
        options=snakemake.params.options,
        outputs=PrecisionFiles(
            precision=snakemake.output.precision,
            differences=snakemake.output.differences,
            needed=snakemake.output.needed,
            pages=[snakemake.output.text, snakemake.output.page],
        ),
    )
