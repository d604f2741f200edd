"""Compare the performance of frozen CNNs in their study and in another cohort."""

from typing import TYPE_CHECKING

from nodal_staging.estimates.patient_bootstrap import BootstrapOptions
from nodal_staging.statistics.external.transport import (
    ExternalFiles,
    measure_transport,
)
from nodal_staging.study.jobs import job_log

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

with job_log(snakemake.log[0], code=snakemake.params.code):
    measure_transport(
        networks={
            name: ExternalFiles(
                snakemake.input.predictions[place],
                snakemake.input.scores[place],
                snakemake.input.statistics[place],
                snakemake.output.labelled[place],
            )
            for place, name in enumerate(snakemake.params.classifiers)
        },
        nodes=snakemake.input.nodes,
        frozen=snakemake.input.verified,
        margin=snakemake.params.margin,
        bootstrap=BootstrapOptions(
            snakemake.params.replicates,
            snakemake.params.confidence_level,
            snakemake.params.seed,
        ),
        output=snakemake.output.transport,
        summary=snakemake.output.summary,
    )
