"""Weigh the test set to other mixes of locations."""

from typing import TYPE_CHECKING

from nodal_staging.audit.mixes.reweighting import Scored, reweight_mixes
from nodal_staging.estimates.patient_bootstrap import BootstrapOptions
from nodal_staging.study.jobs import job_log

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

with job_log(snakemake.log[0], code=snakemake.params.code):
    reweight_mixes(
        scored={
            classifier: Scored(scores, statistics)
            for classifier, scores, statistics in zip(
                snakemake.params.classifiers,
                snakemake.input.scores,
                snakemake.input.statistics,
                strict=True,
            )
        },
        nodes=snakemake.input.nodes,
        mixes=snakemake.params.mixes,
        bootstrap=BootstrapOptions(
            snakemake.params.replicates,
            snakemake.params.confidence_level,
            snakemake.params.seed,
        ),
        output=snakemake.output[0],
    )
