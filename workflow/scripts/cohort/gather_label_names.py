"""Join the nodes that label names tell of."""

from typing import TYPE_CHECKING

from nodal_staging.cohort.label_names import gather_label_names
from nodal_staging.study.jobs import job_log

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

with job_log(snakemake.log[0], code=snakemake.params.code):
    gather_label_names(
        shards=snakemake.input,
        named=bool(snakemake.params.label_names),
        output=snakemake.output[0],
    )
