"""Cut the patches of a shard."""

from typing import TYPE_CHECKING

from nodal_staging.cohort.inclusion_criteria import Limits
from nodal_staging.cohort.inspected_shard import InspectedShard
from nodal_staging.nodes.patches import Cube, extract_patches
from nodal_staging.study.jobs import job_log

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

with job_log(snakemake.log[0], code=snakemake.params.code):
    extract_patches(
        shard=InspectedShard(
            name=snakemake.wildcards.scatteritem,
            exams=snakemake.input.exams,
            nodes=snakemake.input.nodes,
            inspections=snakemake.input.inspections,
            index=snakemake.input.index,
            limits=Limits.of(snakemake.params.limits),
        ),
        measured=snakemake.input.measured,
        on_bad_exam="fail" if snakemake.resources.stops_at_bad_exam else "exclude",
        cube=Cube(
            snakemake.params.size_mm,
            snakemake.params.spacing_mm,
            snakemake.params.centre,
        ),
        output=snakemake.output.patches,
        lost=snakemake.output.lost,
    )
