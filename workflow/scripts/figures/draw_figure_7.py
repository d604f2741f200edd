"""Draw Figure 7."""

from typing import TYPE_CHECKING

from nodal_staging.figures.heatmaps import draw_figure_7
from nodal_staging.study.jobs import job_log

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

with job_log(snakemake.log[0]):
    cnns = snakemake.params.cnns
    draw_figure_7(
        heatmaps=dict(zip(cnns, snakemake.input.heatmaps, strict=True)),
        scores=dict(zip(cnns, snakemake.input.scores, strict=True)),
        statistics=dict(zip(cnns, snakemake.input.statistics, strict=True)),
        nodes=snakemake.input.nodes,
        window_hu=tuple(snakemake.params.window_hu),
        synthetic=snakemake.params.synthetic,
        output=list(snakemake.output),
    )
