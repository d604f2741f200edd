"""Draw the synthetic cohort."""

from pathlib import Path
from typing import TYPE_CHECKING

from nodal_staging.phantom.synthetic_cohort import Enrolment, draw_cohort
from nodal_staging.phantom.truth import dials_of
from nodal_staging.study.jobs import job_log

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

with job_log(snakemake.log[0], code=snakemake.params.code):
    draw_cohort(
        enrolment=Enrolment(
            patients=snakemake.params.patients,
            nodes=snakemake.params.nodes,
            excluded_share=snakemake.params.excluded_share,
        ),
        dials=dials_of(snakemake.params.dials),
        per_node_share=snakemake.params.per_node_share,
        ct=snakemake.params.ct,
        n_shards=len(snakemake.params.shards),
        seed=snakemake.params.seed,
        folder=Path(snakemake.output.exams).parent,
    )
