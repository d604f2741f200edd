"""Compare two finished studies."""

from typing import TYPE_CHECKING

from nodal_staging.report.comparison_page import compare_studies
from nodal_staging.study.jobs import job_log

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

with job_log(snakemake.log[0], code=snakemake.params.code):
    compare_studies(
        list(snakemake.params.studies),
        root="results",
        page=snakemake.output.page,
        classifiers=snakemake.output.classifiers,
        study_facts=snakemake.output.facts,
    )
