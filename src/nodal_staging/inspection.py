"""A look at the headers of every exam, before any hour is spent on its voxels."""

import logging
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from nodal_staging import scans, tables
from nodal_staging.dicom import Acquisition, Repairs, Wording
from nodal_staging.files import read_json, write_json
from nodal_staging.problems import InputError
from nodal_staging.scans import Scan
from nodal_staging.segmentation.label_map import match_labels, read_label_map
from nodal_staging.segmentation.nrrd import SegmentationError
from nodal_staging.sheets import Exam, read_exams

logger = logging.getLogger(__name__)

NONE = "-"


@dataclass(frozen=True, slots=True)
class ExamIndex:
    """How the files of a usable exam are read.

    ``labels`` gives the label value of each node_id; ``pet`` is None where there is
    no PET or it cannot be turned to SUV.
    """

    ct: Scan
    pet: Scan | None
    labels: dict[str, int]

    def to_json(self) -> dict[str, Any]:
        """Return plain lists and numbers, without path or identifier."""
        return {
            "ct": scans.to_json(self.ct),
            "pet": None if self.pet is None else scans.to_json(self.pet),
            "labels": self.labels,
        }


def read_index(path: str | Path) -> dict[str, ExamIndex]:
    """Read the index of a shard: exam_id to how its files are read."""
    return {
        exam_id: ExamIndex(
            ct=scans.from_json(content["ct"]),
            pet=None if content["pet"] is None else scans.from_json(content["pet"]),
            labels=content["labels"],
        )
        for exam_id, content in read_json(path).items()
    }


def inspect_exams(
    *,
    exams: str | Path,
    nodes: str | Path,
    shard: str,
    low_dose_mas: float,
    on_bad_exam: str,
    inspections: str | Path,
    index: str | Path,
) -> None:
    """Inspect the exams of a shard.

    Parameters
    ----------
    exams, nodes
        The input sheets.
    shard
        Name of the shard, for example ``3-of-8``.
    low_dose_mas
        A CT below this median exposure is a low-dose CT where the sheet is silent.
    on_bad_exam
        ``exclude`` lists an unusable exam with its reason, ``fail`` raises.
    inspections, index
        Outputs: one row per exam (``tables.INSPECTIONS``); JSON of the usable ones.

    Raises
    ------
    InputError
        The first unusable exam, where ``on_bad_exam`` is ``fail``.
    """
    node_folder = Path(nodes).parent
    sheet = tables.read(exams, tables.EXAM_SHEET).set_index("exam_id")
    rows, indexed = [], {}
    for exam in read_exams(exams=exams, nodes=nodes, shard=shard):
        row, exam_index = _inspect(
            exam, node_folder, sheet.loc[exam.exam_id], low_dose_mas
        )
        if row["reason"] != "ok" and on_bad_exam == "fail":
            raise _bad_exam(row)
        if row["problem"] != NONE:
            logger.warning("%s", row["problem"])
        rows.append(row)
        if exam_index is not None:
            indexed[exam.exam_id] = exam_index.to_json()
    frame = pd.DataFrame(rows, columns=list(tables.INSPECTIONS.columns))
    tables.write(frame, inspections, tables.INSPECTIONS)
    write_json(index, indexed)


def _bad_exam(row: dict[str, str]) -> InputError:
    return InputError(
        f"{row['problem']} (or set cohort.on_bad_exam: exclude to go on without it)"
    )


def _inspect(
    exam: Exam, node_folder: Path, cells: pd.Series, low_dose_mas: float
) -> tuple[dict[str, str], ExamIndex | None]:
    """Inspect one exam: its row, and its index where it can be used."""
    row = {
        "patient_id": exam.patient_id,
        "exam_id": exam.exam_id,
        "contrast": _stated(cells, "contrast"),
        "low_dose": _stated(cells, "low_dose"),
        "reason": "ok",
        "problem": NONE,
    }
    try:
        ct, acquisition, _ = scans.index_ct(
            exam.ct, role=exam.role("ct"), repairs=Repairs(), wording=Wording()
        )
        labels = _labels(exam, node_folder, ct)
    except InputError as error:
        return row | {"reason": error.reason, "problem": str(error)}, None
    pet, problem = _pet(exam)
    row |= {
        "contrast": _contrast(row["contrast"], acquisition),
        "low_dose": _low_dose(row["low_dose"], acquisition, low_dose_mas),
        "problem": problem,
    }
    return row, ExamIndex(ct, pet, labels)


def _labels(exam: Exam, node_folder: Path, ct: Scan) -> dict[str, int]:
    """Match the nodes of an exam to labels, on the grid of its CT."""
    labels: dict[str, int] = {}
    for path, wanted in exam.segmentations(node_folder).items():
        role = exam.role("segmentation")
        label_map = read_label_map(path, role=role)
        difference = ct.lattice.difference(label_map.lattice)
        if difference is not None:
            raise SegmentationError(
                f"{role}: the segmentation lies on another grid than the CT: "
                f"{difference}; restore slices that the CT has lost, segment on this "
                "CT, or resample the segmentation to it"
            )
        labels |= match_labels(label_map, wanted, role=role)
    return labels


def _pet(exam: Exam) -> tuple[Scan | None, str]:
    """Index the PET; a CT is not lost for a PET that cannot be used."""
    if exam.pet is None:
        return None, NONE
    try:
        return scans.index_pet(exam.pet, role=exam.role("pet"), repairs=Repairs())[
            0
        ], NONE
    except InputError as error:
        return None, f"{error} (SUV of this exam left empty)"


def _stated(cells: pd.Series, column: str) -> str:
    """Return what the sheet says, or undetermined."""
    value = cells.get(column)
    return value if isinstance(value, str) else "undetermined"


def _contrast(stated: str, acquisition: Acquisition) -> str:
    """Combine sheet and header; a header that names no agent proves nothing."""
    if not acquisition.contrast_agent:
        return stated
    return "undetermined" if stated == "no" else "yes"


def _low_dose(stated: str, acquisition: Acquisition, low_dose_mas: float) -> str:
    """Let the sheet decide, else the exposure."""
    if stated != "undetermined" or acquisition.exposure_mas is None:
        return stated
    return "yes" if acquisition.exposure_mas < low_dose_mas else "no"
