"""Whether a table conforms to its schema, column by column.

Nothing is explained here: what does not conform goes to ``violations``.
"""

import pandas as pd

from nodal_staging.tables.columns import ColumnSchema, TableSchema


def conforming(frame: pd.DataFrame, schema: TableSchema) -> pd.DataFrame | None:
    """Return the table with its columns coerced; None where it does not conform.

    Parameters
    ----------
    frame
        The table.
    schema
        What it must hold.
    """
    if not set(frame.columns) <= set(schema.columns):
        return None
    if not frame.columns.is_unique:
        return None
    columns = {}
    for name in frame.columns:
        coerced = _coerced(frame[name], schema.columns[name])
        if coerced is None or not _holds(coerced, schema.columns[name]):
            return None
        columns[name] = coerced
    checked = pd.DataFrame(columns, index=frame.index, columns=frame.columns)
    if schema.unique and checked.duplicated(list(schema.unique)).any():
        return None
    return checked


def _coerced(cells: pd.Series, definition: ColumnSchema) -> pd.Series | None:
    """Return the cells in the type of the column; None where one has no such value."""
    try:
        return cells.astype(definition.dtype)
    except (TypeError, ValueError, OverflowError):
        return None


def _holds(cells: pd.Series, definition: ColumnSchema) -> bool:
    """Return whether every cell is one that the column may have."""
    present = cells.dropna()
    bounds = (
        definition.lowest is None or bool((present >= definition.lowest).all()),
        definition.highest is None or bool((present <= definition.highest).all()),
    )
    return (
        (definition.nullable or len(present) == len(cells))
        and (not definition.words or bool(present.isin(definition.words).all()))
        and all(bounds)
        and not (definition.unique and bool(cells.duplicated().any()))
    )
