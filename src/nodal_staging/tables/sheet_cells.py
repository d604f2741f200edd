"""The cells of a person's table, put into the form that its schema lists.

Names of columns and words from a list are compared without case and surrounding
blanks. Numbers may have a decimal comma where it cannot separate cells or thousands.
Identifiers are checked and stored as ``study.sheet_identifiers`` describes. Columns
that the schema lacks are left out, unless they look like a misspelling.
"""

import difflib
import re
from collections.abc import Sequence
from itertools import chain

import numpy as np
import pandas as pd

from nodal_staging.study.delimited import DelimitedTable
from nodal_staging.study.normalised_text import plain
from nodal_staging.study.sheet_identifiers import confused, fault_of, identifier
from nodal_staging.study.table_text import TableError
from nodal_staging.tables.columns import ColumnSchema, TableSchema

LOCATION_FORMS = {
    "iliacal": "iliac",
    "iliakal": "iliac",
    "leiste": "inguinal",
    "perirektal": "perirectal",
    "axilla": "axillary",
    "axillär": "axillary",
    "axillaer": "axillary",
    "supraklavikulär": "supraclavicular",
    "supraklavikulaer": "supraclavicular",
    "infraklavikulär": "infraclavicular",
    "infraklavikulaer": "infraclavicular",
    "zervikal": "cervical",
}
"""Other forms of locations, such as the German ones."""

OTHER_FORMS = LOCATION_FORMS | {
    "positiv": "positive",
    "pos": "positive",
    "negativ": "negative",
    "neg": "negative",
    "unbekannt": "unknown",
    "ja": "yes",
    "y": "yes",
    "true": "yes",
    "nein": "no",
    "n": "no",
    "false": "no",
    "gut": "good",
    "schlecht": "poor",
    "ga68": "Ga-68",
    "68ga": "Ga-68",
    "f18": "F-18",
    "18f": "F-18",
}
"""Other forms of the words that a column may list."""

UNNAMED = "(unnamed)"

ALIKE = 0.8
"""Share of letters in common (difflib) from which a name looks like a misspelling."""
FEWEST_LETTERS = 3
"""Of an abbreviation."""
PATH_WORDS = frozenset(
    "path file folder dir scan image images series dicom nifti".split()
)
"""What follows the name of a column of paths, such as ``pet`` in ``PET-Scan``."""

DECIMAL_COMMA = re.compile(r"[+-]?\d*,\d+(?:[eE][+-]?\d+)?|[+-]?\d+,")
DECIMAL_POINT = re.compile(r"[+-]?\d*\.\d*(?:[eE][+-]?\d+)?")
THOUSANDS = re.compile(r"[+-]?[1-9]\d{0,2},\d{3}")
"""``1,234``, which is 1234 or 1.234."""


def surplus_columns(table: DelimitedTable, schema: TableSchema) -> list[str]:
    """List the columns that a schema lacks, as written in the header."""
    return [
        name or UNNAMED for name in table.header if plain(name) not in schema.columns
    ]


def as_listed(table: DelimitedTable, schema: TableSchema, name: str) -> pd.DataFrame:
    """Return the cells of the schema's columns as text, empty ones missing.

    Parameters
    ----------
    table
        As split.
    schema
        Lists the columns, their words and their types.
    name
        Of the file, for messages.

    Returns
    -------
    The columns of the schema that the table has, words and numbers in stored form.

    Raises
    ------
    TableError
        If a column is missing or looks like a misspelling of one that the table
        lacks, if an identifier is unsound or like another, or if numbers are
        ambiguous.
    """
    _require_columns(table, schema, name)
    _refuse_misspellings(table, schema, name)
    cells = [[cell if cell.strip() else np.nan for cell in row] for row in table.rows]
    whole = pd.DataFrame(cells, columns=range(len(table.header)), dtype=object)
    found = {plain(written): place for place, written in enumerate(table.header)}
    columns = [column for column in schema.columns if column in found]
    frame = whole[[found[column] for column in columns]].set_axis(columns, axis=1)
    for column in columns:
        words = words_of(schema.columns[column].words)
        longest = schema.columns[column].longest
        if longest:
            frame[column] = _identifiers(frame[column], longest, table, name)
        elif words:
            stored = {cell: _stored(cell, words) for cell in frame[column].unique()}
            frame[column] = frame[column].map(stored)
    numeric = [c for c in columns if _is_numeric(schema.columns[c])]
    if numeric and table.separator != ",":
        _require_one_notation(frame[numeric], table, name)
        frame[numeric] = frame[numeric].map(_with_point)
    return frame.astype("str")


def _require_columns(table: DelimitedTable, schema: TableSchema, name: str) -> None:
    """Refuse a table that lacks columns; say which are meant for them."""
    missing = [
        column
        for column, definition in schema.columns.items()
        if definition.required and table.place(column) is None
    ]
    if missing:
        raise TableError(missing_columns(missing, table.header, name))


def missing_columns(missing: Sequence[str], found: Sequence[str], name: str) -> str:
    """Say which columns are missing, and how to add them.

    Parameters
    ----------
    missing
        The columns that the table lacks.
    found
        Its header as written.
    name
        Of the file.
    """
    if len(found) == 1:
        return (
            f"{name}: the whole header is one column, {found[0]!r}; separate the cells "
            f"with tabs, semicolons or commas; missing column {', '.join(missing)}"
        )
    known = ((written, similar_column(written, missing)) for written in found)
    renamed = [f"{written} to {meant}" for written, meant in known if meant]
    fix = f"rename {', '.join(renamed)}" if renamed else "add it to the header"
    return (
        f"{name}: missing column {', '.join(missing)}; found "
        f"{', '.join(written or UNNAMED for written in found)}; {fix}"
    )


