"""Draw SUVmax by status and location."""

from typing import TYPE_CHECKING

from nodal_staging.figures.uptake import draw_uptake
from nodal_staging.study.jobs import job_log

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

with job_log(snakemake.log[0], code=snakemake.params.code):
    draw_uptake(
        nodes=snakemake.input.nodes,
        disagreements=snakemake.input.disagreements,
        cutoff_suv=snakemake.params.cutoff_suv,
        synthetic=snakemake.params.synthetic,
        output=list(snakemake.output),
    )
