"""Say how far the heatmaps of the CNNs can be trusted."""

from typing import TYPE_CHECKING

from nodal_staging.audit.heatmaps import HeatmapAuditFiles, audit_heatmaps
from nodal_staging.estimates.patient_bootstrap import BootstrapOptions
from nodal_staging.study.jobs import job_log

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

with job_log(snakemake.log[0], code=snakemake.params.code):
    cnns = snakemake.params.cnns
    audit_heatmaps(
        checks=dict(zip(cnns, snakemake.input.checks, strict=True)),
        heatmaps=dict(zip(cnns, snakemake.input.heatmaps, strict=True)),
        nodes=snakemake.input.nodes,
        bootstrap=BootstrapOptions(
            snakemake.params.replicates,
            snakemake.params.confidence_level,
            snakemake.params.seed,
        ),
        outputs=HeatmapAuditFiles(
            snakemake.output.randomisation,
            snakemake.output.faithfulness,
            snakemake.output.halo,
        ),
    )
