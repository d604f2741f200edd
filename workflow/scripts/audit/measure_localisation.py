"""Measure where the heatmaps of the CNNs lie."""

from typing import TYPE_CHECKING

from nodal_staging.audit.relevance_regions import (
    LocalisationFiles,
    measure_localisation,
)
from nodal_staging.estimates.patient_bootstrap import BootstrapOptions
from nodal_staging.study.jobs import job_log

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

with job_log(snakemake.log[0], code=snakemake.params.code):
    cnns = snakemake.params.cnns
    measure_localisation(
        heatmaps=dict(zip(cnns, snakemake.input.heatmaps, strict=True)),
        scores=dict(zip(cnns, snakemake.input.scores, strict=True)),
        statistics=dict(zip(cnns, snakemake.input.statistics, strict=True)),
        nodes=snakemake.input.nodes,
        ring_mm=snakemake.params.ring_mm,
        bootstrap=BootstrapOptions(
            snakemake.params.replicates,
            snakemake.params.confidence_level,
            snakemake.params.seed,
        ),
        outputs=LocalisationFiles(
            snakemake.output.localisation,
            snakemake.output.differences,
            snakemake.output.controls,
        ),
    )
