"""Draw Figures 6 and 7 in one colour, as the paper prints them."""

from typing import TYPE_CHECKING

from nodal_staging.figures.heatmap_panels import network_files
from nodal_staging.figures.heatmaps import draw_figure_6, draw_figure_7
from nodal_staging.study.jobs import job_log

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

with job_log(snakemake.log[0], code=snakemake.params.code):
    cnns = snakemake.params.cnns
    networks = network_files(
        cnns,
        snakemake.input.heatmaps,
        snakemake.input.scores,
        snakemake.input.statistics,
    )
    for draw, shown, output in (
        (draw_figure_6, cnns, snakemake.output.figure_6),
        (draw_figure_7, snakemake.params.paired, snakemake.output.figure_7),
    ):
        draw(
            networks={cnn: networks[cnn] for cnn in shown},
            nodes=snakemake.input.nodes,
            window_hu=tuple(snakemake.params.window_hu),
            synthetic=snakemake.params.synthetic,
            signed=False,
            output=list(output),
        )
