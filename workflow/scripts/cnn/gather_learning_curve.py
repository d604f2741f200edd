"""Gather the AUC of every point of the learning curve."""

from typing import TYPE_CHECKING

from nodal_staging.classifiers.cnn.learning_curve import Point, gather_learning_curve
from nodal_staging.study.jobs import job_log

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

with job_log(snakemake.log[0], code=snakemake.params.code):
    points = [Point(*point) for point in snakemake.params.points]
    gather_learning_curve(
        scores=dict(zip(points, snakemake.input.scores, strict=True)),
        cards=dict(zip(points, snakemake.input.cards, strict=True)),
        truth=snakemake.input.truth or None,
        level=snakemake.params.confidence_level,
        output=snakemake.output[0],
    )
