"""List the implausible results of the study."""

from typing import TYPE_CHECKING

from nodal_staging.statistics.result_remarks import list_remarks
from nodal_staging.study.jobs import job_log

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

with job_log(snakemake.log[0], code=snakemake.params.code):
    list_remarks(
        test=snakemake.input.test,
        training={
            "status_balanced": snakemake.input.status_balanced,
            "location_balanced": snakemake.input.location_balanced,
        },
        classifiers=dict(
            zip(snakemake.params.classifiers, snakemake.input.classifiers, strict=True)
        ),
        output=snakemake.output[0],
    )
