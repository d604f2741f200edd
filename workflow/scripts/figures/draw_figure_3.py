"""Draw Figure 3."""

from typing import TYPE_CHECKING

from nodal_staging.figures.figure_3 import draw_figure_3
from nodal_staging.study.jobs import job_log

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

with job_log(snakemake.log[0], code=snakemake.params.code):
    draw_figure_3(
        nodes=snakemake.input.nodes,
        datasets={
            "status_balanced": snakemake.input.status_balanced,
            "location_balanced": snakemake.input.location_balanced,
            "test": snakemake.input.test,
        },
        synthetic=snakemake.params.synthetic,
        output=list(snakemake.output),
    )
