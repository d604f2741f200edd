"""A split by centre or by time, from a column of the exam sheet.

What the column contains stays in the sheet: no result and no message repeats a date.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from nodal_staging.cohort.given_split import (
    GivenSplit,
    SplitError,
    SplitSheet,
    place_sides,
    read_given_split,
)
from nodal_staging.study.delimited import DelimitedTable, read_delimited
from nodal_staging.study.normalised_text import plain
from nodal_staging.study.sheet_identifiers import identifier
from nodal_staging.tables.rounding import and_more

PLACE = "datasets.by"


@dataclass(frozen=True, slots=True)
class _Cells:
    """The cells of the column, with the row of each as a spreadsheet counts it."""

    sheet: str
    column: str
    frame: pd.DataFrame

    def fault(self, row: object, fault: str) -> SplitError:
        return SplitError(f"{self.sheet}, row {row}, column {self.column}: {fault}")


def read_split(sheet: SplitSheet, nodes: pd.DataFrame) -> GivenSplit:
    """Read a split from a table of its own, or from a column of the exam sheet.

    Parameters
    ----------
    sheet
        The file; with ``by`` it is the exam sheet.
    nodes
        As for ``read_given_split``.

    Raises
    ------
    SplitError
        Naming a row, node, patient or key, and the fix.
    """
    if sheet.by is None:
        return read_given_split(sheet, nodes)
    sets = divide(sheet.path, sheet.by, set(nodes["patient_id"]))
    placed = nodes.assign(set=nodes["patient_id"].map(sets), fold=np.nan)
    return place_sides(placed, sheet, PLACE)


def divide(
    exams: str | Path, by: Mapping[str, Any], patients: set[str]
) -> dict[str, str]:
    """Return the set of each patient: test, train or unused.

    Parameters
    ----------
    exams
        The exam sheet.
    by
        ``datasets.by`` of the configuration.
    patients
        The ``patient_id`` of those who have nodes.

    Raises
    ------
    SplitError
        If the column is missing, has an empty or unreadable cell, puts a patient in two
        centres, or leaves nobody to test or to train on.
    """
    cells = _read_column(exams, by["column"], patients)
    kinds: dict[str, Callable[[_Cells, Mapping[str, Any]], pd.Series]] = {
        "centre": _by_centre,
        "time": _by_time,
    }
    sets = kinds[by["kind"]](cells, by)
    for name, fix in (("test", "for testing"), ("train", "for training")):
        if not sets.eq(name).any():
            raise SplitError(
                f"{PLACE}: no patient with nodes is left {fix}; correct "
                f"{PLACE} or the column {cells.column} of {cells.sheet}"
            )
    return {str(patient): str(name) for patient, name in sets.items()}


def _read_column(exams: str | Path, column: str, patients: set[str]) -> _Cells:
    """Read patient and cell of each exam of these patients; no cell may be empty."""
    table = read_delimited(exams, sheet="exams")
    name = Path(exams).name
    place, owner = table.place(plain(column)), table.place("patient_id")
    if place is None or owner is None:
        raise SplitError(
            f"{name}: no column {column}, but {PLACE} splits by it; add the column, "
            f"correct {PLACE}.column, or set {PLACE} to null"
        )
    frame = _frame_of(table, owner, place)
    cells = _Cells(name, column, frame[frame["patient_id"].isin(patients)])
    empty = cells.frame[cells.frame["cell"] == ""]
    if len(empty):
        raise cells.fault(
            empty["row"].iloc[0],
            f"the cell is empty{and_more(len(empty) - 1)}, but {PLACE} splits by this "
            "column; fill it in for every exam of a patient who has nodes",
        )
    return cells


def _frame_of(table: DelimitedTable, owner: int, place: int) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "row": table.numbers,
            "patient_id": [identifier(row[owner]) for row in table.rows],
            "cell": [row[place].strip() for row in table.rows],
        }
    )


def _by_centre(cells: _Cells, by: Mapping[str, Any]) -> pd.Series:
    """Test the patients of the named centres."""
    named, found = set(by["test"]), set(cells.frame["cell"])
    unknown = sorted(named - found)
    if unknown:
        raise SplitError(
            f"{PLACE}.test: no patient with nodes is of centre {unknown[0]}"
            f"{and_more(len(unknown) - 1)}; write the centres as in column "
            f"{cells.column} of {cells.sheet}"
        )
    centres = cells.frame.groupby("patient_id")["cell"]
    several = centres.nunique()
    wrong = several.index[several > 1]
    if len(wrong):
        raise SplitError(
            f"{cells.sheet}: patient {wrong[0]}{and_more(len(wrong) - 1)} is in two "
            f"centres by column {cells.column}; give all exams of a patient one centre"
        )
    tested = centres.first().isin(named)
    return tested.map({True: "test", False: "train"})


def _by_time(cells: _Cells, by: Mapping[str, Any]) -> pd.Series:
    """Test patients whose exams all are from the cut on; train on those before it.

    Patients with exams on both sides of the cut are unused, so that every exam of the
    test set is later than every exam that trains. Patients of one time stay together.
    """
    times = _times_of(cells, by)
    by_patient = times.groupby(cells.frame["patient_id"])
    first, last = by_patient.min(), by_patient.max()
    if "start" in by:
        cut = float(by["start"])
    else:
        wanted = max(1, int(by["last"] * len(first) + 0.5))
        cut = float(np.sort(first.to_numpy())[-wanted])
    sets = np.where(first >= cut, "test", np.where(last < cut, "train", "unused"))
    return pd.Series(sets, index=first.index)


def _times_of(cells: _Cells, by: Mapping[str, Any]) -> pd.Series:
    """Return numbers that ascend with time: the cells, or the days of their dates."""
    numbers = cells.frame["cell"].map(_number)
    if numbers.notna().all():
        return numbers
    days = cells.frame["cell"].map(_day)
    wrong = cells.frame["row"][numbers.isna() & days.isna()]
    if len(wrong):
        raise cells.fault(
            wrong.iloc[0],
            f"neither a number nor a date as 2020-12-31{and_more(len(wrong) - 1)}; "
            "correct it",
        )
    if numbers.notna().any():
        raise cells.fault(
            cells.frame["row"][numbers.notna()].iloc[0],
            "a number among dates; write all cells as numbers, or all as dates",
        )
    if "start" in by:
        raise SplitError(
            f"{PLACE}.start: column {cells.column} of {cells.sheet} has dates, which "
            f"results must not contain; use {PLACE}.last, or a column of day numbers"
        )
    return days


def _number(cell: str) -> float:
    """Return a finite number, NaN for anything else."""
    try:
        value = float(cell.replace(",", "."))
    except ValueError:
        return np.nan
    return value if np.isfinite(value) else np.nan


def _day(cell: str) -> float:
    """Return the day of a date in ISO 8601, with or without time; NaN for others."""
    try:
        return float(datetime.fromisoformat(cell).toordinal())
    except ValueError:
        return np.nan
