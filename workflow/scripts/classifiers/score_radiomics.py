"""Score the nodes by a logistic regression on radiomics features."""

from typing import TYPE_CHECKING

from nodal_staging.classifiers.all_test_nodes import AllTestNodes
from nodal_staging.classifiers.radiomics_baseline import score_radiomics
from nodal_staging.study.jobs import job_log

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

with job_log(snakemake.log[0], code=snakemake.params.code):
    for training, scores, coefficients, all_scores in zip(
        snakemake.input.training,
        snakemake.output.scores,
        snakemake.output.coefficients,
        snakemake.output.all_test_nodes,
        strict=True,
    ):
        score_radiomics(
            features=snakemake.input.features,
            training=training,
            test=snakemake.input.test,
            scores=scores,
            coefficients=coefficients,
            all_test_nodes=AllTestNodes(snakemake.input.all_test_nodes, all_scores),
        )
