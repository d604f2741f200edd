"""A look at every exam before any hour is spent on it."""

import logging
import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import pandas as pd

from nodal_staging import tables
from nodal_staging.cohort import contrast_and_dose
from nodal_staging.cohort.contrast_and_dose import Rules
from nodal_staging.cohort.exam_index import ExamIndex, Place
from nodal_staging.cohort.sheets import Exam, read_exams
from nodal_staging.exams import scans
from nodal_staging.exams.dicom import Acquisition
from nodal_staging.exams.isolation import isolated
from nodal_staging.exams.scans import Scan
from nodal_staging.exams.segmentation.matching import match
from nodal_staging.exams.segmentation.reading import read_segmentation
from nodal_staging.exams.segmentation.resampling import place
from nodal_staging.geometry import Lattice
from nodal_staging.study.errors import InputError, naming
from nodal_staging.study.files import write_json

logger = logging.getLogger(__name__)

NONE = "-"


class MissingPartError(InputError):
    """An exam lacks its CT, its segmentation or its nodes; ``reason`` says which."""

    def __init__(self, message: str, reason: str) -> None:
        super().__init__(message)
        self.reason = reason

    def __reduce__(self) -> tuple[type, tuple[str, str]]:
        """Keep the reason on the way out of a child process."""
        return type(self), (str(self), self.reason)


@dataclass(frozen=True, slots=True)
class Finding:
    """What inspection found of one exam.

    ``row`` has the columns of ``tables.INSPECTIONS`` but for ``turn``; ``moment``
    orders the exams of a patient and goes no further; ``index`` is None where the
    exam cannot be used.
    """

    row: dict[str, Any]
    moment: datetime | None
    index: ExamIndex | None


def inspect_exams(
    *,
    exams: str | Path,
    nodes: str | Path,
    shard: str,
    rules: Rules,
    on_bad_exam: str,
    inspections: str | Path,
    index: str | Path,
) -> None:
    """Inspect the exams of a shard, each in a process of its own.

    Parameters
    ----------
    exams, nodes
        The input sheets.
    shard
        Name of the shard, for example ``3-of-8``.
    rules
        What counts as evidence, and what may be mended.
    on_bad_exam
        ``exclude`` lists an unusable exam with its reason, ``fail`` raises.
    inspections, index
        Outputs: one row per exam (``tables.INSPECTIONS``); JSON of the usable ones.

    Raises
    ------
    InputError
        The first unusable exam, where ``on_bad_exam`` is ``fail``.
    """
    folder = Path(nodes).parent
    sheet = tables.read(exams, tables.EXAM_SHEET).set_index("exam_id")
    findings = []
    for exam in read_exams(exams=exams, nodes=nodes, shard=shard):
        finding = _inspect(exam, folder, sheet.loc[exam.exam_id], rules)
        if finding.row["reason"] != "ok" and on_bad_exam == "fail":
            raise _bad_exam(finding.row)
        # Nobody segments the nodes of an exam that is left out anyway.
        quiet = finding.row["reason"] == "no_nodes"
        for words in (finding.row["problem"], finding.row["notes"]):
            if words != NONE:
                logger.log(logging.INFO if quiet else logging.WARNING, "%s", words)
        findings.append(finding)
    rows = [
        finding.row | {"turn": turn}
        for finding, turn in zip(findings, _turns(findings, sheet), strict=True)
    ]
    frame = pd.DataFrame(rows, columns=list(tables.INSPECTIONS.columns))
    tables.write(frame, inspections, tables.INSPECTIONS)
    indices = {
        finding.row["exam_id"]: finding.index.to_json()
        for finding in findings
        if finding.index is not None
    }
    write_json(index, indices)


def accept_exams(
    *, inspections: Iterable[str | Path], on_bad_exam: str, output: str | Path
) -> None:
    """Count the unusable exams of a study, or end it at the first.

    Exams that were inspected under another setting are judged too.

    Parameters
    ----------
    inspections
        What the inspection of each shard found (``tables.INSPECTIONS``).
    on_bad_exam
        As for :func:`inspect_exams`.
    output
        JSON: ``unusable``, the number of such exams.

    Raises
    ------
    InputError
        The first unusable exam, where ``on_bad_exam`` is ``fail``.
    """
    found = pd.concat([tables.read(path, tables.INSPECTIONS) for path in inspections])
    bad = found[found["reason"] != "ok"]
    if on_bad_exam == "fail" and len(bad):
        raise _bad_exam(bad.iloc[0].to_dict())
    write_json(output, {"unusable": len(bad)})


def _bad_exam(row: Mapping[Any, Any]) -> InputError:
    return InputError(
        f"{row['problem']} (or set cohort.on_bad_exam: exclude to go on without it)"
    )


