"""Simulate the exams of a shard."""

from typing import TYPE_CHECKING

from nodal_staging.phantom.scanner import Scanner
from nodal_staging.phantom.simulation import simulate_exams
from nodal_staging.study.jobs import job_log

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

with job_log(snakemake.log[0], code=snakemake.params.code):
    simulate_exams(
        exams=snakemake.input.exams,
        truth=snakemake.input.truth,
        scanner=Scanner(
            body=snakemake.params.body,
            ct=snakemake.params.ct,
            pet=snakemake.params.pet,
            segmentation=snakemake.params.segmentation,
        ),
        shard=snakemake.wildcards.scatteritem,
        seed=snakemake.params.seed,
        output=snakemake.output[0],
    )
