"""Read, write and check tables against their schemas.

Tables are UTF-8 text with a header, tab-separated (``.tsv``) or comma-separated
(``.csv``).
"""

from pathlib import Path

import numpy as np
import pandas as pd
import pandera.pandas as pa

from nodal_staging.study.delimited import separator
from nodal_staging.study.errors import InputError
from nodal_staging.study.files import replacing


class TableError(InputError):
    """A table does not have the form that its name promises."""

    reason = "unusable_table"


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
    path = Path(path)
    if not path.is_file():
        raise TableError(f"{path.name}: no such file; give its path in the config")
    try:
        frame = pd.read_csv(
            path,
            sep=separator(path),
            dtype=str,
            keep_default_na=False,
            na_values=[""],
            encoding="utf-8",
        )
    except (pd.errors.ParserError, pd.errors.EmptyDataError, UnicodeError) as error:
        raise TableError(
            f"{path.name}: not a table with a header ({error}); "
            "save it as tab-separated UTF-8 text"
        ) from error
    return check(frame, schema, path.name)


def write(frame: pd.DataFrame, path: str | Path, schema: pa.DataFrameSchema) -> None:
    """Check a table and write it, whole or not at all.

    Numbers are written so that reading them gives the same bits again.
    """
    frame = check(frame, schema, Path(path).name)
    with replacing(path) as part:
        frame.to_csv(
            part,
            sep=separator(part),
            index=False,
            encoding="utf-8",
            lineterminator="\n",
        )


def check(frame: pd.DataFrame, schema: pa.DataFrameSchema, name: str) -> pd.DataFrame:
    """Return the table typed and in order, or raise ``TableError`` naming the place."""
    missing = [
        column
        for column, definition in schema.columns.items()
        if definition.required and column not in frame.columns
    ]
    if missing:
        raise TableError(_missing(missing, list(map(str, frame.columns)), name))
    try:
        checked = schema.validate(frame.reset_index(drop=True), lazy=True)
    except pa.errors.SchemaErrors as errors:
        raise TableError(_sentence(errors.failure_cases, frame, name)) from None
    order = [column for column in schema.columns if column in checked.columns]
    return checked[order]


def _missing(missing: list[str], found: list[str], name: str) -> str:
    """Say which columns are missing, and what a wrong separator looks like."""
    if len(found) == 1 and any(mark in found[0] for mark in ",;"):
        return (
            f"{name}: the whole header is one column, {found[0]!r}; "
            "save the table with tabs between the columns"
        )
    return (
        f"{name}: missing column {', '.join(missing)}; found {', '.join(found)}; "
        "add it to the header"
    )


def _sentence(failures: pd.DataFrame, frame: pd.DataFrame, name: str) -> str:
    """Say the first failure of a table, and how many more there are."""
    first = failures.iloc[0]
    rest = f" (and {len(failures) - 1} more)" if len(failures) > 1 else ""
    if first["schema_context"] == "DataFrameSchema" and pd.isna(first["index"]):
        return (
            f"{name}: unexpected column {first['failure_case']}{rest}; "
            "remove it or correct its name"
        )
    if first["check"] == "multiple_fields_uniqueness":
        return _repeated(failures[failures["check"] == first["check"]], frame, name)
    row = "" if pd.isna(first["index"]) else f", row {int(first['index']) + 2}"
    place = f"{name}{row}, column {first['column']}"
    if first["check"] == "field_uniqueness":
        same = frame[first["column"]].astype(str) == str(first["failure_case"])
        rows = ", ".join(str(number + 2) for number in np.flatnonzero(same))
        return (
            f"{place}: {first['failure_case']!r} stands in rows {rows}; "
            "give each row a value of its own"
        )
    return (
        f"{place}: found {_shown(first['failure_case'])}, "
        f"expected {_expected(str(first['check']))}{rest}; correct the cell"
    )


def _repeated(failures: pd.DataFrame, frame: pd.DataFrame, name: str) -> str:
    """Say which rows hold the same values where they must differ."""
    columns = list(dict.fromkeys(failures["column"]))
    place = int(failures["index"].iloc[0])
    values = frame[columns].astype(str)
    same = np.flatnonzero((values == values.iloc[place]).all(axis=1))
    shown = ", ".join(f"{column} {values.iloc[place][column]}" for column in columns)
    rows = ", ".join(str(number + 2) for number in same)
    return f"{name}: {shown} stands in rows {rows}; keep one of them"


def _shown(value: object) -> str:
    """Show a cell as it stands in the file: words in quotes, numbers without."""
    return repr(value) if isinstance(value, str) else f"{value}"


def _expected(check: str) -> str:
    """Put a check of pandera in words."""
    name, _, rest = check.partition("(")
    inside = rest.rstrip(")")
    words = {
        "isin": f"one of {inside.strip('[]')}",
        "greater_than_or_equal_to": f"at least {inside}",
        "less_than_or_equal_to": f"at most {inside}",
        "not_nullable": "a value",
    }
    return words.get(name, check)
