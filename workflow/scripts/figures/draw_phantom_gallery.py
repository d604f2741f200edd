"""Draw the contact sheet of the phantom."""

from typing import TYPE_CHECKING

from nodal_staging.figures.phantom_gallery import draw_phantom_gallery
from nodal_staging.phantom.scanner import Scanner
from nodal_staging.phantom.truth import dials_of
from nodal_staging.study.jobs import job_log

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

with job_log(snakemake.log[0]):
    phantom = snakemake.params.phantom
    draw_phantom_gallery(
        scanner=Scanner(
            body=phantom["body"],
            ct=phantom["ct"],
            pet=phantom["pet"],
            segmentation=phantom["segmentation"],
        ),
        dials=dials_of(phantom),
        seed=snakemake.params.seed,
        output=list(snakemake.output),
    )
