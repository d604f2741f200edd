"""Draw Figure 5."""

from typing import TYPE_CHECKING

from nodal_staging.figures.figure_5 import CurveFiles, draw_figure_5
from nodal_staging.study.jobs import job_log

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

with job_log(snakemake.log[0], code=snakemake.params.code):
    draw_figure_5(
        cnns=[
            CurveFiles(*files)
            for files in zip(
                snakemake.params.cnns,
                snakemake.input.roc,
                snakemake.input.band,
                snakemake.input.statistics,
                snakemake.input.scores,
                strict=True,
            )
        ],
        readers=dict(
            zip(snakemake.params.readers, snakemake.input.readers, strict=True)
        ),
        forests=dict(
            zip(snakemake.params.forests, snakemake.input.forests, strict=True)
        ),
        ceilings=snakemake.input.ceilings or None,
        synthetic=snakemake.params.synthetic,
        output=list(snakemake.output),
    )
