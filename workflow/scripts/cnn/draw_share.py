"""Draw the training sets of a study with a share of the patients."""

from typing import TYPE_CHECKING

from nodal_staging.classifiers.cnn.learning_curve import Share, draw_share
from nodal_staging.study.jobs import job_log

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

with job_log(snakemake.log[0], code=snakemake.params.code):
    draw_share(
        nodes=snakemake.input.nodes,
        patches=snakemake.input.patches,
        test=snakemake.input.test,
        dropped=snakemake.input.dropped,
        share=Share(
            percent=int(snakemake.wildcards.percent),
            repeat=int(snakemake.wildcards.repeat),
            seed=snakemake.params.seed,
        ),
        training={
            "status_balanced": snakemake.output.status_balanced,
            "location_balanced": snakemake.output.location_balanced,
        },
    )
