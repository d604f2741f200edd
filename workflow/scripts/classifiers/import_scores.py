"""Take the scores of a classifier of your own."""

from typing import TYPE_CHECKING

from nodal_staging.classifiers.external import import_scores
from nodal_staging.study.jobs import job_log

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

with job_log(snakemake.log[0], code=snakemake.params.code):
    import_scores(
        name=snakemake.wildcards.external,
        source=snakemake.input.scores,
        test=snakemake.input.test,
        scores=snakemake.output[0],
    )
