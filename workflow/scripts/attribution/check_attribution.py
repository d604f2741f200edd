"""Check the heatmaps of a CNN."""

from typing import TYPE_CHECKING

from nodal_staging.heatmaps.drawing import TrainedCnn
from nodal_staging.heatmaps.options import HeatmapOptions
from nodal_staging.heatmaps.sanity_checks import check_attribution
from nodal_staging.study.jobs import job_log

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

with job_log(snakemake.log[0]):
    check_attribution(
        cnn=TrainedCnn(
            recipe=snakemake.input.recipe,
            weights=snakemake.input.weights,
            training=snakemake.input.training,
            patches=snakemake.input.patches,
        ),
        permuted=snakemake.input.permuted or None,
        patterns=snakemake.input.patterns or None,
        heatmaps=snakemake.input.heatmaps,
        options=HeatmapOptions.of(snakemake.params.options, snakemake.params.seed),
        gpu=snakemake.resources.gpu > 0,
        checks=snakemake.output.checks,
        curves=snakemake.output.curves,
    )
