"""Measure which radiomics features stay what they are when outline or noise change."""

from typing import TYPE_CHECKING

from nodal_staging.audit.robustness.feature_stability import (
    StabilityOptions,
    measure_feature_stability,
)
from nodal_staging.study.jobs import job_log

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

with job_log(snakemake.log[0], code=snakemake.params.code):
    measure_feature_stability(
        patches=snakemake.input.patches,
        nodes=snakemake.input.nodes,
        training=snakemake.input.training,
        options=StabilityOptions(
            snakemake.params.centre,
            snakemake.params.confidence_level,
            snakemake.params.seed,
        ),
        output=snakemake.output[0],
    )
