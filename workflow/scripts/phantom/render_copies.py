"""Render copies of test nodes at every location."""

from typing import TYPE_CHECKING

from nodal_staging.nodes.patches import Cube
from nodal_staging.phantom.copies import CopyOptions
from nodal_staging.phantom.copy_rendering import CopyFiles, render_copies
from nodal_staging.phantom.scanner import Scanner
from nodal_staging.study.jobs import job_log

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

with job_log(snakemake.log[0], code=snakemake.params.code):
    render_copies(
        truth=snakemake.input.truth,
        test=snakemake.input.test,
        scanner=Scanner(
            body=snakemake.params.body,
            ct=snakemake.params.ct,
            pet={},
            segmentation={},
        ),
        cube=Cube(
            size_mm=snakemake.params.size_mm,
            spacing_mm=snakemake.params.spacing_mm,
            centre=snakemake.params.centre,
        ),
        options=CopyOptions(
            nodes=snakemake.params.nodes,
            renderings=snakemake.params.renderings,
            dosed_nodes=snakemake.params.dosed_nodes,
            seed=snakemake.params.seed,
        ),
        output=CopyFiles(
            copies=snakemake.output.copies,
            radiomics=snakemake.output.radiomics,
            patches=snakemake.output.patches,
        ),
    )
