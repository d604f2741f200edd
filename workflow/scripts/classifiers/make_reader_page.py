"""Write the page of the reader study and its key."""

from pathlib import Path
from typing import TYPE_CHECKING

from nodal_staging.classifiers.reader_page.page_folder import (
    ReaderPageInputs,
    make_reader_page,
)
from nodal_staging.classifiers.reader_page.reading_plan import PageOptions
from nodal_staging.study.jobs import job_log

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

with job_log(snakemake.log[0], code=snakemake.params.code):
    make_reader_page(
        inputs=ReaderPageInputs(
            patches=list(snakemake.input.patches),
            test=snakemake.input.test,
            training=snakemake.input.training,
            scores=snakemake.input.scores or None,
        ),
        options=PageOptions(
            study=snakemake.params.study,
            seed=snakemake.params.seed,
            **snakemake.params.options,
        ),
        folder=Path(snakemake.output.page).parent,
        key=snakemake.output.key,
        kept_keys=snakemake.params.kept_keys,
    )
