"""Read the nodes of a shard from the names of labels."""

from typing import TYPE_CHECKING

from nodal_staging.cohort.label_names import Naming, nodes_from_labels
from nodal_staging.study.jobs import job_log

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

with job_log(snakemake.log[0], code=snakemake.params.code):
    names = snakemake.params.label_names
    nodes_from_labels(
        exams=snakemake.input[0],
        shard=snakemake.wildcards.scatteritem,
        naming=Naming.of(names) if names else None,
        on_bad_exam="fail" if snakemake.resources.stops_at_bad_exam else "exclude",
        output=snakemake.output.nodes,
        unread=snakemake.output.unread,
    )
