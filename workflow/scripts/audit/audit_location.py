"""Compare nodes of the same location only."""

from typing import TYPE_CHECKING

from nodal_staging.audit.location import audit_location
from nodal_staging.estimates.patient_bootstrap import BootstrapOptions
from nodal_staging.study.jobs import job_log

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

with job_log(snakemake.log[0], code=snakemake.params.code):
    audit_location(
        scores=dict(
            zip(snakemake.params.classifiers, snakemake.input.scores, strict=True)
        ),
        nodes=snakemake.input.nodes,
        bootstrap=BootstrapOptions(
            snakemake.params.replicates,
            snakemake.params.confidence_level,
            snakemake.params.seed,
        ),
        location=snakemake.output.location,
    )
