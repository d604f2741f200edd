"""Columns that tables are made of; every value is coerced and checked."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from nodal_staging.study.sheet_identifiers import LONGEST


@dataclass(frozen=True, slots=True, kw_only=True)
class ColumnSchema:
    """What the cells of a column must be.

    Attributes
    ----------
    dtype
        Type that the cells are coerced to.
    nullable, required, unique
        Whether cells may be empty, whether the column must be there, and whether no
        two cells may be equal.
    words
        The words that a cell may be; empty if any.
    lowest, highest
        Bounds of a number, both included.
    longest
        How many characters an identifier may have; None for other columns. Sheets are
        checked against the rules of ``study.sheet_identifiers``.
    """

    dtype: Literal["str", "float64", "int64"]
    nullable: bool = False
    required: bool = True
    unique: bool = False
    words: tuple[str, ...] = ()
    lowest: float | None = None
    highest: float | None = None
    longest: int | None = None


@dataclass(frozen=True, slots=True)
class TableSchema:
    """The columns of a table, which has no others.

    Attributes
    ----------
    columns
        Columns by name, in their order.
    unique
        Columns whose values together differ in all rows; none if empty.
    sheet
        Name of a table that people fill in, that of its sheet in a workbook with
        several; None of other tables. See ``contract.read_sheet``.
    """

    columns: Mapping[str, ColumnSchema]
    unique: tuple[str, ...] = field(default=(), kw_only=True)
    sheet: str | None = field(default=None, kw_only=True)


def text(*, unique: bool = False, nullable: bool = False) -> ColumnSchema:
    """Return a column of words."""
    return ColumnSchema(dtype="str", unique=unique, nullable=nullable)


def identifier(*, longest: int = LONGEST, unique: bool = False) -> ColumnSchema:
    """Return a column of identifiers of at most ``longest`` characters."""
    return ColumnSchema(dtype="str", longest=longest, unique=unique)


def optional_text() -> ColumnSchema:
    """Return a column of words that may be empty or absent."""
    return ColumnSchema(dtype="str", nullable=True, required=False)


def number(
    low: float | None = None, high: float | None = None, *, nullable: bool = False
) -> ColumnSchema:
    """Return a column of numbers, both bounds included."""
    return ColumnSchema(dtype="float64", lowest=low, highest=high, nullable=nullable)


def optional_number(
    low: float | None = None, high: float | None = None
) -> ColumnSchema:
    """Return a column of numbers that may be empty or absent."""
    return ColumnSchema(
        dtype="float64", lowest=low, highest=high, nullable=True, required=False
    )


def estimated(
    name: str,
    low: float | None = None,
    high: float | None = None,
    *,
    known: bool = False,
    ends: str | None = None,
) -> dict[str, ColumnSchema]:
    """Return the columns of a number and of its interval, all of which may be empty.

    Parameters
    ----------
    name
        Of the number; its interval ends at ``<name>_lower`` and ``<name>_upper``.
    low, high
        Bounds of all three, both included.
    known
        Whether the number itself may not be empty.
    ends
        What the names of the ends begin with instead; nothing if empty.
    """
    start = f"{name}_" if ends is None else f"{ends}_" if ends else ""
    end = optional_number(low, high)
    value = number(low, high) if known else end
    return {name: value, f"{start}lower": end, f"{start}upper": end}


def integer() -> ColumnSchema:
    """Return a column of integers."""
    return ColumnSchema(dtype="int64")


def count() -> ColumnSchema:
    """Return a column of counts."""
    return ColumnSchema(dtype="int64", lowest=0)


def one_of(
    values: Sequence[str],
    *,
    unique: bool = False,
    nullable: bool = False,
    required: bool = True,
) -> ColumnSchema:
    """Return a column of words from a list."""
    return ColumnSchema(
        dtype="str",
        words=tuple(values),
        unique=unique,
        nullable=nullable,
        required=required,
    )


def table(
    columns: Mapping[str, ColumnSchema], *, unique: Sequence[str] = ()
) -> TableSchema:
    """Return a schema that takes no other columns than these."""
    return TableSchema(columns, unique=tuple(unique))


def sheet(
    columns: Mapping[str, ColumnSchema], name: str, *, unique: Sequence[str] = ()
) -> TableSchema:
    """Return a schema of a table that people fill in; see ``contract.read_sheet``.

    In a workbook with several sheets, the table is the sheet called ``name``.
    """
    return TableSchema(columns, unique=tuple(unique), sheet=name)
