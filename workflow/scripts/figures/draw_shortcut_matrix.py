"""Draw the shortcut matrix."""

from typing import TYPE_CHECKING

from nodal_staging.figures.shortcut_matrix import draw_shortcut_matrix
from nodal_staging.study.jobs import job_log

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

with job_log(snakemake.log[0], code=snakemake.params.code):
    draw_shortcut_matrix(
        matrix=snakemake.input.matrix,
        reading=snakemake.input.reading,
        synthetic=snakemake.params.synthetic,
        output=list(snakemake.output),
    )
