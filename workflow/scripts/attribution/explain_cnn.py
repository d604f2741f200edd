"""Explain a CNN by heatmaps and check them."""

from typing import TYPE_CHECKING

from nodal_staging.heatmaps.drawing import TrainedCnn
from nodal_staging.heatmaps.explanation import ExplanationFiles, explain_cnn
from nodal_staging.heatmaps.options import HeatmapOptions
from nodal_staging.study.jobs import job_log

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

with job_log(snakemake.log[0], code=snakemake.params.code):
    explain_cnn(
        cnn=TrainedCnn(
            recipe=snakemake.input.recipe,
            weights=snakemake.input.weights,
            training=snakemake.input.training,
            patches=snakemake.input.patches,
        ),
        permuted=snakemake.input.permuted or None,
        test=snakemake.input.test,
        options=HeatmapOptions.of(snakemake.params.options, snakemake.params.seed),
        gpu=snakemake.resources.gpu > 0,
        outputs=ExplanationFiles(
            patterns=snakemake.output.patterns or None,
            heatmaps=snakemake.output.heatmaps,
            checks=snakemake.output.checks,
            curves=snakemake.output.curves,
        ),
    )
