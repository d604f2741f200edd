"""Test all pairs of classifiers with McNemar's test."""

from typing import TYPE_CHECKING

from nodal_staging.statistics.mcnemar import compare_classifiers
from nodal_staging.study.jobs import job_log

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

with job_log(snakemake.log[0], code=snakemake.params.code):
    compare_classifiers(
        classifiers=snakemake.params.classifiers,
        scores=snakemake.input.scores,
        statistics=snakemake.input.statistics,
        significance=snakemake.params.significance,
        confidence_level=snakemake.params.confidence_level,
        comparisons=snakemake.output[0],
    )
