"""The sheets that describe a cohort: exams, nodes, readings; yours or synthetic."""

import hashlib
import logging
import os
import re
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

import pandas as pd

from nodal_staging import tables
from nodal_staging.cohort.exam_division import read_split
from nodal_staging.cohort.given_split import SplitSheet
from nodal_staging.cohort.shared_files import NamedFile, shared_file
from nodal_staging.exams.suv.sheet_values import SILENT, SheetValues
from nodal_staging.study import shards
from nodal_staging.study.errors import InputError
from nodal_staging.study.files import write_json
from nodal_staging.study.normalised_text import plain
from nodal_staging.study.reader_names import RESERVED

CHOSEN = re.compile(r"(.+?)#(\d{1,4}|\w+=.*)")
"""A folder, and the number or properties of one of its series."""

PET_FIELDS = fields(SheetValues)

logger = logging.getLogger(__name__)


class SheetError(InputError):
    """Two sheets contradict each other."""

    reason = "contradicting_sheets"


def exam_name(patient_id: str, exam_id: str) -> str:
    """Name an exam in a message, by the pseudonyms of the sheet."""
    return f"patient {patient_id}, exam {exam_id}"


@dataclass(frozen=True, slots=True)
class Exam:
    """One exam of the exam sheet, with the rows of its nodes.

    Paths are absolute or relative to the working directory; ``nodes`` has the
    columns of the node sheet. The series are named as the sheet names one of several in
    a folder, by number or properties; None where it names none. Without a CT in the
    sheet, ``ct`` is its folder and ``names_ct`` false.
    """

    patient_id: str
    exam_id: str
    ct: Path
    pet: Path | None
    segmentation: Path | None
    nodes: pd.DataFrame
    ct_series: str | None = None
    pet_series: str | None = None
    pet_values: SheetValues = SILENT
    names_ct: bool = True

    @property
    def name(self) -> str:
        """The exam in a message, by the pseudonyms of the sheet."""
        return exam_name(self.patient_id, self.exam_id)

    def place(self, column: str) -> str:
        """Name a file of the exam in a message, without its path."""
        return f"{self.name}, column {column}"

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
                    f"no segmentation for node {row.node_id}; fill in the column in "
                    "exams.tsv or nodes.tsv"
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
    period: Sequence[float] | None = None,
    split: SplitSheet | None = None,
) -> None:
    """Prove that the sheets are well formed and speak of the same nodes.

    Writes counts and SHA-256 sums of the sheets to ``output`` (JSON). ``labelled``
    says that the sheet must state status and location of every node, if only as
    ``unknown``. The log names the
    columns that are ignored. ``period`` is that of ``cohort.criteria``, which needs
    the column day. ``split`` is a split that is given.

    Raises
    ------
    TableError, SheetError, SplitError
        Naming sheet, row or node, and the fix.
    """
    exam_sheet = tables.read(exams, tables.EXAM_SHEET)
    schema = tables.NODE_SHEET if labelled else tables.NEW_NODE_SHEET
    node_sheet = tables.read(nodes, schema)
    _check_filled(exam_sheet, exams)
    _check_owners(node_sheet, exam_sheet)
    if period is not None and "day" not in exam_sheet:
        raise SheetError(
            f"{Path(exams).name}: no column day, but cohort.criteria.period "
            "selects exams by it; add the column, or set cohort.criteria.period to null"
        )
    if split is not None:
        read_split(split, node_sheet)
    shared = shared_file(_named_files(exam_sheet, exams, node_sheet, nodes))
    if shared:
        raise SheetError(f"{Path(exams).name}, {shared}")
    used = () if split is None or split.by is None else (plain(split.by["column"]),)
    _remark_ignored((exams, tables.EXAM_SHEET), (nodes, schema), used=used)
    if not labelled:
        _remark_statuses(node_sheet, nodes)
    counts = {"exams": len(exam_sheet), "nodes": len(node_sheet), "readings": 0}
    sheets = {"exams": exams, "nodes": nodes}
    if readings is not None:
        counts["readings"] = _check_readings(readings, set(node_sheet["node_id"]))
        sheets["readings"] = readings
    write_json(output, {"rows": counts, "sha256": _sums(sheets)})


def _check_filled(sheet: pd.DataFrame, path: str | Path) -> None:
    """Raise ``SheetError`` for a sheet without rows."""
    if sheet.empty:
        raise SheetError(
            f"{Path(path).name}: the sheet has a header but no rows; add one row for "
            "each exam"
        )


