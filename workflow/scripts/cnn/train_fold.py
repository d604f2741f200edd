"""Train a CNN without one fold."""

from typing import TYPE_CHECKING

from nodal_staging.classifiers.cnn.training import train_fold
from nodal_staging.study.jobs import job_log

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

with job_log(snakemake.log[0]):
    train_fold(
        recipe=snakemake.input.recipe,
        fold=int(snakemake.wildcards.fold),
        training=snakemake.input.training,
        patches=snakemake.input.patches,
        gpu=snakemake.resources.gpu > 0,
        code=snakemake.params.code,
        scores=snakemake.output.scores,
        history=snakemake.output.history,
    )
