"""Draw the AUC of every classifier under other mixes of locations."""

from typing import TYPE_CHECKING

from nodal_staging.figures.mixes import draw_mixes
from nodal_staging.study.jobs import job_log

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

with job_log(snakemake.log[0], code=snakemake.params.code):
    draw_mixes(
        reweighted=snakemake.input.reweighted,
        synthetic=snakemake.params.synthetic,
        output=list(snakemake.output),
    )
