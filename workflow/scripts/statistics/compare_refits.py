"""Compare the trainings of each CNN."""

from typing import TYPE_CHECKING

from nodal_staging.statistics.refits import Trainings, compare_refits
from nodal_staging.study.jobs import job_log

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

with job_log(snakemake.log[0], code=snakemake.params.code):
    cnns, refits = snakemake.params.cnns, snakemake.input.refits
    compare_refits(
        {
            cnn: Trainings(
                [snakemake.input.scores[place], *refits[place :: len(cnns)]],
                snakemake.input.statistics[place],
            )
            for place, cnn in enumerate(cnns)
        },
        level=snakemake.params.confidence_level,
        refits=snakemake.output.refits,
        spread=snakemake.output.spread,
    )
