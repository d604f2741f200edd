"""The sheets that describe a cohort: exams, nodes, readings; yours or synthetic."""

import hashlib
import logging
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from nodal_staging import tables
from nodal_staging.study import shards
from nodal_staging.study.errors import InputError
from nodal_staging.study.files import write_json

NUMBERED = re.compile(r"(.+)#(\d{1,4})")
"""A folder and the number of one of its series."""

logger = logging.getLogger(__name__)


class SheetError(InputError):
    """Two sheets contradict each other."""

    reason = "contradicting_sheets"


@dataclass(frozen=True, slots=True)
class Exam:
    """One exam of the exam sheet, with the rows of its nodes.

    Paths are absolute or relative to the working directory; ``nodes`` has the
    columns of the node sheet. The numbers say which of several series in a folder is
    meant, from 1; None where the sheet names none.
    """

    patient_id: str
    exam_id: str
    ct: Path
    pet: Path | None
    segmentation: Path | None
    nodes: pd.DataFrame
    ct_number: int | None = None
    pet_number: int | None = None

    def role(self, column: str) -> str:
        """Name a file of the exam in a message, without its path."""
        return f"patient {self.patient_id}, exam {self.exam_id}, column {column}"

    def segmentations(self, folder: Path) -> dict[Path, dict[str, str]]:
        """Group the nodes by segmentation file: label of each node_id.

        ``folder`` is that of the node sheet, to which its own paths are relative.
        """
        own = self.nodes.get("segmentation")
        files: dict[Path, dict[str, str]] = {}
        for place, row in enumerate(self.nodes.itertuples()):
            path = None if own is None else own.iloc[place]
            file = folder / path if isinstance(path, str) else self.segmentation
            if file is None:
                raise SheetError(
                    f"{self.role('segmentation')}: no segmentation for node "
                    f"{row.node_id}; fill in the column in exams.tsv or nodes.tsv"
                )
            files.setdefault(file, {})[str(row.node_id)] = str(row.label)
        return files


def check_sheets(
    *,
    exams: str | Path,
    nodes: str | Path,
    readings: str | Path | None,
    labelled: bool,
    output: str | Path,
) -> None:
    """Prove that the sheets are well formed and speak of the same nodes.

    Writes counts and SHA-256 sums of the sheets to ``output`` (JSON). ``labelled``
    says that status and location of every node must be known. The log names the
    columns that are ignored.

    Raises
    ------
    TableError, SheetError
        Naming sheet, row or node, and the fix.
    """
    exam_sheet = tables.read(exams, tables.EXAM_SHEET)
    schema = tables.NODE_SHEET if labelled else tables.NEW_NODE_SHEET
    node_sheet = tables.read(nodes, schema)
    _check_owners(node_sheet, exam_sheet)
    _remark_ignored({exams: tables.EXAM_SHEET, nodes: schema})
    counts = {"exams": len(exam_sheet), "nodes": len(node_sheet), "readings": 0}
    sheets = {"exams": exams, "nodes": nodes}
    if readings is not None:
        counts["readings"] = _check_readings(readings, set(node_sheet["node_id"]))
        sheets["readings"] = readings
    write_json(output, {"rows": counts, "sha256": _sums(sheets)})


def _remark_ignored(sheets: Mapping[str | Path, Any]) -> None:
    """Log the columns of each sheet that its schema lacks."""
    for path, schema in sheets.items():
        for column in tables.ignored_columns(path, schema):
            logger.warning("%s: the column %s is ignored", Path(path).name, column)


def _check_owners(nodes: pd.DataFrame, exams: pd.DataFrame) -> None:
    """Raise ``SheetError`` for a node of an exam or patient that is not there."""
    owners = exams.set_index("exam_id")["patient_id"]
    wrong = nodes[nodes["exam_id"].map(owners) != nodes["patient_id"]]
    if len(wrong):
        row = wrong.iloc[0]
        raise SheetError(
            f"nodes.tsv, node {row['node_id']}: exam {row['exam_id']} of "
            f"patient {row['patient_id']} is not in exams.tsv; "
            "correct exam_id or patient_id"
        )


def read_exams(
    *, exams: str | Path, nodes: str | Path, shard: str | None = None
) -> list[Exam]:
    """Read the exams of the cohort, or of one shard, in the order of the sheet.

    Raises
    ------
    TableError, SheetError
        Naming sheet, row or node, and the fix.
    """
    exam_sheet = tables.read(exams, tables.EXAM_SHEET)
    node_sheet = _read_nodes(nodes)
    # A shard of label names holds the nodes of its own exams only.
    _check_owners(node_sheet, exam_sheet)
    rows_of = node_sheet.groupby("exam_id").indices
    folder = Path(exams).parent
    return [
        _exam(row, folder, node_sheet.iloc[rows_of.get(row.exam_id, [])])
        for row in exam_sheet.itertuples()
        if shard is None or shards.belongs(row.patient_id, shard)
    ]


def _read_nodes(path: str | Path) -> pd.DataFrame:
    """Read a node sheet; what nobody said of a node is ``unknown``."""
    frame = tables.read(path, tables.NEW_NODE_SHEET)
    for column in ("location", "status"):
        said = frame[column] if column in frame else pd.Series(index=frame.index)
        frame[column] = said.astype(object).fillna(tables.UNKNOWN)
    return frame


def _exam(row: Any, folder: Path, nodes: pd.DataFrame) -> Exam:
    ct, ct_number = _numbered(folder / row.ct)
    pet, pet_number = _numbered(_path(folder, row, "pet"))
    return Exam(
        patient_id=row.patient_id,
        exam_id=row.exam_id,
        ct=ct or folder,
        pet=pet,
        segmentation=_path(folder, row, "segmentation"),
        nodes=nodes,
        ct_number=ct_number,
        pet_number=pet_number,
    )


def _numbered(path: Path | None) -> tuple[Path | None, int | None]:
    """Split the number of a series from its folder: ``folder#2``."""
    numbered = None if path is None else NUMBERED.fullmatch(str(path))
    if path is None or numbered is None or os.path.exists(path):
        return path, None
    return Path(numbered[1]), int(numbered[2])


def _path(folder: Path, row: Any, column: str) -> Path | None:
    """Return the path in an optional cell."""
    value = getattr(row, column, None)
    return folder / value if isinstance(value, str) else None


def _check_readings(readings: str | Path, node_ids: set[str]) -> int:
    """Check that every reading is of a known node; return how many there are."""
    sheet = tables.read(readings, tables.READING_SHEET)
    _remark_ignored({readings: tables.READING_SHEET})
    unknown = sheet[~sheet["node_id"].isin(node_ids)]
    if len(unknown):
        row = unknown.iloc[0]
        raise SheetError(
            f"{Path(readings).name}, reader {row['reader']}: node {row['node_id']} is "
            "not in nodes.tsv; correct node_id"
        )
    return len(sheet)


def _sums(sheets: dict[str, str | Path]) -> dict[str, str]:
    return {
        name: hashlib.sha256(Path(path).read_bytes()).hexdigest()
        for name, path in sheets.items()
    }