def _named_files(
    exam_sheet: pd.DataFrame,
    exams: str | Path,
    node_sheet: pd.DataFrame,
    nodes: str | Path,
) -> Iterator[NamedFile]:
    """Yield all paths of both sheets."""
    for row in exam_sheet.itertuples():
        for column in ("ct", "pet", "segmentation"):
            path = _path(Path(exams).parent, row, column)
            series = None
            if column != "segmentation":
                path, series = _chosen(path)
            if path is not None:
                yield NamedFile(row.patient_id, row.exam_id, column, path, series)
    if "segmentation" in node_sheet:
        own = node_sheet.dropna(subset="segmentation")
        for row in own.drop_duplicates(["exam_id", "segmentation"]).itertuples():
            path = Path(nodes).parent / str(row.segmentation)
            yield NamedFile(row.patient_id, row.exam_id, "segmentation", path)


def _remark_ignored(
    *sheets: tuple[str | Path, Any], used: Collection[str] = ()
) -> None:
    """Log what of each sheet is ignored or hidden, but for the columns in ``used``."""
    for path, schema in sheets:
        for remark in tables.sheet_remarks(path, schema, used):
            logger.warning("%s: %s", Path(path).name, remark)


def _remark_statuses(sheet: pd.DataFrame, path: str | Path) -> None:
    """Log that nodes which are to be predicted can be evaluated, and how."""
    judged = 0
    if "status" in sheet:
        judged = int(sheet["status"].isin(tables.STATUS).sum())
    if judged:
        logger.warning(
            "%s: %d of %d nodes have a status: to evaluate the trained CNNs on them, "
            "ask for validate_external in place of predict",
            Path(path).name,
            judged,
            len(sheet),
        )


def _check_owners(nodes: pd.DataFrame, exams: pd.DataFrame) -> None:
    """Raise ``SheetError`` for a node of an exam or patient that is not there."""
    if exams.empty:
        raise SheetError("exams.tsv: the sheet has no rows; add one for each exam")
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
    """Read a node sheet; what is not given of a node is ``unknown``."""
    frame = tables.read(path, tables.NEW_NODE_SHEET)
    for column in ("location", "status"):
        said = frame[column] if column in frame else pd.Series(index=frame.index)
        frame[column] = said.astype(object).fillna(tables.UNKNOWN)
    return frame


def _exam(row: Any, folder: Path, nodes: pd.DataFrame) -> Exam:
    ct, ct_series = _chosen(_path(folder, row, "ct"))
    pet, pet_series = _chosen(_path(folder, row, "pet"))
    return Exam(
        patient_id=row.patient_id,
        exam_id=row.exam_id,
        ct=ct or folder,
        pet=pet,
        segmentation=_path(folder, row, "segmentation"),
        nodes=nodes,
        ct_series=ct_series,
        pet_series=pet_series,
        pet_values=SheetValues(**{f.name: _value(row, f.name) for f in PET_FIELDS}),
        names_ct=ct is not None,
    )


def _chosen(path: Path | None) -> tuple[Path | None, str | None]:
    """Split the name of a series from its folder: ``folder#2``, ``folder#kernel=B``."""
    chosen = None if path is None else CHOSEN.fullmatch(str(path))
    if path is None or chosen is None or os.path.exists(path):
        return path, None
    return Path(chosen[1]), chosen[2]


def _value(row: Any, column: str) -> Any:
    """Return an optional cell, None if it is empty or absent."""
    value = getattr(row, column, None)
    return None if pd.isna(value) else value


def _path(folder: Path, row: Any, column: str) -> Path | None:
    """Return the path in an optional cell."""
    value = getattr(row, column, None)
    return folder / value if isinstance(value, str) else None


def _check_readings(readings: str | Path, node_ids: set[str]) -> int:
    """Check that every reading is of a known node; return how many there are."""
    sheet = tables.read(readings, tables.READING_SHEET)
    _remark_ignored((readings, tables.READING_SHEET))
    reserved = sheet[sheet["reader"].str.casefold().isin(RESERVED)]
    if len(reserved):
        raise SheetError(
            f"{Path(readings).name}: a reader is named {reserved['reader'].iloc[0]}, "
            "which has a meaning in the result files; rename the reader"
        )
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
