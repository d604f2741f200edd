"""Write Table 1, McNemar's tests and the differences of AUCs."""

from typing import TYPE_CHECKING

from nodal_staging.paper.results_tables import ResultsFiles, tabulate_results
from nodal_staging.study.jobs import job_log

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

with job_log(snakemake.log[0], code=snakemake.params.code):
    tabulate_results(
        statistics=snakemake.input.statistics,
        comparisons=snakemake.input.comparisons,
        differences=snakemake.input.differences,
        spread=next(iter(snakemake.input.spread), None),
        significance=snakemake.params.significance,
        confidence_level=snakemake.params.confidence_level,
        outputs=ResultsFiles(
            table_1=[*snakemake.output.table_1, snakemake.output.table_1_html],
            mcnemar=[*snakemake.output.mcnemar, snakemake.output.mcnemar_html],
            auc_differences=[
                *snakemake.output.auc_differences,
                snakemake.output.auc_differences_html,
            ],
        ),
    )
