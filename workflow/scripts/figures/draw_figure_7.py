"""Draw Figure 7."""

from typing import TYPE_CHECKING

from nodal_staging.figures.heatmap_panels import network_files
from nodal_staging.figures.heatmaps import draw_figure_7
from nodal_staging.study.jobs import job_log

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

with job_log(snakemake.log[0], code=snakemake.params.code):
    draw_figure_7(
        networks=network_files(
            snakemake.params.cnns,
            snakemake.input.heatmaps,
            snakemake.input.scores,
            snakemake.input.statistics,
        ),
        nodes=snakemake.input.nodes,
        window_hu=tuple(snakemake.params.window_hu),
        synthetic=snakemake.params.synthetic,
        output=list(snakemake.output),
    )
