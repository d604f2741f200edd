"""Draw the forest plot by location and size."""

from typing import TYPE_CHECKING

from nodal_staging.figures.subgroups import draw_subgroups
from nodal_staging.study.jobs import job_log

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

with job_log(snakemake.log[0], code=snakemake.params.code):
    draw_subgroups(
        classifiers=snakemake.params.classifiers,
        subgroups=snakemake.input[0],
        synthetic=snakemake.params.synthetic,
        output=list(snakemake.output),
    )
