"""Draw Figure 4."""

from typing import TYPE_CHECKING

from nodal_staging.figures.figure_4 import draw_figure_4
from nodal_staging.study.jobs import job_log

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

with job_log(snakemake.log[0], code=snakemake.params.code):
    draw_figure_4(
        card=snakemake.input.card,
        recipe=snakemake.input.recipe,
        chosen=snakemake.input.chosen,
        patches=snakemake.input.patches,
        synthetic=snakemake.params.synthetic,
        output=list(snakemake.output),
    )
