"""What is wrong with a table, cell by cell, in a sentence.

pandera finds the cells. It is imported here alone, and only for a table that was not
found to conform: importing it takes longer than checking any table.
"""

from typing import Any

import pandas as pd

from nodal_staging.study.arrays import IntArray
from nodal_staging.study.table_text import TableError
from nodal_staging.tables.columns import ColumnSchema, TableSchema

NUMBERS = {"float64": "a number", "int64": "a whole number"}


def validated(
    frame: pd.DataFrame, schema: TableSchema, name: str, rows: IntArray
) -> pd.DataFrame:
    """Return the table with its columns coerced, or say its first failure.

    Parameters
    ----------
    frame
        The table, rows counted from 0.
    schema
        What it must hold.
    name
        Of the file, for messages.
    rows
        Number of each row in the file ``(n,)``.

    Raises
    ------
    TableError
        Naming the file, the column, the row and what was expected there.
    """
    import pandera.pandas as pa  # noqa: PLC0415

    try:
        checked: pd.DataFrame = _in_pandera(schema).validate(frame, lazy=True)
    except pa.errors.SchemaErrors as errors:
        raise TableError(
            _sentence(errors.failure_cases, frame, schema, name, rows)
        ) from None
    return checked


def _in_pandera(schema: TableSchema) -> Any:
    """Return the schema in pandera's terms; no other columns are allowed."""
    import pandera.pandas as pa  # noqa: PLC0415

    types = {"str": str, "float64": float, "int64": int}
    columns = {}
    for name, definition in schema.columns.items():
        checks = []
        if definition.words:
            checks.append(pa.Check.isin(list(definition.words)))
        if definition.lowest is not None:
            checks.append(pa.Check.ge(definition.lowest))
        if definition.highest is not None:
            checks.append(pa.Check.le(definition.highest))
        columns[name] = pa.Column(
            types[definition.dtype],
            checks,
            nullable=definition.nullable,
            required=definition.required,
            unique=definition.unique,
            coerce=True,
        )
    return pa.DataFrameSchema(columns, unique=list(schema.unique) or None, strict=True)


def _sentence(
    failures: pd.DataFrame,
    frame: pd.DataFrame,
    schema: TableSchema,
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
    if schema.columns[column].dtype in NUMBERS and "," in str(cell):
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


def _expected(check: str, definition: ColumnSchema) -> str:
    """Put a check of a column in words."""
    name, _, rest = check.partition("(")
    inside = rest.rstrip(")")
    words = {
        "isin": f"one of {inside.strip('[]')}",
        "greater_than_or_equal_to": f"at least {inside}",
        "less_than_or_equal_to": f"at most {inside}",
    }
    return words.get(name, NUMBERS.get(definition.dtype, "a value"))
