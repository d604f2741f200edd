"""Draw the readers and the networks."""

from typing import TYPE_CHECKING

from nodal_staging.figures.readers import draw_readers
from nodal_staging.study.jobs import job_log

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

with job_log(snakemake.log[0], code=snakemake.params.code):
    draw_readers(
        points=snakemake.input.points,
        fixed=snakemake.input.fixed,
        networks=snakemake.params.networks,
        roc=snakemake.input.roc,
        level=snakemake.params.confidence_level,
        synthetic=snakemake.params.synthetic,
        output=snakemake.output,
    )
