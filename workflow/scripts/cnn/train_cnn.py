"""Train a CNN."""

from typing import TYPE_CHECKING

from nodal_staging.classifiers.cnn.training import train_cnn
from nodal_staging.study.jobs import job_log

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

with job_log(snakemake.log[0], code=snakemake.params.code):
    train_cnn(
        recipe=snakemake.input.recipe,
        training=snakemake.input.training,
        patches=snakemake.input.patches,
        gpu=snakemake.resources.gpu > 0,
        code=snakemake.params.code,
        weights=snakemake.output.weights,
        history=snakemake.output.history,
        card=snakemake.output.card,
    )
