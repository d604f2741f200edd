"""Write Table 1 and the table of McNemar's tests."""

from typing import TYPE_CHECKING

from nodal_staging.jobs import job_log
from nodal_staging.results_tables import tabulate_results

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

with job_log(snakemake.log[0]):
    tabulate_results(
        statistics=snakemake.input.statistics,
        comparisons=snakemake.input.comparisons,
        significance=snakemake.params.significance,
        table_1=[*snakemake.output.table_1, snakemake.output.table_1_html],
        mcnemar=[*snakemake.output.mcnemar, snakemake.output.mcnemar_html],
    )
