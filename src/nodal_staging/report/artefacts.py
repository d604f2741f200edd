"""What the report is written from: files of the study, all of them read once."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

File = str | Path


@dataclass(frozen=True, slots=True, kw_only=True)
class ReaderStudy:
    """Tables of the reader study, as ``reader_study`` names them."""

    areas: File
    points: File
    agreement: File
    fixed: File
    random: File

    @classmethod
    def of(cls, files: Sequence[File]) -> "ReaderStudy | None":
        """Take the tables in the order of the attributes; None if there are none."""
        if not files:
            return None
        areas, points, agreement, fixed, random = files
        return cls(
            areas=areas, points=points, agreement=agreement, fixed=fixed, random=random
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Artefacts:
    """Files of a study.

    Attributes
    ----------
    flow, characteristics, certificate, nodes
        The cohort and the datasets.
    figures
        Name to SVG with its legend inside.
    mcnemar, auc_differences, claims, scorecard
        HTML fragments.
    answers
        ``audit/claims.json``.
    classifiers
        Statistics of every classifier.
    precision, detectable
        What a study of this size can tell.
    readers
        The reader study; None if nobody read.
    disagreements, cutoff_suv
        Nodes whose SUVmax does not fit their status, by this cut-off.
    statistics, scores, heatmaps
        By CNN.
    trainings
        Histories of a CNN: the training on all nodes first, then its folds.
    location, localisation, localisation_differences, localisation_controls,
    randomisation, faithfulness, halo
        The audit.
    patterns
        ``PATTERN_LAYERS``; None unless a heatmap is drawn by patterns.
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
    classifiers: Mapping[str, File]
    mcnemar: File
    claims: File
    answers: File
    scorecard: File
    statistics: Mapping[str, File]
    scores: Mapping[str, File]
    trainings: Mapping[str, Sequence[File]]
    heatmaps: Mapping[str, File]
    auc_differences: File
    precision: File
    detectable: File
    readers: ReaderStudy | None
    disagreements: File
    cutoff_suv: float
    location: File
    localisation: File
    localisation_differences: File
    localisation_controls: File
    randomisation: File
    faithfulness: File
    halo: File
    patterns: File | None
    verdict: File
    ceilings: File | None
    provenance: File

    @property
    def synthetic(self) -> bool:
        """Whether the cohort is synthetic."""
        return self.ceilings is not None
