"""Evaluate readers, their agreement, and networks against their mean."""

from typing import TYPE_CHECKING

from nodal_staging.statistics.reader_study.study import study_readers
from nodal_staging.study.jobs import job_log

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

with job_log(snakemake.log[0]):
    study_readers(
        readers=snakemake.params.readers,
        ratings=snakemake.input.ratings,
        networks=snakemake.params.networks,
        scores=snakemake.input.scores,
        statistics=snakemake.input.statistics,
        confidence_level=snakemake.params.confidence_level,
        replicates=snakemake.params.replicates,
        seed=snakemake.params.seed,
        areas=snakemake.output.areas,
        points=snakemake.output.points,
        agreement=snakemake.output.agreement,
        fixed=snakemake.output.fixed,
        random=snakemake.output.random,
        imrmc=snakemake.output.imrmc,
        mrmcaov=snakemake.output.mrmcaov,
        pages=[snakemake.output.text, snakemake.output.page],
    )
