"""Rank the candidates of the architecture selection."""

from typing import TYPE_CHECKING

from nodal_staging.classifiers.cnn.candidates import rank_candidates
from nodal_staging.study.jobs import in_groups, job_log

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

with job_log(snakemake.log[0], code=snakemake.params.code):
    names = [tuple(names) for names in snakemake.params.competitors]
    folds = in_groups(snakemake.input, len(names))
    rank_candidates(
        scores=dict(zip(names, folds, strict=True)),
        options=snakemake.params.options,
        level=snakemake.params.confidence_level,
        leaderboard=snakemake.output.leaderboard,
        chosen=snakemake.output.chosen,
    )
