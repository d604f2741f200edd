"""Draw the changes of sensitivity, specificity and AUC of the CNNs."""

from typing import TYPE_CHECKING

from nodal_staging.figures.robustness import draw_robustness
from nodal_staging.study.jobs import job_log

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

with job_log(snakemake.log[0], code=snakemake.params.code):
    draw_robustness(
        classifiers=[f"cnn_{cnn}" for cnn in snakemake.params.cnns],
        robustness=snakemake.input.robustness,
        synthetic=snakemake.params.synthetic,
        output=list(snakemake.output),
    )
