"""Compare every number that the paper prints with ours."""

from typing import TYPE_CHECKING

from nodal_staging.paper.scorecard.judgement import write_scorecard
from nodal_staging.paper.scorecard.measured import measure_study, measured_reference
from nodal_staging.study.jobs import job_log

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

with job_log(snakemake.log[0], code=snakemake.params.code):
    write_scorecard(
        published=snakemake.input.published,
        measured=measure_study(
            flow=snakemake.input.flow,
            cohort=snakemake.input.cohort,
            nodes=snakemake.input.nodes,
            datasets={
                name: snakemake.input[name]
                for name in ("test", "status_balanced", "location_balanced")
            },
            statistics=snakemake.input.statistics,
            comparisons=snakemake.input.comparisons,
        )
        | measured_reference(snakemake.input.published, snakemake.params.reference),
        synthetic=snakemake.params.synthetic,
        output=snakemake.output,
    )
