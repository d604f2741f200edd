"""Write the report."""

from typing import TYPE_CHECKING

from nodal_staging.report.artefacts import Artefacts, ReaderStudy
from nodal_staging.report.page import write_report
from nodal_staging.study.jobs import in_groups, job_log

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
        classifiers=dict(
            zip(snakemake.params.classifiers, snakemake.input.classifiers, strict=True)
        ),
        mcnemar=snakemake.input.mcnemar,
        claims=snakemake.input.claims,
        precision=snakemake.input.precision,
        detectable=snakemake.input.detectable,
        readers=ReaderStudy.of(snakemake.input.readers),
        disagreements=snakemake.input.disagreements,
        cutoff_suv=snakemake.params.cutoff_suv,
        trainings={
            cnn: [whole, *folds]
            for cnn, whole, folds in zip(
                cnns,
                snakemake.input.histories,
                in_groups(snakemake.input.folds, len(cnns)),
                strict=True,
            )
        },
        scorecard=snakemake.input.scorecard,
        statistics=dict(zip(cnns, snakemake.input.statistics, strict=True)),
        scores=dict(zip(cnns, snakemake.input.scores, strict=True)),
        heatmaps=dict(zip(cnns, snakemake.input.heatmaps, strict=True)),
        auc_differences=snakemake.input.auc_differences,
        significance=snakemake.params.significance,
        location=snakemake.input.location,
        localisation=snakemake.input.localisation,
        localisation_differences=snakemake.input.localisation_differences,
        localisation_controls=snakemake.input.localisation_controls,
        randomisation=snakemake.input.randomisation,
        faithfulness=snakemake.input.faithfulness,
        halo=snakemake.input.halo,
        patterns=snakemake.input.patterns or None,
        verdict=snakemake.input.verdict,
        ceilings=snakemake.input.ceilings or None,
        provenance=snakemake.input.provenance,
    )
    write_report(study, name=snakemake.params.study, output=snakemake.output[0])
