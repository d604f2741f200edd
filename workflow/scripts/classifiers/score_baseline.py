"""Score the nodes by a baseline."""

from typing import TYPE_CHECKING

from nodal_staging.classifiers.baselines import score_baseline
from nodal_staging.study.jobs import job_log

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

with job_log(snakemake.log[0]):
    score_baseline(
        baseline=snakemake.wildcards.baseline,
        nodes=snakemake.input.nodes,
        training=snakemake.input.training,
        test=snakemake.input.test,
        scores=snakemake.output[0],
    )
