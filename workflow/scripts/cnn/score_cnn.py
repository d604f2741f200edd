"""Score the test set with a CNN."""

from typing import TYPE_CHECKING

from nodal_staging.classifiers.all_test_nodes import AllTestNodes
from nodal_staging.classifiers.cnn.training import score_cnn
from nodal_staging.study.jobs import job_log

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

with job_log(snakemake.log[0], code=snakemake.params.code):
    # None for a point of the learning curve.
    pairs = zip(
        snakemake.input.all_test_nodes, snakemake.output.all_test_nodes, strict=True
    )
    score_cnn(
        recipe=snakemake.input.recipe,
        weights=snakemake.input.weights,
        test=snakemake.input.test,
        folds=snakemake.input.folds,
        patches=snakemake.input.patches,
        gpu=snakemake.resources.gpu > 0,
        scores=snakemake.output.scores,
        all_test_nodes=next((AllTestNodes(*pair) for pair in pairs), None),
    )
