"""Draw Figure 1."""

from typing import TYPE_CHECKING

from nodal_staging.figures.figure_1 import draw_figure_1
from nodal_staging.study.jobs import job_log

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

with job_log(snakemake.log[0], code=snakemake.params.code):
    draw_figure_1(
        chosen=snakemake.input.chosen,
        pictures=snakemake.input.pictures,
        window_hu=tuple(snakemake.params.window_hu),
        synthetic=snakemake.params.synthetic,
        output=list(snakemake.output),
    )
