"""Evaluate readers, their agreement, and networks against their mean."""

from typing import TYPE_CHECKING

from nodal_staging.estimates.patient_bootstrap import BootstrapOptions
from nodal_staging.statistics.reader_study.reader_tables import (
    ReaderStudyFiles,
    study_readers,
)
from nodal_staging.study.jobs import job_log

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

with job_log(snakemake.log[0], code=snakemake.params.code):
    files = zip(snakemake.input.scores, snakemake.input.statistics, strict=True)
    study_readers(
        readers=dict(
            zip(snakemake.params.readers, snakemake.input.ratings, strict=True)
        ),
        networks=dict(zip(snakemake.params.networks, files, strict=True)),
        bootstrap=BootstrapOptions(
            snakemake.params.replicates,
            snakemake.params.confidence_level,
            snakemake.params.seed,
        ),
        outputs=ReaderStudyFiles(
            areas=snakemake.output.areas,
            points=snakemake.output.points,
            agreement=snakemake.output.agreement,
            fixed=snakemake.output.fixed,
            random=snakemake.output.random,
            imrmc=snakemake.output.imrmc,
            mrmcaov=snakemake.output.mrmcaov,
            pages=[snakemake.output.text, snakemake.output.page],
        ),
    )
