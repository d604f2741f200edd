"""Inspect the headers of the exams of a shard."""

from typing import TYPE_CHECKING

from nodal_staging.cohort.contrast_and_dose import Rules
from nodal_staging.cohort.inspection import inspect_exams
from nodal_staging.study.jobs import job_log

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

with job_log(snakemake.log[0], code=snakemake.params.code):
    inspect_exams(
        exams=snakemake.input.exams,
        nodes=snakemake.input.nodes,
        shard=snakemake.wildcards.scatteritem,
        rules=Rules.of(
            snakemake.params.evidence,
            snakemake.params.repairs,
            snakemake.params.content,
            snakemake.params.pet_limits,
        ),
        on_bad_exam="fail" if snakemake.resources.stops_at_bad_exam else "exclude",
        inspections=snakemake.output.inspections,
        index=snakemake.output.index,
        unread=snakemake.input.unread or None,
    )
