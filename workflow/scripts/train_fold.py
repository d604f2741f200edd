"""Train a CNN without one fold."""

from typing import TYPE_CHECKING

from nodal_staging.jobs import job_log
from nodal_staging.training import recipe_of, train_fold

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

with job_log(snakemake.log[0]):
    train_fold(
        recipe=recipe_of(
            cnn=snakemake.wildcards.cnn,
            image=snakemake.params.image,
            augmentation=snakemake.params.augmentation,
            network=snakemake.params.network,
            training=snakemake.params.training,
            seed=snakemake.params.seed,
        ),
        fold=int(snakemake.wildcards.fold),
        training=snakemake.input.training,
        patches=snakemake.input.patches,
        gpu=snakemake.resources.gpu > 0,
        scores=snakemake.output[0],
    )
