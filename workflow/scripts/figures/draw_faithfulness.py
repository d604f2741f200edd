"""Draw the support of the CNNs while pixels are replaced by relevance."""

from typing import TYPE_CHECKING

from nodal_staging.figures.faithfulness import draw_faithfulness
from nodal_staging.study.jobs import job_log

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

with job_log(snakemake.log[0], code=snakemake.params.code):
    draw_faithfulness(
        curves=dict(zip(snakemake.params.cnns, snakemake.input.curves, strict=True)),
        synthetic=snakemake.params.synthetic,
        output=list(snakemake.output),
    )
