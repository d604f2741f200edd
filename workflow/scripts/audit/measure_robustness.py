"""Measure by how much perturbations change the calls and scores of the test nodes."""

from typing import TYPE_CHECKING

from nodal_staging.audit.robustness.perturbed_scores import Models
from nodal_staging.audit.robustness.robustness_audit import (
    RobustnessFiles,
    RobustnessOptions,
    measure_robustness,
)
from nodal_staging.classifiers.forest import ForestOptions
from nodal_staging.classifiers.table_models import TableModels
from nodal_staging.estimates.patient_bootstrap import BootstrapOptions
from nodal_staging.study.jobs import in_groups, job_log

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

with job_log(snakemake.log[0], code=snakemake.params.code):
    measure_robustness(
        models=Models(
            recipes=dict(
                zip(snakemake.params.cnns, snakemake.input.recipes, strict=True)
            ),
            weights=dict(
                zip(snakemake.params.cnns, snakemake.input.weights, strict=True)
            ),
            tables=TableModels(
                nodes=snakemake.input.nodes,
                radiomics=snakemake.input.radiomics,
                training=dict(
                    zip(
                        snakemake.params.trainings,
                        snakemake.input.training,
                        strict=True,
                    )
                ),
                forest=ForestOptions(
                    trees=snakemake.params.trees,
                    max_depth=snakemake.params.max_depth,
                    seed=snakemake.params.seed,
                ),
                ridge=snakemake.params.ridge,
            ),
            gpu=snakemake.resources.gpu > 0,
        ),
        scores=dict(
            zip(snakemake.params.classifiers, snakemake.input.scores, strict=True)
        ),
        statistics=dict(
            zip(snakemake.params.classifiers, snakemake.input.statistics, strict=True)
        ),
        refits={
            f"cnn_{cnn}": paths
            for cnn, paths in zip(
                snakemake.params.cnns,
                in_groups(snakemake.input.refits, len(snakemake.params.cnns)),
                strict=True,
            )
        },
        test=snakemake.input.test,
        patches=snakemake.input.patches,
        options=RobustnessOptions(
            strengths=snakemake.params.strengths,
            plausible=snakemake.params.plausible,
            centre=snakemake.params.centre,
            bootstrap=BootstrapOptions(
                snakemake.params.replicates,
                snakemake.params.confidence_level,
                snakemake.params.seed,
            ),
        ),
        outputs=RobustnessFiles(
            changes=snakemake.output.changes,
            nodes=snakemake.output.nodes,
            stability=snakemake.output.stability,
            scores=snakemake.output.scores,
            examples=snakemake.output.examples,
        ),
    )
