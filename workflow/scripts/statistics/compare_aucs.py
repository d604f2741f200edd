"""Compare the areas of all pairs of classifiers."""

from typing import TYPE_CHECKING

from nodal_staging.statistics.auc_differences import compare_aucs
from nodal_staging.study.jobs import job_log

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

with job_log(snakemake.log[0], code=snakemake.params.code):
    compare_aucs(
        classifiers=snakemake.params.classifiers,
        scores=snakemake.input.scores,
        confidence_level=snakemake.params.confidence_level,
        differences=snakemake.output[0],
    )
