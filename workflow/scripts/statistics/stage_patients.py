"""Stage the test patients, and judge each classifier with patients as units."""

from typing import TYPE_CHECKING

from nodal_staging.statistics.patients.accuracy import judge_patients
from nodal_staging.statistics.patients.staged_patients import (
    PatientFiles,
    stage_patients,
)
from nodal_staging.study.jobs import job_log

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

with job_log(snakemake.log[0], code=snakemake.params.code):
    names = snakemake.params.classifiers
    all_test_nodes = dict(zip(names, snakemake.input.all_test_nodes, strict=True))
    tested = dict(zip(names, snakemake.input.scores, strict=True))
    statistics = dict(zip(names, snakemake.input.statistics, strict=True))
    stage_patients(
        classifiers={
            name: PatientFiles(all_test_nodes[name], tested[name], statistics[name])
            for name in names
        },
        nodes=snakemake.input.nodes,
        protocol=snakemake.params.protocol,
        output=snakemake.output.stages,
    )
    judge_patients(
        stages=snakemake.output.stages,
        all_test_nodes=all_test_nodes,
        level=snakemake.params.confidence_level,
        accuracy=snakemake.output.accuracy,
        confused=snakemake.output.confused,
        changes=snakemake.output.changes,
    )
