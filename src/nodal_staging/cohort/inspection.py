"""Inspection of every exam: whether it can be used, and what to fix."""

import logging
from collections.abc import Iterable, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

import pandas as pd

from nodal_staging import tables
from nodal_staging.cohort import contrast_and_dose
from nodal_staging.cohort.contrast_and_dose import Rules
from nodal_staging.cohort.exam_content import (
    blaming_ct,
    check_content,
    check_size,
)
from nodal_staging.cohort.exam_identity import compare_files
from nodal_staging.cohort.exam_index import ExamIndex, Place
from nodal_staging.cohort.exam_turns import exam_turns
from nodal_staging.cohort.missing_parts import check_ct, check_exists, check_nodes
from nodal_staging.cohort.patient_identity import StatedPatient, compare_exams
from nodal_staging.cohort.sheets import Exam, exam_name, read_exams
from nodal_staging.exams import scans
from nodal_staging.exams.content.sizes import LabelSize, size_of
from nodal_staging.exams.dicom import Acquisition
from nodal_staging.exams.dicom.identity_digests import Origin
from nodal_staging.exams.isolation import IsolatedCalls
from nodal_staging.exams.scans import Scan
from nodal_staging.exams.segmentation.matching import match
from nodal_staging.exams.segmentation.reading import read_segmentation
from nodal_staging.exams.segmentation.resampling import place
from nodal_staging.geometry import Lattice
from nodal_staging.study.errors import InputError, naming
from nodal_staging.study.files import read_json, write_json

logger = logging.getLogger(__name__)

NONE = "-"


@dataclass(frozen=True, slots=True)
class Finding:
    """What inspection found of one exam.

    ``row`` has the columns of ``tables.INSPECTIONS`` but for ``turn``; ``moment``
    orders the exams of a patient and goes no further; ``index`` is None where the
    exam cannot be used; ``patient`` is the digest of PatientID, for comparisons only.
    """

    row: dict[str, Any]
    moment: datetime | None
    index: ExamIndex | None
    patient: str | None


def inspect_exams(
    *,
    exams: str | Path,
    nodes: str | Path,
    shard: str,
    rules: Rules,
    on_bad_exam: str,
    inspections: str | Path,
    index: str | Path,
    unread: str | Path | None = None,
) -> None:
    """Inspect the exams of a shard, in a child process that ends at unusable files.

    Parameters
    ----------
    exams, nodes
        The input sheets.
    shard
        Name of the shard, for example ``3-of-8``.
    rules
        What counts as evidence, and what may be repaired.
    on_bad_exam
        ``exclude`` lists an unusable exam with its reason, ``fail`` raises.
    inspections, index
        Outputs: one row per exam (``tables.INSPECTIONS``); JSON of the usable ones.
    unread
        Why exams have no nodes, as ``label_names.nodes_from_labels`` wrote it; None
        where a sheet lists the nodes.

    Raises
    ------
    InputError
        The first unusable exam, where ``on_bad_exam`` is ``fail``.
    """
    folder = Path(nodes).parent
    sheet = tables.read(exams, tables.EXAM_SHEET).set_index("exam_id")
    causes = {} if unread is None else read_json(unread)
    findings = []
    with closing(IsolatedCalls(_look, trusted_after_error=False)) as look:
        for exam in read_exams(exams=exams, nodes=nodes, shard=shard):
            looked = _looked(look, exam, folder, rules)
            finding = _finding(exam, sheet.loc[exam.exam_id], looked, rules)
            if finding.row["reason"] == "no_nodes":
                finding.row.update(causes.get(exam.exam_id, {}))
            if finding.row["reason"] != "ok" and on_bad_exam == "fail":
                raise _bad_exam(finding.row)
            _report(finding.row)
            findings.append(finding)
    _compare_patients(findings)
    moments = {finding.row["exam_id"]: finding.moment for finding in findings}
    rows = [
        finding.row | {"turn": turn}
        for finding, turn in zip(findings, exam_turns(moments, sheet), strict=True)
    ]
    frame = pd.DataFrame(rows, columns=list(tables.INSPECTIONS.columns))
    tables.write(frame, inspections, tables.INSPECTIONS)
    indices = {
        finding.row["exam_id"]: finding.index.to_json()
        for finding in findings
        if finding.index is not None
    }
    write_json(index, indices)


def _compare_patients(findings: Sequence[Finding]) -> None:
    """Add remarks on exams whose PatientIDs contradict the sheet."""
    rows = {finding.row["exam_id"]: finding.row for finding in findings}
    stated = [
        StatedPatient(
            finding.row["patient_id"], finding.row["exam_id"], finding.patient
        )
        for finding in findings
    ]
    for exam_id, words in compare_exams(stated):
        row = rows[exam_id]
        named = f"{exam_name(row['patient_id'], exam_id)}: {words}"
        row["notes"] = named if row["notes"] == NONE else f"{row['notes']}; {words}"
        logger.warning("%s", named)


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


def _report(row: Mapping[str, Any]) -> None:
    """Write to the log what is wrong with an exam, and what is remarkable."""
    # Nodes of an exam that is left out anyway need no segmentation.
    quiet = row["reason"] == "no_nodes"
    for words in (row["problem"], row["notes"]):
        if words != NONE:
            logger.log(logging.INFO if quiet else logging.WARNING, "%s", words)


def _looked(
    look: "IsolatedCalls[_Look]", exam: Exam, folder: Path, rules: Rules
) -> "_Look":
    """Look at the files of one exam in a child, which ends if they are unusable."""
    try:
        with naming(exam.name):
            looked = look(exam, folder, rules)
    except InputError as error:
        return _Look(error=error)
    if looked.error is not None and looked.error.reason != "no_nodes":
        look.close()
    return looked


