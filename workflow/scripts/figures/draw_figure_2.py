"""Draw Figure 2."""

from typing import TYPE_CHECKING

from nodal_staging.datasets.flow import FlowFiles, count_flow
from nodal_staging.figures.figure_2 import draw_figure_2
from nodal_staging.study.jobs import job_log

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

with job_log(snakemake.log[0], code=snakemake.params.code):
    draw_figure_2(
        count_flow(
            FlowFiles(
                flow=snakemake.input.flow,
                cohort=snakemake.input.cohort,
                sheet=snakemake.input.sheet,
                nodes=snakemake.input.nodes,
                lost=snakemake.input.lost,
                test=snakemake.input.test,
                training={
                    "status_balanced": snakemake.input.status_balanced,
                    "location_balanced": snakemake.input.location_balanced,
                },
                dropped=snakemake.input.dropped,
                certificate=snakemake.input.certificate,
            )
        ),
        synthetic=snakemake.params.synthetic,
        output=list(snakemake.output),
    )
