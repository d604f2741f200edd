"""Read, write and check tables against their schemas.

Tables that the software writes are UTF-8 text with a header, tab-separated (``.tsv``)
or comma-separated (``.csv``). Sheets may be saved by any spreadsheet; see
``study.delimited`` and ``sheet_cells``.
"""

from collections.abc import Collection, Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from nodal_staging.study.delimited import DelimitedTable, read_delimited
from nodal_staging.study.files import replacing
from nodal_staging.study.normalised_text import plain
from nodal_staging.study.table_text import TableError
from nodal_staging.tables.columns import TableSchema
from nodal_staging.tables.conformity import conforming
from nodal_staging.tables.sheet_cells import (
    as_listed,
    missing_columns,
    surplus_columns,
)
from nodal_staging.tables.violations import validated


def read(path: str | Path, schema: TableSchema) -> pd.DataFrame:
    """Read a table and check it.

    Parameters
    ----------
    path
        A ``.tsv`` or ``.csv`` file.
    schema
        One of the schemas of this module.

    Returns
    -------
    The table, columns typed and in the schema's order.

    Raises
    ------
    TableError
        Naming the file, the column, the row and what was expected there.
    """
    if schema.sheet:
        return read_sheet(path, schema)
    path = Path(path)
    if not path.is_file():
        raise TableError(f"{path.name}: no such file; correct its path")
    try:
        frame = pd.read_csv(
            path,
            sep=_separator(path),
            dtype=str,
            keep_default_na=False,
            na_values=[""],
            encoding="utf-8",
        )
    except (pd.errors.ParserError, pd.errors.EmptyDataError, UnicodeError):
        raise TableError(
            f"{path.name}: not the table that was written here; delete the file and "
            "run again"
        ) from None
    return check(frame, schema, path.name)


def read_sheet(path: str | Path, schema: TableSchema) -> pd.DataFrame:
    """Read a table that a person saved, and check it.

    The separator is that of the header; columns that the schema lacks are left out.

    Parameters
    ----------
    path
        A table as text, whatever its suffix, or an Excel workbook.
    schema
        One of the schemas of this module.

    Returns
    -------
    The table, columns typed and in the schema's order.

    Raises
    ------
    TableError
        Naming the file, the column, the row and what was expected there.
    """
    name = Path(path).name
    table = _read_delimited(path, schema)
    frame = as_listed(table, schema, name)
    return check(frame, schema, name, rows=table.numbers)


def sheet_remarks(
    path: str | Path, schema: TableSchema, used: Collection[str] = ()
) -> list[str]:
    """List what ``read_sheet`` leaves out of a person's table, and what is hidden.

    Columns in ``used`` (``plain`` names) are not listed: something else reads them.
    """
    table = _read_delimited(path, schema)
    ignored = [
        name for name in surplus_columns(table, schema) if plain(name) not in used
    ]
    return [*(f"the column {name} is ignored" for name in ignored), *table.remarks]


def _read_delimited(path: str | Path, schema: TableSchema) -> DelimitedTable:
    return read_delimited(path, sheet=schema.sheet or "")


def write(frame: pd.DataFrame, path: str | Path, schema: TableSchema) -> None:
    """Check a table and write it, whole or not at all.

    Numbers are written so that reading them gives the same bits again.
    """
    frame = check(frame, schema, Path(path).name)
    with replacing(path) as part:
        frame.to_csv(
            part,
            sep=_separator(part),
            index=False,
            encoding="utf-8",
            lineterminator="\n",
        )


def _separator(path: str | Path) -> str:
    """Choose the separator of a table of ours: commas in ``.csv``, tabs elsewhere."""
    return "," if Path(path).suffix == ".csv" else "\t"


def check(
    frame: pd.DataFrame,
    schema: TableSchema,
    name: str,
    *,
    rows: Sequence[int] | None = None,
) -> pd.DataFrame:
    """Return the table typed and in order, or raise ``TableError`` naming the place.

    Parameters
    ----------
    frame
        The table.
    schema
        What it must hold.
    name
        Of the file, for messages.
    rows
        The number of each row in the file; by default they follow the header.
    """
    missing = [
        column
        for column, definition in schema.columns.items()
        if definition.required and column not in frame.columns
    ]
    if missing:
        found = [str(column) for column in frame.columns]
        raise TableError(missing_columns(missing, found, name))
    frame = frame.reset_index(drop=True)
    checked = conforming(frame, schema)
    if checked is None:
        numbers = np.arange(len(frame)) + 2 if rows is None else np.asarray(rows)
        checked = validated(frame, schema, name, numbers)
    order = [column for column in schema.columns if column in checked.columns]
    return checked[order]
