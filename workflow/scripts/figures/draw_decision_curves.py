"""Draw decision curves."""

from typing import TYPE_CHECKING

from nodal_staging.figures.decision_curves import draw_decision_curves
from nodal_staging.study.jobs import job_log

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

with job_log(snakemake.log[0], code=snakemake.params.code):
    draw_decision_curves(
        cnns=dict(zip(snakemake.params.cnns, snakemake.input.cnns, strict=True)),
        others=dict(zip(snakemake.params.others, snakemake.input.others, strict=True)),
        statistics=snakemake.input.statistics,
        synthetic=snakemake.params.synthetic,
        output=list(snakemake.output),
    )
