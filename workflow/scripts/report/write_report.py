"""Write the report."""

from typing import TYPE_CHECKING

from nodal_staging.report.artefacts import Artefacts, ReaderStudy
from nodal_staging.report.report_page import write_report
from nodal_staging.study.jobs import in_groups, job_log

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

with job_log(snakemake.log[0], code=snakemake.params.code):
    cnns = snakemake.params.cnns
    study = Artefacts(
        flow=snakemake.input.flow,
        characteristics=snakemake.input.characteristics,
        certificate=snakemake.input.certificate,
        balance=snakemake.input.balance,
        nodes=snakemake.input.nodes,
        lost=snakemake.input.lost,
        node_flags=snakemake.input.node_flags,
        remarks=snakemake.input.remarks,
        figures=dict(
            zip(snakemake.params.figures, snakemake.input.figures, strict=True)
        ),
        classifiers=dict(
            zip(snakemake.params.classifiers, snakemake.input.classifiers, strict=True)
        ),
        mcnemar=snakemake.input.mcnemar,
        claims=snakemake.input.claims,
        table_1=snakemake.input.table_1,
        subgroups=snakemake.input.subgroups,
        refits=next(iter(snakemake.input.refits), None),
        refit_spread=next(iter(snakemake.input.refit_spread), None),
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
        reference=snakemake.input.reference,
        statistics=dict(zip(cnns, snakemake.input.statistics, strict=True)),
        scores=dict(zip(cnns, snakemake.input.scores, strict=True)),
        heatmaps=dict(zip(cnns, snakemake.input.heatmaps, strict=True)),
        auc_differences=snakemake.input.auc_differences,
        over_simple=snakemake.input.over_simple,
        simple_choice=snakemake.input.simple_choice,
        significance=snakemake.params.significance,
        location=snakemake.input.location,
        shortcut=snakemake.input.shortcut,
        reweighted=snakemake.input.reweighted,
        matrix=next(iter(snakemake.input.matrix), None),
        matrix_reading=next(iter(snakemake.input.matrix_reading), None),
        power=snakemake.input.power,
        localisation=snakemake.input.localisation,
        localisation_differences=snakemake.input.localisation_differences,
        localisation_controls=snakemake.input.localisation_controls,
        randomisation=snakemake.input.randomisation,
        faithfulness=snakemake.input.faithfulness,
        halo=snakemake.input.halo,
        robustness=snakemake.input.robustness,
        stability=snakemake.input.stability,
        examples=snakemake.input.examples,
        patterns=snakemake.input.patterns or None,
        verdict=snakemake.input.verdict,
        ceilings=snakemake.input.ceilings or None,
        effects=snakemake.input.effects,
        calibration=snakemake.input.calibration or None,
        recomputation=snakemake.input.recomputation,
        provenance=snakemake.input.provenance,
    )
    write_report(study, name=snakemake.params.study, output=snakemake.output[0])
