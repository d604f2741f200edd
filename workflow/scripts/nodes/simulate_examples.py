"""Simulate the exams of the chosen nodes once more."""

from typing import TYPE_CHECKING

from nodal_staging.phantom.examples import CohortFiles, simulate_examples
from nodal_staging.phantom.scanner import Scanner
from nodal_staging.study.jobs import job_log

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

with job_log(snakemake.log[0], code=snakemake.params.code):
    simulate_examples(
        cohort=CohortFiles(
            exams=snakemake.input.exams,
            nodes=snakemake.input.nodes,
            truth=snakemake.input.truth,
        ),
        chosen=snakemake.input.chosen,
        scanner=Scanner(
            body=snakemake.params.body,
            ct=snakemake.params.ct,
            pet=snakemake.params.pet,
            segmentation=snakemake.params.segmentation,
        ),
        seed=snakemake.params.seed,
        output_exams=snakemake.output.exams,
        output_nodes=snakemake.output.nodes,
        output_raw=snakemake.output.raw,
    )
