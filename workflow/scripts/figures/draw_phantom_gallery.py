"""Draw the contact sheet of the phantom."""

from typing import TYPE_CHECKING

from nodal_staging.figures.phantom_gallery import draw_phantom_gallery
from nodal_staging.phantom.scanner import Scanner
from nodal_staging.phantom.truth import dials_of
from nodal_staging.study.jobs import job_log

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

with job_log(snakemake.log[0], code=snakemake.params.code):
    draw_phantom_gallery(
        scanner=Scanner(
            body=snakemake.params.body,
            ct=snakemake.params.ct,
            pet=snakemake.params.pet,
            segmentation=snakemake.params.segmentation,
        ),
        dials=dials_of(snakemake.params.dials),
        seed=snakemake.params.seed,
        output=list(snakemake.output),
    )
