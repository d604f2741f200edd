"""Recompute the statistics of the study."""

from typing import TYPE_CHECKING

from nodal_staging.statistics.recomputation.recompute import (
    Results,
    recompute_statistics,
)
from nodal_staging.study.jobs import job_log
from nodal_staging.study.reader_names import reader_name

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

with job_log(snakemake.log[0], code=snakemake.params.code):
    classifiers, cnns = snakemake.params.classifiers, snakemake.params.cnns
    refit_scores = snakemake.input.refit_scores
    parts = ("areas", "points", "agreement", "fixed", "random")
    recompute_statistics(
        Results(
            scores=dict(zip(classifiers, snakemake.input.scores, strict=True)),
            statistics=dict(zip(classifiers, snakemake.input.statistics, strict=True)),
            curves={
                "roc": dict(zip(classifiers, snakemake.input.roc, strict=True)),
                "band": dict(zip(classifiers, snakemake.input.band, strict=True)),
                "calibration": dict(
                    zip(classifiers, snakemake.input.calibration, strict=True)
                ),
                "decision_curve": dict(
                    zip(classifiers, snakemake.input.decision_curve, strict=True)
                ),
            },
            nodes=snakemake.input.nodes,
            mcnemar=snakemake.input.mcnemar,
            auc_differences=snakemake.input.auc_differences,
            over_simple=snakemake.input.over_simple,
            simple_choice=snakemake.input.simple_choice,
            subgroups=snakemake.input.subgroups,
            precision=snakemake.input.precision,
            detectable=snakemake.input.detectable,
            needed=snakemake.input.needed,
            readers={reader_name(key): key for key in snakemake.params.readers},
            reader_study=dict(zip(parts, snakemake.input.reader_study, strict=False)),
            refits=snakemake.input.refits,
            refit_scores={
                cnn: refit_scores[place :: len(cnns)] for place, cnn in enumerate(cnns)
            },
        ),
        significance=snakemake.params.significance,
        level=snakemake.params.confidence_level,
        output=snakemake.output[0],
    )
