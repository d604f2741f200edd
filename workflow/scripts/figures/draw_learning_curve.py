"""Draw the learning curve."""

from typing import TYPE_CHECKING

from nodal_staging.figures.learning_curve import draw_learning_curve
from nodal_staging.study.jobs import job_log

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

with job_log(snakemake.log[0], code=snakemake.params.code):
    draw_learning_curve(
        table=snakemake.input[0],
        synthetic=snakemake.params.synthetic,
        output=snakemake.output,
    )
