"""Cut the patches of a shard."""

from typing import TYPE_CHECKING

from nodal_staging.cohort.selection import Limits
from nodal_staging.nodes.patches import extract_patches
from nodal_staging.study.jobs import job_log

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

with job_log(snakemake.log[0]):
    extract_patches(
        inspections=snakemake.input.inspections,
        exams=snakemake.input.exams,
        nodes=snakemake.input.nodes,
        measured=snakemake.input.measured,
        index=snakemake.input.index,
        shard=snakemake.wildcards.scatteritem,
        limits=Limits.of(snakemake.params.criteria),
        on_bad_exam=snakemake.params.on_bad_exam,
        size_mm=snakemake.params.size_mm,
        spacing_mm=snakemake.params.spacing_mm,
        centre=snakemake.params.centre,
        output=snakemake.output[0],
    )
