"""Rehearse the audit with a known shortcut."""

from typing import TYPE_CHECKING

from nodal_staging.audit.shortcut_power import Plan, Rehearsals, rehearse_audit
from nodal_staging.datasets.split import Split
from nodal_staging.estimates.patient_bootstrap import BootstrapOptions
from nodal_staging.study.jobs import job_log

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

with job_log(snakemake.log[0], code=snakemake.params.code):
    rehearse_audit(
        nodes=snakemake.input.nodes,
        plan=Plan(
            split=Split(
                snakemake.params.protocol,
                snakemake.params.test_share,
                snakemake.params.seed,
                given=snakemake.input.given or None,
                strata_mm=snakemake.params.strata_mm,
                by=snakemake.params.by,
            ),
            folds=snakemake.params.folds,
            rehearsals=Rehearsals.of(snakemake.params.options),
            bootstrap=BootstrapOptions(
                snakemake.params.replicates,
                snakemake.params.confidence_level,
                snakemake.params.seed,
            ),
        ),
        output=snakemake.output[0],
    )
