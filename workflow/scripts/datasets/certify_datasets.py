"""Write the ledger of leakage and the balance of the split."""

from typing import TYPE_CHECKING

from nodal_staging.datasets.balance import write_balance
from nodal_staging.datasets.leakage import SplitRecord, certify_datasets
from nodal_staging.study.jobs import job_log

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

with job_log(snakemake.log[0], code=snakemake.params.code):
    write_balance(
        nodes=snakemake.input.nodes,
        test=snakemake.input.test,
        limits_mm=snakemake.params.bands_mm,
        output=snakemake.output.balance,
    )
    certify_datasets(
        test=snakemake.input.test,
        training={
            "status_balanced": snakemake.input.status_balanced,
            "location_balanced": snakemake.input.location_balanced,
        },
        patches=snakemake.input.patches,
        record=SplitRecord(
            protocol=snakemake.params.protocol,
            threshold_source=snakemake.params.threshold_source,
            given=bool(snakemake.params.given),
            by=snakemake.params.by,
        ),
        output=snakemake.output.certificate,
    )
