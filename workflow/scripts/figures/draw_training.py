"""Draw how the CNNs were trained."""

from typing import TYPE_CHECKING

from nodal_staging.figures.training import draw_training
from nodal_staging.study.jobs import in_groups, job_log

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

with job_log(snakemake.log[0], code=snakemake.params.code):
    cnns = snakemake.params.cnns
    folds = in_groups(snakemake.input.folds, len(cnns))
    draw_training(
        whole=dict(zip(cnns, snakemake.input.whole, strict=True)),
        folds=dict(zip(cnns, folds, strict=True)),
        cards=snakemake.input.cards,
        synthetic=snakemake.params.synthetic,
        output=snakemake.output,
    )
