"""Write the report."""

from typing import TYPE_CHECKING

from nodal_staging.jobs import job_log
from nodal_staging.report.artefacts import Artefacts
from nodal_staging.report.page import write_report

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

with job_log(snakemake.log[0]):
    cnns = snakemake.params.cnns
    study = Artefacts(
        flow=snakemake.input.flow,
        characteristics=snakemake.input.characteristics,
        certificate=snakemake.input.certificate,
        nodes=snakemake.input.nodes,
        figures=dict(
            zip(snakemake.params.figures, snakemake.input.figures, strict=True)
        ),
        table_1=snakemake.input.table_1,
        mcnemar=snakemake.input.mcnemar,
        claims=snakemake.input.claims,
        scorecard=snakemake.input.scorecard,
        statistics=dict(zip(cnns, snakemake.input.statistics, strict=True)),
        scores=dict(zip(cnns, snakemake.input.scores, strict=True)),
        heatmaps=dict(zip(cnns, snakemake.input.heatmaps, strict=True)),
        auc_differences=snakemake.input.auc_differences,
        location=snakemake.input.location,
        localisation=snakemake.input.localisation,
        localisation_differences=snakemake.input.localisation_differences,
        localisation_controls=snakemake.input.localisation_controls,
        randomisation=snakemake.input.randomisation,
        faithfulness=snakemake.input.faithfulness,
        halo=snakemake.input.halo,
        verdict=snakemake.input.verdict,
        ceilings=snakemake.input.ceilings or None,
        provenance=snakemake.input.provenance,
    )
    write_report(study, name=snakemake.params.study, output=snakemake.output[0])
