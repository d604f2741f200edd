"""Columns of a grid that write what a record has under a name."""

from typing import Any

from nodal_staging.tables.grid import Column
from nodal_staging.tables.intervals import interval, percent_interval, with_interval
from nodal_staging.tables.rounding import MISSING, count, number, percentage


def counts(title: str, name: str) -> Column:
    """Return a column of counts."""
    return title, lambda row: count(row[name])


def decimals(title: str, name: str) -> Column:
    """Return a column of numbers with three digits."""
    return title, lambda row: number(row[name])


def decimal_intervals(title: str, start: str = "") -> Column:
    """Return a column of intervals; ``start`` is that of the names of their ends."""
    return title, lambda row: interval(row[f"{start}lower"], row[f"{start}upper"])


def estimates(title: str, name: str, digits: int = 3, scale: float = 1) -> Column:
    """Return a column of numbers with their intervals (``tables.columns.estimated``).

    Parameters
    ----------
    title, name
        Of the column, and of the number.
    digits, scale
        Digits after the point, and the factor of what is written.
    """
    low, high = f"{name}_lower", f"{name}_upper"
    return title, lambda row: with_interval(
        row[name], row[low], row[high], digits, scale=scale
    )


def percentages(title: str, name: str) -> Column:
    """Return a column of fractions in percent."""
    return title, lambda row: percentage(row[name])


def percent_intervals(title: str, start: str = "") -> Column:
    """Return a column of intervals of fractions, in percent."""
    return (
        title,
        lambda row: percent_interval(row[f"{start}lower"], row[f"{start}upper"]),
    )


def blank_where(name: str, value: Any, column: Column) -> Column:
    """Leave a cell empty where a record has a value: a control has no control."""
    title, cell = column
    return title, lambda row: MISSING if row[name] == value else cell(row)
