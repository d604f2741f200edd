"""Train a CNN without each of some folds."""

from typing import TYPE_CHECKING

from nodal_staging.classifiers.cnn.training import train_folds
from nodal_staging.study.fold_jobs import folds_of
from nodal_staging.study.jobs import job_log

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

with job_log(snakemake.log[0], code=snakemake.params.code):
    train_folds(
        recipe=snakemake.input.recipe,
        folds=folds_of(snakemake.wildcards.folds),
        training=snakemake.input.training,
        patches=snakemake.input.patches,
        gpu=snakemake.resources.gpu > 0,
        code=snakemake.params.code,
        scores=snakemake.output.scores,
        history=snakemake.output.history,
    )
