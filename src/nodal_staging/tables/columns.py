"""Columns that tables are made of; every value is coerced and checked."""

import pandera.pandas as pa


def text(**options: object) -> pa.Column:
    """Return a column of words."""
    return pa.Column(str, coerce=True, **options)


def optional_text() -> pa.Column:
    """Return a column of words that may be empty or absent."""
    return pa.Column(str, nullable=True, required=False, coerce=True)


def number(low: float | None = None, high: float | None = None) -> pa.Column:
    """Return a column of numbers, both bounds included."""
    return pa.Column(float, _between(low, high), coerce=True)


def optional_number(low: float | None = None, high: float | None = None) -> pa.Column:
    """Return a column of numbers that may be empty or absent."""
    return pa.Column(
        float, _between(low, high), nullable=True, required=False, coerce=True
    )


def count() -> pa.Column:
    """Return a column of counts."""
    return pa.Column(int, pa.Check.ge(0), coerce=True)


def one_of(values: list[str], **options: object) -> pa.Column:
    """Return a column of words from a list."""
    return pa.Column(str, pa.Check.isin(values), coerce=True, **options)


def table(columns: dict[str, pa.Column], **options: object) -> pa.DataFrameSchema:
    """Return a schema that takes no other columns than these."""
    return pa.DataFrameSchema(columns, strict=True, **options)


def sheet(columns: dict[str, pa.Column], **options: object) -> pa.DataFrameSchema:
    """Return a schema of a table that people fill in; see ``contract.read_sheet``."""
    return table(columns, metadata={"sheet": True}, **options)


def is_sheet(schema: pa.DataFrameSchema) -> bool:
    """Say whether people fill in the tables of a schema."""
    return bool((schema.metadata or {}).get("sheet"))


def _between(low: float | None, high: float | None) -> list[pa.Check]:
    checks = []
    if low is not None:
        checks.append(pa.Check.ge(low))
    if high is not None:
        checks.append(pa.Check.le(high))
    return checks
