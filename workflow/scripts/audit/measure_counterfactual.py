"""Measure what moves the scores of copies: the node, or its location."""

from typing import TYPE_CHECKING

from nodal_staging.audit.counterfactual.summary import (
    ScoredCopies,
    measure_counterfactual,
)
from nodal_staging.classifiers.forest import ForestOptions
from nodal_staging.classifiers.table_models import TableModels
from nodal_staging.estimates.patient_bootstrap import BootstrapOptions
from nodal_staging.study.jobs import job_log

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

with job_log(snakemake.log[0], code=snakemake.params.code):
    models = TableModels(
        nodes=snakemake.input.nodes,
        radiomics=snakemake.input.radiomics,
        training=dict(
            zip(snakemake.params.training, snakemake.input.training, strict=True)
        ),
        forest=ForestOptions(
            trees=snakemake.params.trees,
            max_depth=snakemake.params.max_depth,
            seed=snakemake.params.seed,
        ),
        ridge=snakemake.params.ridge,
    )
    measure_counterfactual(
        scored=ScoredCopies(
            copies=snakemake.input.copies,
            radiomics=snakemake.input.copied_radiomics or None,
            cnn_scores=snakemake.input.cnn_scores,
        ),
        models=models if snakemake.input.truth else None,
        statistics=dict(
            zip(snakemake.params.classifiers, snakemake.input.statistics, strict=True)
        ),
        truth=snakemake.input.truth or None,
        nodes=snakemake.input.nodes,
        bootstrap=BootstrapOptions(
            replicates=snakemake.params.replicates,
            level=snakemake.params.confidence_level,
            seed=snakemake.params.seed,
        ),
        counterfactual=snakemake.output.counterfactual,
        effects=snakemake.output.effects,
    )
