"""Draw Figures 6 and 7 with signs."""

from typing import TYPE_CHECKING

from nodal_staging.figures.heatmaps import draw_figure_6, draw_figure_7
from nodal_staging.study.jobs import job_log

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

with job_log(snakemake.log[0]):
    cnns = snakemake.params.cnns
    heatmaps, scores, statistics = (
        dict(zip(cnns, snakemake.input[kind], strict=True))
        for kind in ("heatmaps", "scores", "statistics")
    )
    for draw, shown, output in (
        (draw_figure_6, cnns, snakemake.output.figure_6),
        (draw_figure_7, snakemake.params.paired, snakemake.output.figure_7),
    ):
        draw(
            heatmaps={cnn: heatmaps[cnn] for cnn in shown},
            scores={cnn: scores[cnn] for cnn in shown},
            statistics={cnn: statistics[cnn] for cnn in shown},
            nodes=snakemake.input.nodes,
            window_hu=tuple(snakemake.params.window_hu),
            synthetic=snakemake.params.synthetic,
            signed=True,
            output=list(output),
        )
