"""Draw the synthetic cohort."""

from pathlib import Path
from typing import TYPE_CHECKING

from nodal_staging.phantom.synthetic_cohort import Enrolment, Readers, draw_cohort
from nodal_staging.phantom.truth import dials_of
from nodal_staging.study.jobs import job_log

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

with job_log(snakemake.log[0]):
    phantom = snakemake.params.phantom
    draw_cohort(
        enrolment=Enrolment(
            phantom["patients"], phantom["nodes"], phantom["excluded_share"]
        ),
        dials=dials_of(phantom),
        readers=Readers(**phantom["readers"]),
        per_node_share=phantom["segmentation"]["per_node_share"],
        ct=phantom["ct"],
        n_shards=len(snakemake.params.shards),
        seed=snakemake.params.seed,
        folder=Path(snakemake.output.exams).parent,
    )
