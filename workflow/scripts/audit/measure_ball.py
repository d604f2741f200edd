"""Measure the ball that hides every training node."""

from typing import TYPE_CHECKING

from nodal_staging.audit.shortcut_matrix.hidden_ball import PatchFiles, measure_ball
from nodal_staging.study.jobs import job_log

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

with job_log(snakemake.log[0], code=snakemake.params.code):
    measure_ball(
        training=snakemake.input.training,
        test=snakemake.input.test,
        patches=PatchFiles(snakemake.input.patches, snakemake.params.spacing_mm),
        output=snakemake.output[0],
    )
