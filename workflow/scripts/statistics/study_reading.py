"""Measure agreement of readers with themselves, their times and learning."""

from typing import TYPE_CHECKING

from nodal_staging.estimates.patient_bootstrap import BootstrapOptions
from nodal_staging.statistics.reader_study.reading_course import (
    ReadingFiles,
    study_reading,
)
from nodal_staging.study.jobs import job_log

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

with job_log(snakemake.log[0], code=snakemake.params.code):
    study_reading(
        log=snakemake.input.log,
        test=snakemake.input.test,
        bootstrap=BootstrapOptions(
            snakemake.params.replicates,
            snakemake.params.confidence_level,
            snakemake.params.seed,
        ),
        outputs=ReadingFiles(
            intra_reader=snakemake.output.intra_reader,
            times=snakemake.output.times,
            learning=snakemake.output.learning,
            imrmc=snakemake.output.imrmc,
            mrmcaov=snakemake.output.mrmcaov,
            pages=[snakemake.output.text, snakemake.output.page],
        ),
    )
