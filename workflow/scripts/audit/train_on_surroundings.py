"""Train a CNN on the surroundings of its training nodes."""

from typing import TYPE_CHECKING

from nodal_staging.audit.shortcut_matrix.hidden_ball import PatchFiles
from nodal_staging.audit.shortcut_matrix.view_networks import train_on_surroundings
from nodal_staging.study.jobs import job_log

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

with job_log(snakemake.log[0], code=snakemake.params.code):
    train_on_surroundings(
        recipe=snakemake.input.recipe,
        training=snakemake.input.training,
        patches=PatchFiles(snakemake.input.patches, snakemake.params.spacing_mm),
        ball_mm=snakemake.input.ball,
        gpu=snakemake.resources.gpu > 0,
        code=snakemake.params.code,
        weights=snakemake.output.weights,
        history=snakemake.output.history,
    )