def _inspect(exam: Exam, folder: Path, cells: pd.Series, rules: Rules) -> Finding:
    """Inspect one exam; whatever is wrong with it becomes a row."""
    stated = {name: _stated(cells, name) for name in ("contrast", "low_dose")}
    row: dict[str, Any] = {
        "patient_id": exam.patient_id,
        "exam_id": exam.exam_id,
        "pet": "no",
        "reason": "ok",
        "problem": NONE,
    }
    role = f"patient {exam.patient_id}, exam {exam.exam_id}"
    try:
        looked: _Look = isolated(_look, exam, folder, rules, role=role)
    except InputError as error:
        looked = _Look(error=error)
    seen = looked.acquisition
    row |= {
        "contrast": contrast_and_dose.contrast(stated["contrast"], seen, rules),
        "low_dose": contrast_and_dose.low_dose(stated["low_dose"], seen, rules),
        "age": seen.age_years,
        "notes": f"{role}: {'; '.join(looked.notes)}" if looked.notes else NONE,
    }
    if looked.error is not None:
        row |= {"reason": looked.error.reason, "problem": str(looked.error)}
    if looked.index is not None:
        row["pet"] = "no" if looked.index.pet is None else "yes"
    return Finding(row, seen.moment, looked.index)


@dataclass(slots=True)
class _Look:
    """What a look at the files of an exam gave, as far as it got."""

    acquisition: Acquisition = scans.UNSTATED
    notes: tuple[str, ...] = ()
    index: ExamIndex | None = None
    error: InputError | None = None


def _look(exam: Exam, folder: Path, rules: Rules) -> _Look:
    """Look at the files of one exam, in a child process.

    A CT without nodes still tells contrast, dose and date.
    """
    look = _Look()
    try:
        _check_ct(exam)
        ct, look.acquisition, look.notes = scans.index_ct(
            exam.ct,
            role=exam.role("ct"),
            number=exam.ct_number,
            repairs=rules.repairs,
            wording=rules.wording,
        )
        _check_nodes(exam, folder)
        labels, label_notes = _labels(exam, folder, ct.lattice)
        pet, pet_notes = _pet(exam, rules)
    except InputError as error:
        look.error = error
    else:
        look.index = ExamIndex(ct, pet, labels)
        look.notes += (*label_notes, *pet_notes)
    return look


def _check_ct(exam: Exam) -> None:
    """Refuse an exam whose CT is absent."""
    if not os.path.exists(exam.ct):  # False, too, for a name that is too long
        raise MissingPartError(
            f"{exam.role('ct')}: there is no such file or folder; correct the path",
            "missing_ct",
        )


def _check_nodes(exam: Exam, folder: Path) -> None:
    """Refuse an exam whose nodes or segmentations are absent."""
    if exam.nodes.empty:
        raise MissingPartError(
            f"{exam.role('segmentation')}: nodes.tsv has no node of this exam; "
            "add its nodes or remove the exam",
            "no_nodes",
        )
    for path in exam.segmentations(folder):
        if not os.path.exists(path):
            raise MissingPartError(
                f"{exam.role('segmentation')}: there is no such file or folder; "
                "correct the path",
                "missing_segmentation",
            )


def _labels(
    exam: Exam, folder: Path, lattice: Lattice
) -> tuple[dict[str, Place], tuple[str, ...]]:
    """Match the nodes of an exam to labels, and prove that they lie on its CT."""
    role = exam.role("segmentation")
    labels: dict[str, Place] = {}
    notes: list[str] = []
    for path, wanted in exam.segmentations(folder).items():
        segmentation = read_segmentation(path, role=role)
        with naming(role):
            labels |= match(segmentation, wanted)
            placed = [place(region, lattice).note for region in segmentation.regions]
        notes += [note for note in dict.fromkeys(placed) if note and note not in notes]
    return labels, tuple(notes)


def _pet(exam: Exam, rules: Rules) -> tuple[Scan | None, tuple[str, ...]]:
    """Index the PET; a CT is not lost for a PET that cannot be used."""
    if exam.pet is None:
        return None, ()
    try:
        return scans.index_pet(
            exam.pet,
            role=exam.role("pet"),
            number=exam.pet_number,
            repairs=rules.repairs,
        )
    except InputError as error:
        # The notes of an exam begin with its name.
        own = f"patient {exam.patient_id}, exam {exam.exam_id}, "
        words = str(error).removeprefix(own)
        return None, (f"{words} (SUV of this exam left empty)",)


def _stated(cells: pd.Series, column: str) -> str | None:
    """Return what the sheet says, None where it is silent."""
    value = cells.get(column)
    return value if isinstance(value, str) else None


def _turns(findings: Sequence[Finding], sheet: pd.DataFrame) -> list[int]:
    """Count the exams of each patient in time, 0 where nobody knows.

    By the sheet's day; where that is absent or the same, by the date and time of
    the images. A shard holds all exams of its patients.
    """
    frame = pd.DataFrame(
        {
            "patient_id": [finding.row["patient_id"] for finding in findings],
            "day": [
                sheet.loc[finding.row["exam_id"]].get("day") for finding in findings
            ],
            "moment": [finding.moment for finding in findings],
        }
    )
    turns = pd.Series(0, index=frame.index)
    for _, own in frame.groupby("patient_id"):
        turns[own.index] = _order(own["day"].tolist(), own["moment"].tolist())
    return [int(turn) for turn in turns]


def _order(days: list[Any], moments: list[Any]) -> list[int]:
    """Rank by days, or by moments, whichever tells all exams apart."""
    if len(days) == 1:
        return [1]
    for keys in (days, moments):
        if all(not pd.isna(key) for key in keys) and len(set(keys)) == len(keys):
            return [sorted(keys).index(key) + 1 for key in keys]
    return [0] * len(days)