def _finding(exam: Exam, cells: pd.Series, looked: "_Look", rules: Rules) -> Finding:
    """Turn a look at an exam into a row, whatever is wrong with it."""
    stated = {name: _stated(cells, name) for name in ("contrast", "low_dose")}
    row: dict[str, Any] = {
        "patient_id": exam.patient_id,
        "exam_id": exam.exam_id,
        "pet": "no",
        "reason": "ok",
        "problem": NONE,
    }
    seen = looked.acquisition
    looked.notes += contrast_and_dose.dose_remarks(stated["low_dose"], seen, rules)
    row |= {
        "contrast": contrast_and_dose.contrast(stated["contrast"], seen, rules),
        "low_dose": contrast_and_dose.low_dose(stated["low_dose"], seen, rules),
        "age": seen.age_years,
        "flags": ",".join(dict.fromkeys(looked.flags)) or NONE,
        "notes": f"{exam.name}: {'; '.join(looked.notes)}" if looked.notes else NONE,
    }
    if looked.error is not None:
        row |= {"reason": looked.error.reason, "problem": str(looked.error)}
    if looked.index is not None:
        row["pet"] = "no" if looked.index.pet is None else "yes"
    return Finding(row, seen.moment, looked.index, looked.patient)


@dataclass(slots=True)
class _Look:
    """What a look at the files of an exam gave, as far as it got."""

    acquisition: Acquisition = scans.UNSTATED
    notes: tuple[str, ...] = ()
    flags: tuple[str, ...] = ()
    index: ExamIndex | None = None
    error: InputError | None = None
    patient: str | None = None


def _look(exam: Exam, folder: Path, rules: Rules) -> _Look:
    """Look at the files of one exam, in a child process.

    A CT without nodes still has contrast, dose and date.
    """
    look = _Look()
    try:
        with naming(exam.place("ct")):
            check_ct(exam)
            ct, look.acquisition, look.notes = scans.index_ct(
                exam.ct,
                choice=exam.ct_series,
                repairs=rules.repairs,
                wording=rules.wording,
            )
            origin = scans.read_origin(exam.ct, ct)
        look.patient = origin.identity.patient
        sized = check_size(ct.lattice, rules.content)
        with naming(exam.place("segmentation")), blaming_ct(exam, sized):
            check_nodes(exam, folder)
            labels = _labels(exam, folder, ct.lattice)
        look.notes += tuple(remark.words for remark in sized)
        look.flags = tuple(remark.code for remark in sized)
        pet, pet_notes, pet_flags = _pet(exam, rules)
        look.flags += pet_flags
        compared = compare_files(exam, origin, _pet_origin(exam, pet), labels.origins)
        pet = pet if compared.pet_fits else None
        look.index = ExamIndex(ct, pet, labels.of_nodes)
        look.notes += (*labels.notes, *pet_notes, *compared.notes)
        if rules.content is not None:
            content = check_content(exam, look.index, labels.sizes, rules.content)
            look.index = content.index
            look.notes += tuple(remark.words for remark in content.remarks)
            look.flags += tuple(remark.code for remark in content.remarks)
    except InputError as error:
        look.index, look.error = None, error
    return look


@dataclass(slots=True)
class _Labels:
    """The label of each node, sizes of all labels, whose the files are, remarks."""

    of_nodes: dict[str, Place] = field(default_factory=dict)
    sizes: list[LabelSize] = field(default_factory=list)
    origins: tuple[Origin, ...] = ()
    notes: list[str] = field(default_factory=list)


def _labels(exam: Exam, folder: Path, lattice: Lattice) -> _Labels:
    """Match the nodes of an exam to labels, and prove that they lie on its CT."""
    found = _Labels()
    for path, wanted in exam.segmentations(folder).items():
        segmentation = read_segmentation(path, ct=lattice)
        found.of_nodes |= match(segmentation, wanted)
        for region in segmentation.regions:
            placed = place(region, lattice)
            found.sizes.append(size_of(placed, region.lattice, lattice))
            found.notes += [placed.note] if placed.note else []
        found.origins += segmentation.origins
        found.notes += segmentation.notes
    found.notes = list(dict.fromkeys(found.notes))
    return found


def _pet_origin(exam: Exam, pet: Scan | None) -> Origin | None:
    """Read whose the PET is."""
    if exam.pet is None or pet is None:
        return None
    with naming(exam.place("pet")):
        return scans.read_origin(exam.pet, pet)


def _pet(
    exam: Exam, rules: Rules
) -> tuple[Scan | None, tuple[str, ...], tuple[str, ...]]:
    """Index the PET; a CT is not lost for a PET that cannot be used.

    Returns
    -------
    How it is read, remarks, and the code of a refusal.
    """
    if exam.pet is None:
        return None, (), ()
    try:
        with naming(exam.place("pet")):
            check_exists(exam.pet, "missing_pet")
            scan, notes = scans.index_pet(
                exam.pet,
                choice=exam.pet_series,
                sheet=exam.pet_values,
                limits=rules.pet_limits,
                repairs=rules.repairs,
            )
    except InputError as error:
        # The notes of an exam begin with its name.
        words = str(error).removeprefix(f"{exam.name}, ")
        return None, (f"{words} (SUV of this exam left empty)",), (error.reason,)
    return scan, notes, ()


def _stated(cells: pd.Series, column: str) -> str | None:
    """Return what the sheet says, None where it is silent."""
    value = cells.get(column)
    return value if isinstance(value, str) else None
