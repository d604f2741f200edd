"""Compare each CNN with the simple classifier that is the best out of fold."""

from typing import TYPE_CHECKING

from nodal_staging.statistics.best_simple import compare_with_simple
from nodal_staging.study.jobs import job_log

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

with job_log(snakemake.log[0], code=snakemake.params.code):
    compare_with_simple(
        cnns=dict(zip(snakemake.params.cnns, snakemake.input.cnns, strict=True)),
        simple=dict(zip(snakemake.params.simple, snakemake.input.simple, strict=True)),
        confidence_level=snakemake.params.confidence_level,
        choice=snakemake.output.choice,
        differences=snakemake.output.differences,
    )
