"""Score new nodes with a trained CNN."""

from typing import TYPE_CHECKING

from nodal_staging.classifiers.cnn.prediction import predict_nodes
from nodal_staging.study.jobs import job_log

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

with job_log(snakemake.log[0], code=snakemake.params.code):
    predict_nodes(
        recipe=snakemake.input.recipe,
        weights=snakemake.input.weights,
        reference=snakemake.input.reference,
        statistics=snakemake.input.statistics,
        nodes=snakemake.input.nodes,
        patches=snakemake.input.patches,
        gpu=snakemake.resources.gpu > 0,
        output=snakemake.output[0],
    )
