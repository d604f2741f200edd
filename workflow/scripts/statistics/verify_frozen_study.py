"""Prove that a study is unchanged, and that no patient is in both cohorts."""

from typing import TYPE_CHECKING

from nodal_staging.statistics.external.frozen_study import (
    CohortFiles,
    FrozenNetwork,
    verify_frozen_study,
)
from nodal_staging.study.jobs import job_log

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

with job_log(snakemake.log[0], code=snakemake.params.code):
    verify_frozen_study(
        provenance=snakemake.input.provenance,
        networks={
            name: FrozenNetwork(
                snakemake.input.weights[place],
                snakemake.input.scores[place],
                snakemake.input.statistics[place],
            )
            for place, name in enumerate(snakemake.params.classifiers)
        },
        study=CohortFiles([snakemake.input.nodes], [snakemake.input.patches]),
        external=CohortFiles(snakemake.input.new_nodes, [snakemake.input.new_patches]),
        allow_shared_pseudonyms=snakemake.params.allow_shared_pseudonyms,
        output=snakemake.output[0],
    )
