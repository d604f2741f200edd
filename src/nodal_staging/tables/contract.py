"""Read, write and check tables against their schemas.

Tables that the software writes are UTF-8 text with a header, tab-separated (``.tsv``)
or comma-separated (``.csv``). Sheets may be saved by any spreadsheet; see
``study.delimited`` and ``sheet_cells``.
"""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd
import pandera.pandas as pa

from nodal_staging.study.arrays import IntArray
from nodal_staging.study.delimited import read_delimited
from nodal_staging.study.files import replacing
from nodal_staging.study.table_text import TableError
from nodal_staging.tables.columns import is_sheet
from nodal_staging.tables.sheet_cells import (
    as_listed,
    missing_columns,
    surplus_columns,
)

NUMBERS = {"float64": "a number", "int64": "a whole number"}


def read(path: str | Path, schema: pa.DataFrameSchema) -> pd.DataFrame:
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
    if is_sheet(schema):
        return read_sheet(path, schema)
    path = Path(path)
    if not path.is_file():
        raise TableError(f"{path.name}: no such file; give its path in the config")
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


def read_sheet(path: str | Path, schema: pa.DataFrameSchema) -> pd.DataFrame:
    """Read a table that a person saved, and check it.

    The separator is that of the header; columns that the schema lacks are left out.

    Parameters
    ----------
    path
        A table as text, whatever its suffix.
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
    table = read_delimited(path)
    frame = as_listed(table, schema, name)
    return check(frame, schema, name, rows=table.numbers)


def ignored_columns(path: str | Path, schema: pa.DataFrameSchema) -> list[str]:
    """List the columns of a person's table that ``read_sheet`` leaves out."""
    return surplus_columns(read_delimited(path), schema)


def write(frame: pd.DataFrame, path: str | Path, schema: pa.DataFrameSchema) -> None:
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
    schema: pa.DataFrameSchema,
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
    try:
        checked = schema.validate(frame, lazy=True)
    except pa.errors.SchemaErrors as errors:
        numbers = np.arange(len(frame)) + 2 if rows is None else np.asarray(rows)
        raise TableError(
            _sentence(errors.failure_cases, frame, schema, name, numbers)
        ) from None
    order = [column for column in schema.columns if column in checked.columns]
    return checked[order]


def _sentence(
    failures: pd.DataFrame,
    frame: pd.DataFrame,
    schema: pa.DataFrameSchema,
    name: str,
    rows: IntArray,
) -> str:
    """Say the first failure of a table, and how many more cells fail."""
    first = failures.iloc[0]
    more = len(failures.drop_duplicates(["index", "column"]).dropna(subset="index")) - 1
    rest = f" (and {more} more)" if more > 0 else ""
    if first["schema_context"] == "DataFrameSchema" and pd.isna(first["index"]):
        return (
            f"{name}: unexpected column {first['failure_case']}{rest}; "
            "remove it or correct its name"
        )
    if first["check"] == "multiple_fields_uniqueness":
        same = failures[failures["check"] == first["check"]]
        return _repeated(same, frame, name, rows)
    column = first["column"]
    expected = _expected(str(first["check"]), schema.columns[column])
    if pd.isna(first["index"]):
        return f"{name}, column {column}: expected {expected}{rest}; correct the cells"
    place = f"{name}, row {rows[int(first['index'])]}, column {column}"
    cell = frame[column].iloc[int(first["index"])]
    if first["check"] == "field_uniqueness":
        same = (frame[column].astype(str) == str(cell)).to_numpy()
        return (
            f"{place}: {cell!r} stands in rows {_listed(rows[same])}; "
            "give each row a value of its own"
        )
    fix = "correct the cell"
    if str(schema.columns[column].dtype) in NUMBERS and "," in str(cell):
        fix = "write decimals with a point, and no separators of thousands"
    return f"{place}: found {_shown(cell)}, expected {expected}{rest}; {fix}"


def _repeated(
    failures: pd.DataFrame, frame: pd.DataFrame, name: str, rows: IntArray
) -> str:
    """Say which rows hold the same values where they must differ."""
    columns = list(dict.fromkeys(failures["column"]))
    place = int(failures["index"].iloc[0])
    values = frame[columns].astype(str)
    same = (values == values.iloc[place]).all(axis=1).to_numpy()
    shown = ", ".join(f"{column} {values.iloc[place][column]}" for column in columns)
    return f"{name}: {shown} stands in rows {_listed(rows[same])}; keep one of them"


def _listed(rows: IntArray) -> str:
    return ", ".join(map(str, rows))


def _shown(value: object) -> str:
    """Show a cell as it stands in the file: words in quotes, numbers without."""
    if pd.isna(value):
        return "an empty cell"
    return repr(value) if isinstance(value, str) else f"{value}"


def _expected(check: str, definition: pa.Column) -> str:
    """Put a check of a column in words."""
    name, _, rest = check.partition("(")
    inside = rest.rstrip(")")
    words = {
        "isin": f"one of {inside.strip('[]')}",
        "greater_than_or_equal_to": f"at least {inside}",
        "less_than_or_equal_to": f"at most {inside}",
    }
    return words.get(name, NUMBERS.get(str(definition.dtype), "a value"))
