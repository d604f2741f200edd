"""Attribute the scores of a CNN to pixels."""

from typing import TYPE_CHECKING

from nodal_staging.heatmaps.drawing import TrainedCnn, attribute_cnn
from nodal_staging.heatmaps.options import HeatmapOptions
from nodal_staging.study.jobs import job_log

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

with job_log(snakemake.log[0]):
    attribute_cnn(
        cnn=TrainedCnn(
            recipe=snakemake.input.recipe,
            weights=snakemake.input.weights,
            training=snakemake.input.training,
            patches=snakemake.input.patches,
        ),
        patterns=snakemake.input.patterns or None,
        test=snakemake.input.test,
        options=HeatmapOptions.of(snakemake.params.options, snakemake.params.seed),
        gpu=snakemake.resources.gpu > 0,
        output=snakemake.output[0],
    )
