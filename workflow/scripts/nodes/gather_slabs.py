"""Join the central slices of the patches of all shards."""

from typing import TYPE_CHECKING

from nodal_staging.classifiers.cnn.sampling import HALF_DEPTH
from nodal_staging.nodes.patch_files import gather_slabs
from nodal_staging.study.jobs import job_log

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

with job_log(snakemake.log[0], code=snakemake.params.code):
    gather_slabs(
        shards=snakemake.input,
        half_depth=HALF_DEPTH,
        output=snakemake.output[0],
    )
