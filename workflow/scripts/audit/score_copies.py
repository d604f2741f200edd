"""Score copies of test nodes with every CNN."""

from typing import TYPE_CHECKING

from nodal_staging.audit.counterfactual.cnn_scores import score_copies, trained_cnns
from nodal_staging.study.jobs import job_log

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

with job_log(snakemake.log[0], code=snakemake.params.code):
    score_copies(
        cnns=trained_cnns(
            snakemake.params.cnns, snakemake.input.recipes, snakemake.input.weights
        ),
        copies=snakemake.input.copies,
        patches=snakemake.input.patches,
        gpu=snakemake.resources.gpu > 0,
        output=snakemake.output[0],
    )
