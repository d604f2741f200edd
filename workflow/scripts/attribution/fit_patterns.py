"""Fit the patterns of a CNN."""

from typing import TYPE_CHECKING

from nodal_staging.heatmaps.drawing import TrainedCnn, fit_cnn_patterns
from nodal_staging.study.jobs import job_log

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

with job_log(snakemake.log[0]):
    fit_cnn_patterns(
        cnn=TrainedCnn(
            recipe=snakemake.input.recipe,
            weights=snakemake.input.weights,
            training=snakemake.input.training,
            patches=snakemake.input.patches,
        ),
        estimator=snakemake.params.estimator,
        dtype=snakemake.params.dtype,
        batch_size=snakemake.params.batch_size,
        gpu=snakemake.resources.gpu > 0,
        output=snakemake.output[0],
    )
