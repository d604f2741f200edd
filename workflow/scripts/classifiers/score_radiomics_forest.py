"""Score the nodes by a random forest on radiomics features."""

from typing import TYPE_CHECKING

from nodal_staging.classifiers.all_test_nodes import AllTestNodes
from nodal_staging.classifiers.forest import ForestOptions
from nodal_staging.classifiers.radiomics_baseline import score_radiomics_forest
from nodal_staging.study.jobs import job_log

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

with job_log(snakemake.log[0], code=snakemake.params.code):
    score_radiomics_forest(
        features=snakemake.input.features,
        training=snakemake.input.training,
        test=snakemake.input.test,
        options=ForestOptions(
            snakemake.params.trees, snakemake.params.max_depth, snakemake.params.seed
        ),
        scores=snakemake.output.scores,
        importances=snakemake.output.importances,
        all_test_nodes=AllTestNodes(
            snakemake.input.all_test_nodes, snakemake.output.all_test_nodes
        ),
    )
