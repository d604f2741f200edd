"""Record how the study came about."""

from pathlib import Path
from typing import TYPE_CHECKING

from nodal_staging.report.provenance_record import record_provenance
from nodal_staging.study.jobs import job_log

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

with job_log(snakemake.log[0], code=snakemake.params.code):
    record_provenance(
        config=snakemake.params.config,
        software=snakemake.params.software,
        sheets=snakemake.input.sheets,
        artefacts=[
            snakemake.input.nodes,
            *snakemake.input.scores,
            *snakemake.input.weights,
            *snakemake.input.patterns,
            *snakemake.input.heatmaps,
            *snakemake.input.audit,
            *snakemake.input.refits,
            snakemake.input.table_1,
        ],
        logs=Path(snakemake.log[0]).parent,
        rules=snakemake.params.recorded,
        scripts=Path(snakemake.scriptdir).parent,
        output=snakemake.output[0],
    )
