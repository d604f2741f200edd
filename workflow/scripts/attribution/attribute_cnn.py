"""Attribute the scores of a CNN to pixels."""

from typing import TYPE_CHECKING

from nodal_staging.heatmaps.drawing import attribute_cnn
from nodal_staging.heatmaps.options import HeatmapOptions
from nodal_staging.study.jobs import job_log

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

with job_log(snakemake.log[0]):
    attribute_cnn(
        recipe=snakemake.input.recipe,
        weights=snakemake.input.weights,
        patterns=snakemake.input.patterns or None,
        training=snakemake.input.training,
        test=snakemake.input.test,
        patches=snakemake.input.patches,
        options=HeatmapOptions.of(snakemake.params.options, snakemake.params.seed),
        gpu=snakemake.resources.gpu > 0,
        output=snakemake.output[0],
    )
