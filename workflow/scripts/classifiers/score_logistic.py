"""Score the nodes by a logistic regression on location and volume."""

from typing import TYPE_CHECKING

from nodal_staging.classifiers.all_test_nodes import AllTestNodes
from nodal_staging.classifiers.logistic_baseline import score_logistic
from nodal_staging.study.jobs import job_log

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

with job_log(snakemake.log[0], code=snakemake.params.code):
    score_logistic(
        nodes=snakemake.input.nodes,
        training=snakemake.input.training,
        test=snakemake.input.test,
        ridge=snakemake.params.ridge,
        scores=snakemake.output.scores,
        coefficients=snakemake.output.coefficients,
        all_test_nodes=AllTestNodes(
            snakemake.input.all_test_nodes, snakemake.output.all_test_nodes
        ),
    )
