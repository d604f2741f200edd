"""Sheets of a study from drafted exams, and links to the files that they name.

Names of files and folders may identify a patient. So the sheets name links in the
private folder of the study, and nothing of the collection's names goes further.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from nodal_staging import tables
from nodal_staging.cohort.imported.drafted_exam import (
    COLUMNS,
    EXAM,
    DraftExam,
    Source,
    file_suffix,
    suffix,
)
from nodal_staging.cohort.imported.label_volume import write_label_volume
from nodal_staging.cohort.imported.pseudonyms import Pseudonyms, write_mapping
from nodal_staging.study.errors import InputError
from nodal_staging.study.files import replacing_folder
from nodal_staging.tables.columns import (
    TableSchema,
    identifier,
    integer,
    number,
    one_of,
    table,
    text,
)

LEFT_OUT = table({"case": text(), "reason": text(), "sentence": text(), "fix": text()})
"""What a person has to look at after an import: ``case`` is the exam."""

CHOICES = table(
    {
        "exam_id": identifier(),
        "column": one_of(list(COLUMNS)),
        "candidate": integer(),
        "chosen": one_of(["yes", "no"]),
        "score": integer(),
        "evidence": text(),
    },
    unique=["exam_id", "column", "candidate"],
)
"""Every series and file that was considered for a cell, best first."""


LESIONS = table(
    {
        "exam_id": identifier(),
        "node_id": text(),
        "label": text(),
        "voxels": integer(),
        "volume_ml": number(0),
        "touching": one_of(["yes", "no"]),
        "reason": text(),
        "nearest": text(),
        "distance_mm": number(0, nullable=True),
        "confidence": number(0, 1, nullable=True),
        "suv_max": number(nullable=True),
        "suggested_status": text(),
    }
)
"""Every component of a mask that was split; ``node_id`` is ``-`` if it is no node, for
the ``reason``. ``suggested_status`` is negative for a candidate, which a person has to
confirm in nodes.tsv; ``suv_max`` is that of candidates."""


class NoExamError(InputError):
    """A collection has no exam."""

    reason = "no_exam"


@dataclass(frozen=True, slots=True)
class Drafted:
    """Numbers of what was written.

    ``components`` are those of masks that were split, ``no_nodes`` those of them that
    are no nodes, by reason.
    """

    exams: int
    patients: int
    with_pet: int
    with_segmentation: int
    nodes: int
    unknown: int
    problems: int
    components: int
    no_nodes: Counter[str]


def write_drafts(
    drafts: Sequence[DraftExam], study: Path, pseudonyms: Pseudonyms
) -> Drafted:
    """Write exams.tsv, nodes.tsv, choices.tsv and left_out.tsv of a study.

    Each file appears whole, and exams.tsv last: an import that is interrupted leaves
    no exam sheet.

    Parameters
    ----------
    drafts
        At least one exam.
    study
        Folder of the study, with a folder ``private``.
    pseudonyms
        Of the study.

    Raises
    ------
    NoExamError
        If there is no exam.
    """
    if not drafts:
        raise NoExamError(
            "no exam was found; name the folder that contains the exams, and see "
            "docs/import.md for the layouts"
        )
    named = sorted(
        ((pseudonyms.patient(d.patient), pseudonyms.exam(d.exam), d) for d in drafts),
        key=lambda one: (one[0], one[2].day or 0, one[1]),
    )
    (study / "segmentations").mkdir(exist_ok=True)
    with replacing_folder(study / "private" / "exams") as part:
        exams = [_exam(patient, exam, d, study, part) for patient, exam, d in named]
    write_mapping(
        (
            {
                "patient_id": patient,
                "exam_id": exam,
                "patient": draft.written or draft.patient,
                "exam": draft.exam,
            }
            for patient, exam, draft in named
        ),
        study / "private" / "mapping.tsv",
    )
    nodes = [row for p, e, d in named for row in _nodes(p, e, d)]
    problems = [row for _, exam, d in named for row in _problems(exam, d)]
    choices = [row for _, exam, d in named for row in _choices(exam, d)]
    _write(choices, study / "choices.tsv", CHOICES)
    lesions = [row for _, exam, d in named for row in _lesions(exam, d)]
    if lesions:
        _write(lesions, study / "lesions.tsv", LESIONS)
    _write(problems, study / "left_out.tsv", LEFT_OUT)
    _write(nodes, study / "nodes.tsv", tables.NODE_SHEET)
    _write(exams, study / "exams.tsv", tables.EXAM_SHEET)
    return Drafted(
        exams=len(exams),
        patients=len({row["patient_id"] for row in exams}),
        with_pet=sum(row["pet"] is not None for row in exams),
        with_segmentation=sum(row["segmentation"] is not None for row in exams),
        nodes=len(nodes),
        unknown=sum(tables.UNKNOWN in (n["location"], n["status"]) for n in nodes),
        problems=len(problems),
        components=len(lesions),
        no_nodes=Counter(row["reason"] for row in lesions if row["node_id"] == "-"),
    )


def _write(rows: Sequence[dict[str, Any]], path: Path, schema: TableSchema) -> None:
    columns = [
        name
        for name, column in schema.columns.items()
        if column.required or any(name in row for row in rows)
    ]
    tables.write(pd.DataFrame(list(rows), columns=columns), path, schema)


def _exam(
    patient_id: str, exam_id: str, draft: DraftExam, study: Path, part: Path
) -> dict[str, Any]:
    """Return the row of an exam, and link its files below ``part``."""
    row: dict[str, Any] = {"patient_id": patient_id, "exam_id": exam_id}
    home = part / exam_id
    home.mkdir()
    for column in COLUMNS:
        source = draft.cells.get(column)
        if source is not None:
            name = _link(source, home, column)
            row[column] = f"private/exams/{exam_id}/{name}"
            continue
        row[column] = None
        for rank, one in enumerate(draft.candidates.get(column, ()), start=1):
            _link(one.source, home, f"{column}_{rank}")
    if draft.volume is not None:
        row["segmentation"] = f"segmentations/{exam_id}.nii.gz"
        write_label_volume(draft.volume, study / row["segmentation"])
    for name in ("day", "age", "contrast", "low_dose"):
        if (value := getattr(draft, name)) is not None:
            row[name] = value
    return row


def _link(source: Source, home: Path, name: str) -> str:
    """Link the files of a cell; return the name of the link or of their folder."""
    if not source.folder:
        name += suffix(source)
        (home / name).symlink_to(source.paths[0])
        return name
    folder = home / name
    folder.mkdir()
    for place, path in enumerate(source.paths, start=1):
        (folder / f"{place:05}{file_suffix(path)}").symlink_to(path)
    return name


def _nodes(patient_id: str, exam_id: str, draft: DraftExam) -> list[dict[str, Any]]:
    return [
        {
            "patient_id": patient_id,
            "exam_id": exam_id,
            "node_id": f"{exam_id}-{node.place}",
            "label": node.label,
            "location": node.location,
            "status": node.status,
        }
        | ({} if node.suggested is None else {"suggested": node.suggested})
        for node in draft.nodes
    ]


def _problems(exam_id: str, draft: DraftExam) -> list[dict[str, str]]:
    return [
        {
            "case": exam_id,
            "reason": problem.reason,
            "sentence": problem.sentence.replace(EXAM, exam_id),
            "fix": problem.fix.replace(EXAM, exam_id),
        }
        for problem in draft.problems
    ]


def _lesions(exam_id: str, draft: DraftExam) -> list[dict[str, Any]]:
    return [
        {
            "exam_id": exam_id,
            "node_id": "-" if one.value is None else f"{exam_id}-{one.value}",
            "label": one.label,
            "voxels": one.voxels,
            "volume_ml": one.volume_ml,
            "touching": "yes" if one.touching else "no",
            "reason": one.why,
            "nearest": one.nearest,
            "distance_mm": one.distance_mm,
            "confidence": one.confidence,
            "suv_max": one.suv_max,
            "suggested_status": "-" if one.suv_max is None else "negative",
        }
        for one in draft.lesions
    ]


def _choices(exam_id: str, draft: DraftExam) -> list[dict[str, Any]]:
    return [
        {
            "exam_id": exam_id,
            "column": column,
            "candidate": rank,
            "chosen": "yes" if one.source is draft.cells.get(column) else "no",
            "score": one.score,
            "evidence": ", ".join(one.evidence) or "-",
        }
        for column in COLUMNS
        for rank, one in enumerate(draft.candidates.get(column, ()), start=1)
    ]
