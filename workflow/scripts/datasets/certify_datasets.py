"""Write the ledger of leakage."""

from typing import TYPE_CHECKING

from nodal_staging.datasets.leakage import certify_datasets
from nodal_staging.study.jobs import job_log

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

with job_log(snakemake.log[0]):
    certify_datasets(
        test=snakemake.input.test,
        training={
            "status_balanced": snakemake.input.status_balanced,
            "location_balanced": snakemake.input.location_balanced,
        },
        patches=snakemake.input.patches,
        protocol=snakemake.params.protocol,
        threshold_source=snakemake.params.threshold_source,
        output=snakemake.output[0],
    )
