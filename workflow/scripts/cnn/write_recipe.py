"""Write the recipe of a CNN."""

from typing import TYPE_CHECKING

from nodal_staging.classifiers.cnn.recipes import write_recipe
from nodal_staging.study.jobs import job_log

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

with job_log(snakemake.log[0], code=snakemake.params.code):
    write_recipe(
        cnn=snakemake.wildcards.cnn,
        options=snakemake.params.options,
        seed=snakemake.params.seed,
        percent=snakemake.params.percent,
        chosen=snakemake.input.chosen or None,
        output=snakemake.output[0],
    )
