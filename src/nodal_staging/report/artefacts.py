"""What the report is written from: files of the study, all of them read once."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from nodal_staging.study.files import read_json
from nodal_staging.tables.intervals import ci
from nodal_staging.tables.rounding import count

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
    mcnemar, auc_differences, scorecard
        Tables of the results and of the paper's numbers next to ours.
    claims
        ``audit/claims.json``.
    significance
        Level of McNemar's tests.
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
    scorecard: File
    statistics: Mapping[str, File]
    scores: Mapping[str, File]
    trainings: Mapping[str, Sequence[File]]
    heatmaps: Mapping[str, File]
    auc_differences: File
    significance: float
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


@dataclass(frozen=True, slots=True)
class Intervals:
    """What captions say: the confidence level, and how often was resampled."""

    level: float
    replicates: str

    @property
    def ci(self) -> str:
        """Name an interval of the study: ``95% CI``."""
        return ci(self.level)


def intervals(study: Artefacts) -> Intervals:
    """Read both from the statistics; one setting of each serves the whole study."""
    first = read_json(next(iter(study.classifiers.values())))
    bootstrap = first["auc"]["intervals"]["bootstrap"]
    return Intervals(bootstrap["level"], f"{count(bootstrap['replicates'])} replicates")
