"""Rate the nodes of the synthetic cohort by simulated readers."""

from typing import TYPE_CHECKING

from nodal_staging.phantom.simulated_readers import simulate_readers
from nodal_staging.phantom.truth import dials_of
from nodal_staging.study.jobs import job_log

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

with job_log(snakemake.log[0], code=snakemake.params.code):
    simulate_readers(
        truth=snakemake.input[0],
        dials=dials_of(snakemake.params.dials),
        noise=snakemake.params.noise,
        sees_location=snakemake.params.sees_location,
        seed=snakemake.params.seed,
        output=snakemake.output[0],
    )