def _refuse_misspellings(table: DelimitedTable, schema: TableSchema, name: str) -> None:
    """Refuse a surplus column that may be meant for one that the table lacks."""
    absent = [column for column in schema.columns if table.place(column) is None]
    for written in surplus_columns(table, schema):
        meant = similar_column(written, absent)
        if meant:
            raise TableError(
                f"{name}: unexpected column {written}; did you mean {meant}? Rename "
                f"it to {meant}, or remove it"
            )


def similar_column(written: str, absent: Sequence[str]) -> str | None:
    """Return the column that a name may be a misspelling or abbreviation of.

    Parameters
    ----------
    written
        The name in a header.
    absent
        Columns that the table lacks.

    Examples
    --------
    >>> similar_column("segmentaton", ["pet", "segmentation"])
    'segmentation'
    >>> similar_column("PET-Scan", ["pet", "segmentation"])
    'pet'
    """
    name = re.sub(r"[\s-]+", "_", plain(written)).strip("_.")
    near = difflib.get_close_matches(name, absent, n=1, cutoff=ALIKE)
    short = [c for c in absent if len(name) >= FEWEST_LETTERS and c.startswith(name)]
    head, _, tail = name.rpartition("_")
    path = [head] if tail in PATH_WORDS and head in absent else []
    return next(chain(near, short, path), None)


def words_of(listed: Sequence[str]) -> dict[str, str]:
    """Return the listed word for each of its forms, these without case and blanks.

    Examples
    --------
    >>> words_of(["yes", "no"])["ja"]
    'yes'
    """
    forms = {form: word for form, word in OTHER_FORMS.items() if word in listed}
    return {plain(word): word for word in listed} | forms


def _stored(cell: object, words: dict[str, str]) -> object:
    return words.get(plain(cell), cell) if isinstance(cell, str) else cell


def _identifiers(
    cells: pd.Series, longest: int, table: DelimitedTable, name: str
) -> pd.Series:
    """Return identifiers in stored form; refuse unsound and confusable ones."""
    stored = {cell: identifier(cell) for cell in cells.dropna().unique()}
    for cell, one in stored.items():
        expected = fault_of(one, longest=longest)
        if expected:
            place = _place(cells, cell, table, name)
            raise TableError(f"{place}: found {_shown(cell)}, expected {expected}")
    alike = confused(stored.values())
    if alike:
        of = {one: cell for cell, one in stored.items()}
        first, second = (of[one] for one in alike)
        raise TableError(
            f"{_place(cells, second, table, name)}: {_shown(second)} differs from "
            f"{_shown(first)} in row {_row(cells, first, table)} only by case or "
            "blanks; write both alike if they mean the same, or rename one of them"
        )
    return cells.map(stored)


def _shown(cell: str) -> str:
    """Quote a cell, with a question mark for each letter that cannot be seen."""
    return "'" + "".join(one if one.isprintable() else "?" for one in cell) + "'"


def _place(cells: pd.Series, cell: str, table: DelimitedTable, name: str) -> str:
    return f"{name}, row {_row(cells, cell, table)}, column {cells.name}"


def _row(cells: pd.Series, cell: str, table: DelimitedTable) -> int:
    """Return the number of the first row with a cell."""
    return table.numbers[int((cells == cell).to_numpy().argmax())]


def _is_numeric(definition: ColumnSchema) -> bool:
    return definition.dtype in {"float64", "int64"}


def _require_one_notation(
    numbers: pd.DataFrame, table: DelimitedTable, name: str
) -> None:
    """Refuse commas that may separate decimals or thousands."""
    commas = _first(numbers, DECIMAL_COMMA)
    points = _first(numbers, DECIMAL_POINT)
    if commas and points:
        row, column, cell = commas
        other, other_column, point = points
        raise TableError(
            f"{name}, row {table.numbers[row]}, column {column}: found {cell!r}, "
            f"but {point!r} in row {table.numbers[other]}, column {other_column}; "
            "write all decimals with a point, and no separators of thousands"
        )
    for column in numbers:
        of_column = numbers[[column]]
        thousands = _first(of_column, THOUSANDS)
        if thousands and _count(of_column, THOUSANDS) == _count(
            of_column, DECIMAL_COMMA
        ):
            row, _, cell = thousands
            raise TableError(
                f"{name}, row {table.numbers[row]}, column {column}: {cell!r} may "
                f"be {cell.replace(',', '')} or {cell.replace(',', '.')}; write all "
                "decimals with a point, and no separators of thousands"
            )


def _first(numbers: pd.DataFrame, form: re.Pattern[str]) -> tuple[int, str, str] | None:
    """Return row, column and text of the first cell of a form."""
    for column in numbers:
        for row, cell in enumerate(numbers[column]):
            if isinstance(cell, str) and form.fullmatch(cell.strip()):
                return row, str(column), cell.strip()
    return None


def _count(numbers: pd.DataFrame, form: re.Pattern[str]) -> int:
    return sum(
        isinstance(cell, str) and form.fullmatch(cell.strip()) is not None
        for cell in numbers.to_numpy().ravel()
    )


def _with_point(cell: object) -> object:
    """Write a decimal comma as a point."""
    if isinstance(cell, str) and DECIMAL_COMMA.fullmatch(cell.strip()):
        return cell.strip().replace(",", ".")
    return cell
