"""Evaluate all classifiers by location and by short axis."""

from typing import TYPE_CHECKING

from nodal_staging.statistics.subgroups import compute_subgroups
from nodal_staging.study.jobs import job_log

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

with job_log(snakemake.log[0], code=snakemake.params.code):
    compute_subgroups(
        classifiers={
            name: (scores, statistics)
            for name, scores, statistics in zip(
                snakemake.params.classifiers,
                snakemake.input.scores,
                snakemake.input.statistics,
                strict=True,
            )
        },
        nodes=snakemake.input.nodes,
        bands_mm=snakemake.params.bands_mm,
        confidence_level=snakemake.params.confidence_level,
        subgroups=snakemake.output[0],
    )
