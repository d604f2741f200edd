"""Draw the calibration of the CNNs."""

from typing import TYPE_CHECKING

from nodal_staging.figures.calibration import draw_calibration
from nodal_staging.study.jobs import job_log

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

with job_log(snakemake.log[0], code=snakemake.params.code):
    draw_calibration(
        statistics=dict(
            zip(snakemake.params.cnns, snakemake.input.statistics, strict=True)
        ),
        calibration=dict(
            zip(snakemake.params.cnns, snakemake.input.calibration, strict=True)
        ),
        synthetic=snakemake.params.synthetic,
        output=list(snakemake.output),
    )
