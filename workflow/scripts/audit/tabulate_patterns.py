"""Say how well the patterns of every layer are determined."""

from typing import TYPE_CHECKING

from nodal_staging.audit.pattern_layers import tabulate_patterns
from nodal_staging.study.jobs import job_log

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

with job_log(snakemake.log[0], code=snakemake.params.code):
    tabulate_patterns(
        patterns=dict(
            zip(snakemake.params.cnns, snakemake.input.patterns, strict=True)
        ),
        output=snakemake.output[0],
    )
