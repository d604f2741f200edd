"""Score the nodes by each baseline."""

from typing import TYPE_CHECKING

from nodal_staging.classifiers.all_test_nodes import AllTestNodes
from nodal_staging.classifiers.baselines import score_baseline
from nodal_staging.study.jobs import job_log

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

with job_log(snakemake.log[0], code=snakemake.params.code):
    for baseline, scores, all_scores in zip(
        snakemake.params.baselines,
        snakemake.output.scores,
        snakemake.output.all_test_nodes,
        strict=True,
    ):
        score_baseline(
            baseline=baseline,
            nodes=snakemake.input.nodes,
            training=snakemake.input.training,
            test=snakemake.input.test,
            scores=scores,
            all_test_nodes=AllTestNodes(snakemake.input.all_test_nodes, all_scores),
        )
