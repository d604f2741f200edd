"""Permute the labels of a training set."""

from typing import TYPE_CHECKING

from nodal_staging.datasets.permuted_labels import permute_labels
from nodal_staging.study.jobs import job_log

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

with job_log(snakemake.log[0], code=snakemake.params.code):
    permute_labels(
        training=snakemake.input.training,
        seed=snakemake.params.seed,
        output=snakemake.output[0],
    )
