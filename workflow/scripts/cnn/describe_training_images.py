"""Describe what a CNN was trained on."""

from typing import TYPE_CHECKING

from nodal_staging.classifiers.cnn.distance import describe_training_images
from nodal_staging.study.jobs import job_log

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

with job_log(snakemake.log[0], code=snakemake.params.code):
    describe_training_images(
        recipe=snakemake.input.recipe,
        weights=snakemake.input.weights,
        training=snakemake.input.training,
        test=snakemake.input.test,
        patches=snakemake.input.patches,
        gpu=snakemake.resources.gpu > 0,
        output=snakemake.output[0],
    )
