"""Probe the CNNs and their controls for the location."""

from typing import TYPE_CHECKING

from nodal_staging.audit.location_features import ProbeOptions, measure_decodability
from nodal_staging.estimates.patient_bootstrap import BootstrapOptions
from nodal_staging.heatmaps.drawing import TrainedCnn
from nodal_staging.study.jobs import job_log

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

with job_log(snakemake.log[0], code=snakemake.params.code):
    cnns = {
        cnn: TrainedCnn(
            recipe=snakemake.input.recipes[place],
            weights=snakemake.input.weights[place],
            training=snakemake.input.training[place],
            patches=snakemake.input.patches,
        )
        for place, cnn in enumerate(snakemake.params.cnns)
    }
    measure_decodability(
        cnns,
        test=snakemake.input.test,
        nodes=snakemake.input.nodes,
        options=ProbeOptions(
            snakemake.params.untrained,
            snakemake.params.permutations,
            BootstrapOptions(
                snakemake.params.replicates,
                snakemake.params.confidence_level,
                snakemake.params.seed,
            ),
        ),
        gpu=snakemake.resources.gpu > 0,
        output=snakemake.output[0],
    )
