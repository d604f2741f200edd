"""What the report is written from: files of the study, all of them read once."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

File = str | Path


@dataclass(frozen=True, slots=True, kw_only=True)
class Artefacts:
    """Files of a study.

    Attributes
    ----------
    flow, characteristics, certificate, nodes
        The cohort and the datasets.
    figures
        Name to SVG with its legend inside.
    table_1, mcnemar, auc_differences, claims, scorecard
        HTML fragments.
    statistics, scores, heatmaps
        By CNN.
    location, localisation, localisation_differences, localisation_controls,
    randomisation, faithfulness, halo
        The audit.
    verdict
        ``audit/verdict.json``.
    ceilings
        ``tables.CEILINGS``; None unless the cohort is synthetic.
    provenance
        The record.
    """

    flow: File
    characteristics: File
    certificate: File
    nodes: File
    figures: Mapping[str, File]
    table_1: File
    mcnemar: File
    claims: File
    scorecard: File
    statistics: Mapping[str, File]
    scores: Mapping[str, File]
    heatmaps: Mapping[str, File]
    auc_differences: File
    location: File
    localisation: File
    localisation_differences: File
    localisation_controls: File
    randomisation: File
    faithfulness: File
    halo: File
    verdict: File
    ceilings: File | None
    provenance: File

    @property
    def synthetic(self) -> bool:
        """Whether the cohort is synthetic."""
        return self.ceilings is not None
