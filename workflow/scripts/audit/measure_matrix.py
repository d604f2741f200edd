"""Measure the shortcut matrix, and say what it shows."""

from typing import TYPE_CHECKING

from nodal_staging.audit.shortcut_matrix.matrix import MatrixFiles, measure_matrix
from nodal_staging.estimates.patient_bootstrap import BootstrapOptions
from nodal_staging.study.jobs import job_log

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

with job_log(snakemake.log[0], code=snakemake.params.code):
    measure_matrix(
        files=MatrixFiles(
            scores=snakemake.input.scores,
            nodes=snakemake.input.nodes,
            control_history=snakemake.input.control,
            ball=snakemake.input.ball,
            ceilings=snakemake.input.ceilings or None,
        ),
        bootstrap=BootstrapOptions(
            snakemake.params.replicates,
            snakemake.params.confidence_level,
            snakemake.params.seed,
        ),
        matrix=snakemake.output.matrix,
        reading=snakemake.output.reading,
    )
