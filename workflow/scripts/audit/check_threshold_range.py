"""Warn where HU or masks of new nodes lie outside the range of a threshold."""

from typing import TYPE_CHECKING

from nodal_staging.audit.robustness.threshold_range import check_threshold_range
from nodal_staging.study.jobs import job_log

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

with job_log(snakemake.log[0], code=snakemake.params.code):
    check_threshold_range(
        robustness=snakemake.input.robustness,
        nodes=snakemake.input.nodes,
        test=snakemake.input.test,
        new_nodes=snakemake.input.new_nodes,
        tolerated_calls=snakemake.params.tolerated_calls,
        level=snakemake.params.confidence_level,
        output=snakemake.output[0],
    )
