"""Draw the scores of the same nodes at every location."""

from typing import TYPE_CHECKING

from nodal_staging.figures.counterfactual import draw_counterfactual
from nodal_staging.study.jobs import job_log

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

with job_log(snakemake.log[0], code=snakemake.params.code):
    draw_counterfactual(
        counterfactual=snakemake.input.counterfactual,
        effects=snakemake.input.effects,
        synthetic=snakemake.params.synthetic,
        output=list(snakemake.output),
    )
