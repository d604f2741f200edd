"""Put the paper's claims to the study."""

from typing import TYPE_CHECKING

from nodal_staging.estimates.patient_bootstrap import BootstrapOptions
from nodal_staging.paper.claims.evidence import Evidence, EvidenceFiles, RefitFiles
from nodal_staging.paper.claims.table import check_claims
from nodal_staging.study.jobs import job_log

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

with job_log(snakemake.log[0], code=snakemake.params.code):
    check_claims(
        evidence=Evidence.read(
            EvidenceFiles(
                statistics=snakemake.input.statistics,
                differences=snakemake.input.differences,
                simple=snakemake.input.simple,
                comparisons=snakemake.input.comparisons,
                location=snakemake.input.location,
                localisation=snakemake.input.localisation,
                controls=snakemake.input.controls,
                halo=snakemake.input.halo,
                nodes=snakemake.input.nodes,
                xmask=snakemake.input.xmask,
            ),
            BootstrapOptions(
                snakemake.params.replicates,
                snakemake.params.confidence_level,
                snakemake.params.seed,
            ),
        ),
        refits=[
            RefitFiles(
                differences=differences,
                comparisons=comparisons,
                location=location,
                xmask=xmask,
            )
            for differences, comparisons, location, xmask in zip(
                snakemake.input.refit_differences,
                snakemake.input.refit_comparisons,
                snakemake.input.refit_location,
                snakemake.input.refit_xmask,
                strict=True,
            )
        ],
        answers=snakemake.output.answers,
        output=[*snakemake.output.tables, snakemake.output.page],
    )
