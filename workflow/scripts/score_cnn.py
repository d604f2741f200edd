"""Score the test set with a CNN."""

from typing import TYPE_CHECKING

from nodal_staging.jobs import job_log
from nodal_staging.training import recipe_of, score_cnn

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

with job_log(snakemake.log[0]):
    score_cnn(
        recipe=recipe_of(
            cnn=snakemake.wildcards.cnn,
            image=snakemake.params.image,
            augmentation=snakemake.params.augmentation,
            network=snakemake.params.network,
            training=snakemake.params.training,
            seed=snakemake.params.seed,
        ),
        weights=snakemake.input.weights,
        test=snakemake.input.test,
        folds=snakemake.input.folds,
        patches=snakemake.input.patches,
        gpu=snakemake.resources.gpu > 0,
        scores=snakemake.output[0],
    )
