"""Draw training images again."""

from typing import TYPE_CHECKING

from nodal_staging.figures.replay import Chosen, replay_images
from nodal_staging.study.jobs import job_log

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

with job_log(snakemake.log[0], code=snakemake.params.code):
    replay_images(
        recipe=snakemake.input.recipe,
        training=snakemake.input.training,
        patches=snakemake.input.patches,
        chosen=Chosen(
            snakemake.wildcards.cnn, snakemake.params.nodes, snakemake.params.epochs
        ),
        synthetic=snakemake.params.synthetic,
        table=snakemake.output.table,
        figure=snakemake.output.figure,
    )
