"""Score all views of the test set with every network."""

from typing import TYPE_CHECKING

from nodal_staging.audit.shortcut_matrix.hidden_ball import PatchFiles
from nodal_staging.audit.shortcut_matrix.view_networks import ViewNetwork, score_views
from nodal_staging.study.jobs import job_log

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

with job_log(snakemake.log[0], code=snakemake.params.code):
    score_views(
        networks={
            (trained_on, view): ViewNetwork(recipe, weights)
            for (trained_on, view), recipe, weights in zip(
                snakemake.params.networks,
                snakemake.input.recipes,
                snakemake.input.weights,
                strict=True,
            )
        },
        test=snakemake.input.test,
        patches=PatchFiles(snakemake.input.patches, snakemake.params.spacing_mm),
        ball_mm=snakemake.input.ball,
        gpu=snakemake.resources.gpu > 0,
        output=snakemake.output[0],
    )
