"""An exam as an import drafts it, before it has a pseudonym."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from nodal_staging.exams.segmentation.regions import Region
from nodal_staging.geometry import Lattice
from nodal_staging.tables import UNKNOWN

COLUMNS = ("ct", "pet", "segmentation")
"""Of the exam sheet that name files."""

EXAM = "{exam}"
"""Stands for the pseudonym of the exam in the words of a problem."""


@dataclass(frozen=True, slots=True)
class Source:
    """Files of the collection that become one cell of the exam sheet.

    Attributes
    ----------
    paths
        In the order in which they are numbered.
    folder
        Whether the cell names a folder of them, as for a DICOM series.
    """

    paths: tuple[Path, ...]
    folder: bool


@dataclass(frozen=True, slots=True)
class Candidate:
    """A series or file that may fill a cell, and what speaks for it.

    Attributes
    ----------
    source
        Its files.
    score
        Sum of the evidence.
    evidence
        The parts of the score, in words without identifiers.
    """

    source: Source
    score: int
    evidence: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Problem:
    """Something that a person has to look at; no word of it may identify a patient.

    ``EXAM`` in sentence and fix stands for the pseudonym.
    """

    reason: str
    sentence: str
    fix: str


@dataclass(frozen=True, slots=True)
class DraftNode:
    """A row of the node sheet; ``place`` is unique in the exam.

    ``suggested`` is a status that a person has to confirm.
    """

    place: str
    label: str
    location: str = UNKNOWN
    status: str = UNKNOWN
    suggested: str | None = None


@dataclass(frozen=True, slots=True)
class LabelVolume:
    """A segmentation that an import writes: region k has the value k + 1."""

    lattice: Lattice
    regions: Sequence[Region]


@dataclass(frozen=True, slots=True, kw_only=True)
class LesionRecord:
    """A component of a mask, and what became of it.

    Attributes
    ----------
    value
        In the segmentation that is written, which is that of the node; None of one
        that is left out.
    label
        Layer and value in the mask.
    voxels, volume_ml
        Size.
    touching
        Whether it narrows, as of lesions that touch.
    why
        Reason for which it is left out; ``-`` of a node.
    nearest, distance_mm, confidence
        The closest structure that states a location, how far it is, and from 0 to 1
        how much closer than one of another location; ``-`` and None without organs.
    suv_max
        In a candidate for a negative node; None of others.
    """

    value: int | None
    label: str
    voxels: int
    volume_ml: float
    touching: bool = False
    why: str = "-"
    nearest: str = "-"
    distance_mm: float | None = None
    confidence: float | None = None
    suv_max: float | None = None


@dataclass(slots=True)
class DraftExam:
    """An exam with its files and nodes.

    Attributes
    ----------
    patient, exam
        What identifies both in the collection, for pseudonyms.
    written
        The patient's identifier as it is written there, for the private mapping.
    cells
        What fills each column; a column that is not there stays empty.
    candidates
        What was considered for each column, best first.
    volume
        A segmentation to write, in place of one of the collection.
    nodes, problems
        Rows of the node sheet, and what has to be looked at.
    lesions
        Components of the mask, if it was split.
    day
        Days since the first exam of the patient.
    age
        In years, at most 90.
    contrast, low_dose
        What the person who imports states of all exams.
    """

    patient: str
    exam: str
    written: str = ""
    cells: dict[str, Source] = field(default_factory=dict)
    candidates: dict[str, list[Candidate]] = field(default_factory=dict)
    volume: LabelVolume | None = None
    nodes: list[DraftNode] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    lesions: list[LesionRecord] = field(default_factory=list)
    day: int | None = None
    age: int | None = None
    contrast: str | None = None
    low_dose: str | None = None


SUFFIXES = (
    *(".mitklabel.json", ".seg.nrrd", ".nii.gz", ".nrrd", ".nhdr", ".nii"),
    *(".mha", ".mhd", ".mitk", ".dcm"),
)
"""Ends of names that state a format, which links keep."""


def suffix(source: Source) -> str:
    """Return the end of a file's name that states its format; none of a folder."""
    return "" if source.folder else file_suffix(source.paths[0])


def file_suffix(path: Path) -> str:
    """Return the end of a name that states its format, and nothing of other names."""
    name = path.name.lower()
    return next((end for end in SUFFIXES if name.endswith(end)), "")


def choose(
    draft: DraftExam, column: str, candidates: Sequence[Candidate], *, margin: int
) -> None:
    """Fill a cell with the best candidate, or leave it empty and say so.

    Parameters
    ----------
    draft
        Gets the cell, all candidates, and a problem if the choice is open.
    column
        Of the exam sheet.
    candidates
        In any order.
    margin
        Least difference of score between the best and the second.
    """
    ordered = sorted(candidates, key=lambda one: (-one.score, one.source.paths))
    draft.candidates[column] = ordered
    if len(ordered) == 1 or (
        len(ordered) > 1 and ordered[0].score - ordered[1].score >= margin
    ):
        draft.cells[column] = ordered[0].source
    elif ordered:
        near = [one for one in ordered if ordered[0].score - one.score < margin]
        places = " or ".join(
            f"private/exams/{EXAM}/{column}_{number}{suffix(one.source)}"
            for number, one in enumerate(near, start=1)
        )
        listed = "; ".join(
            f"{column}_{number}: {', '.join(one.evidence) or 'no evidence'}"
            for number, one in enumerate(near, start=1)
        )
        draft.problems.append(
            Problem(
                f"{column}_ambiguous",
                f"{len(near)} candidates for the column {column} are equally good "
                f"({listed}), so the cell is empty",
                f"write {places} into the column {column} of exams.tsv",
            )
        )
