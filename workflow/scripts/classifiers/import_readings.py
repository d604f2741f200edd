"""Turn the answers of readers to readings."""

from typing import TYPE_CHECKING

from nodal_staging.classifiers.reader_page.reader_answers import (
    ImportFiles,
    import_readings,
)
from nodal_staging.study.jobs import job_log

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

with job_log(snakemake.log[0], code=snakemake.params.code):
    import_readings(
        answers=list(snakemake.input.answers),
        kept_keys=snakemake.params.kept_keys,
        patches=list(snakemake.input.patches),
        unread=snakemake.params.unread,
        outputs=ImportFiles(
            readings=snakemake.output.readings,
            aided=snakemake.output.aided,
            log=snakemake.output.log,
        ),
    )
