"""Draw the test set and the training sets."""

from typing import TYPE_CHECKING

from nodal_staging.datasets.split import Split, make_datasets
from nodal_staging.study.jobs import job_log

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

with job_log(snakemake.log[0], code=snakemake.params.code):
    make_datasets(
        nodes=snakemake.input.nodes,
        patches=snakemake.input.patches,
        split=Split(
            snakemake.params.protocol,
            snakemake.params.test_share,
            snakemake.params.seed,
            given=snakemake.input.given or None,
            strata_mm=snakemake.params.strata_mm,
            by=snakemake.params.by,
        ),
        folds=snakemake.params.folds,
        test=snakemake.output.test,
        training={
            "status_balanced": snakemake.output.status_balanced,
            "location_balanced": snakemake.output.location_balanced,
        },
        dropped=snakemake.output.dropped,
    )
