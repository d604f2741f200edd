"""What the report is written from: files of the study, all of them read once."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from nodal_staging.report.facts import of_all, shared
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
    flow, characteristics, certificate, balance, nodes, lost, node_flags
        The cohort and the datasets; nodes that were lost, and
        nodes with an implausible mask.
    figures
        Name to SVG with its legend inside.
    remarks
        Implausible results (``statistics.result_remarks``).
    refits, refit_spread
        Several trainings of each CNN; None where there is one.
    table_1, mcnemar, auc_differences, subgroups, scorecard
        Tables of the results and of the paper's numbers next to ours.
    over_simple, simple_choice
        Each CNN and its best simple classifier, and how that was chosen.
    reference
        AUCs corrected for errors of PET.
    claims
        ``audit/claims.json``.
    significance
        Level of McNemar's tests.
    classifiers
        Statistics of every classifier.
    precision, detectable
        What a study of this size can tell.
    readers
        The reader study; None without readings.
    disagreements, cutoff_suv
        Nodes whose SUVmax does not fit their status, by this cut-off.
    statistics, scores, heatmaps
        By CNN.
    trainings
        Histories of a CNN: the training on all nodes first, then its folds.
    location, shortcut, reweighted, power, localisation, localisation_differences,
    localisation_controls, randomisation, faithfulness, halo
        The audit.
    matrix, matrix_reading
        The shortcut matrix, and what it says; None unless it is part of the study.
    robustness, stability, examples
        Calls and scores when HU, centre or mask change (``audit.robustness``), and
        the nodes whose scores change most.
    patterns
        ``PATTERN_LAYERS``; None unless a heatmap is drawn by patterns.
    verdict
        ``audit/verdict.json``.
    ceilings
        ``tables.CEILINGS``; None unless the cohort is synthetic.
    effects
        ``audit/counterfactual_effects.tsv``.
    calibration
        ``audit/transplants.tsv``; None unless the cohort is synthetic.
    recomputation
        What a second implementation recomputed (``RECOMPUTATION``).
    provenance
        The record.
    """

    flow: File
    characteristics: File
    certificate: File
    balance: File
    nodes: File
    lost: File
    node_flags: File
    remarks: File
    figures: Mapping[str, File]
    classifiers: Mapping[str, File]
    mcnemar: File
    claims: File
    table_1: File
    subgroups: File
    scorecard: File
    reference: File
    statistics: Mapping[str, File]
    scores: Mapping[str, File]
    trainings: Mapping[str, Sequence[File]]
    heatmaps: Mapping[str, File]
    auc_differences: File
    over_simple: File
    simple_choice: File
    significance: float
    refits: File | None
    refit_spread: File | None
    precision: File
    detectable: File
    readers: ReaderStudy | None
    disagreements: File
    cutoff_suv: float
    location: File
    shortcut: File
    reweighted: File
    matrix: File | None
    matrix_reading: File | None
    power: File
    localisation: File
    localisation_differences: File
    localisation_controls: File
    randomisation: File
    faithfulness: File
    halo: File
    robustness: File
    stability: File
    examples: File
    patterns: File | None
    verdict: File
    ceilings: File | None
    effects: File
    calibration: File | None
    recomputation: File
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
    """Read both from the statistics; all classifiers must have the same.

    Raises
    ------
    FactError
        If two classifiers have others.
    """
    level, replicates = shared(
        "the level and the number of replicates",
        of_all(study.classifiers, _level_and_replicates),
    )
    return Intervals(level, f"{count(replicates)} replicates")


def _level_and_replicates(one: Mapping[str, Any]) -> tuple[float, int]:
    bootstrap = one["auc"]["intervals"]["bootstrap"]
    return float(bootstrap["level"]), int(bootstrap["replicates"])
