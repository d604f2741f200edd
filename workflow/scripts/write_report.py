"""Write the report."""

from typing import TYPE_CHECKING

from nodal_staging.jobs import job_log
from nodal_staging.report import write_report

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

with job_log(snakemake.log[0]):
    write_report(
        study=snakemake.params.study,
        flow=snakemake.input.flow,
        characteristics=snakemake.input.characteristics,
        certificate=snakemake.input.certificate,
        figures=snakemake.input.figures,
        table_1=snakemake.input.table_1,
        mcnemar=snakemake.input.mcnemar,
        statistics=snakemake.input.statistics,
        location=snakemake.input.location,
        localisation=snakemake.input.localisation,
        verdict=snakemake.input.verdict,
        ceilings=snakemake.input.ceilings or None,
        provenance=snakemake.input.provenance,
        output=snakemake.output[0],
    )
