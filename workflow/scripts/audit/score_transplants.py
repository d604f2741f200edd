"""Transplant nodes to every location and score them with every CNN."""

from typing import TYPE_CHECKING

from nodal_staging.audit.counterfactual.cnn_scores import (
    TransplantFiles,
    score_transplants,
    trained_cnns,
)
from nodal_staging.audit.counterfactual.transplanted import TransplantOptions
from nodal_staging.study.jobs import job_log

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

with job_log(snakemake.log[0], code=snakemake.params.code):
    score_transplants(
        cnns=trained_cnns(
            snakemake.params.cnns, snakemake.input.recipes, snakemake.input.weights
        ),
        files=TransplantFiles(
            copies=snakemake.input.copies or None,
            nodes=snakemake.input.nodes,
            test=snakemake.input.test,
            patches=snakemake.input.patches[0],
        ),
        options=TransplantOptions(
            nodes=snakemake.params.nodes,
            renderings=snakemake.params.renderings,
            seed=snakemake.params.seed,
        ),
        spacing_mm=snakemake.params.spacing_mm,
        gpu=snakemake.resources.gpu > 0,
        transplants=snakemake.output.transplants,
        output=snakemake.output.scores,
    )
