"""Score the test set by the ratings of a reader."""

from typing import TYPE_CHECKING

from nodal_staging.classifiers.readers import score_reader
from nodal_staging.study.jobs import job_log
from nodal_staging.study.reader_names import reader_name

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

with job_log(snakemake.log[0], code=snakemake.params.code):
    score_reader(
        reader=reader_name(snakemake.wildcards.reader),
        readings=snakemake.input.readings,
        test=snakemake.input.test,
        unread=snakemake.params.unread,
        scores=snakemake.output[0],
    )
