"""Fit a random forest and score with it."""

from typing import TYPE_CHECKING

from nodal_staging.classifiers.all_test_nodes import AllTestNodes
from nodal_staging.classifiers.forest import ForestOptions, score_forest
from nodal_staging.study.jobs import job_log

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

with job_log(snakemake.log[0], code=snakemake.params.code):
    score_forest(
        nodes=snakemake.input.nodes,
        training=snakemake.input.training,
        test=snakemake.input.test,
        options=ForestOptions(
            snakemake.params.trees, snakemake.params.max_depth, snakemake.params.seed
        ),
        scores=snakemake.output.scores,
        importances=snakemake.output.importances,
        permuted=snakemake.output.permuted,
        all_test_nodes=AllTestNodes(
            snakemake.input.all_test_nodes, snakemake.output.all_test_nodes
        ),
    )
