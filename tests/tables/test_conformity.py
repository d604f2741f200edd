"""The quick check of a table accepts what pandera accepts, and coerces alike."""

import numpy as np
import pandas as pd
import pytest

from nodal_staging import tables
from nodal_staging.tables.columns import (
    count,
    identifier,
    number,
    one_of,
    optional_number,
    optional_text,
    table,
    text,
)
from nodal_staging.tables.conformity import conforming
from nodal_staging.tables.violations import validated

SCHEMA = table(
    {
        "id": identifier(unique=True),
        "group": one_of(["a", "b"]),
        "kind": one_of(["x", "y"], nullable=True, required=False),
        "name": text(),
        "note": optional_text(),
        "share": number(0, 1),
        "mean": number(nullable=True),
        "age": optional_number(0),
        "nodes": count(),
    },
    unique=["group", "name"],
)
FRAME = pd.DataFrame(
    {
        "id": ["1", "2", "3"],
        "group": ["a", "b", "a"],
        "kind": ["x", np.nan, "y"],
        "name": ["k", "k", "l"],
        "note": [np.nan, "m", np.nan],
        "share": [0.0, 1.0, 0.1 + 0.2],
        "mean": [np.nan, -np.inf, 1e-300],
        "age": [np.nan, 0.0, 7.0],
        "nodes": [0, 1, 2**53],
    }
)
KEPT = [
    {},
    {"id": [1, 2, 3]},
    {"name": [1.5, 2, "n"]},
    {"name": [None, 2, "n"]},
    {"note": [None, None, None]},
    {"share": ["0", "1e-3", " 0.5"]},
    {"share": [True, False, True]},
    {"nodes": ["1", "2", "3"]},
    {"nodes": [1.0, 2.0, 3.0]},
    {"nodes": [1.5, 2.0, 3.0]},
    {"nodes": np.array([1, 2, 3], np.int8)},
    {"mean": [None, "2", 3]},
    {"group": pd.Categorical(["a", "b", "a"])},
]
REFUSED = [
    {"id": ["1", "2", "1"]},
    {"group": ["a", "b", "c"]},
    {"group": ["a", "b", np.nan]},
    {"kind": ["x", "z", np.nan]},
    {"name": ["k", "k", "k"]},
    {"share": [0, 1, 1.0000001]},
    {"share": [0, np.nan, 1]},
    {"share": [0, 1, "half"]},
    {"age": [-1, 2, np.nan]},
    {"nodes": [1, 2, -1]},
    {"nodes": [1, 2, np.nan]},
    {"nodes": ["1", "2", "2.5"]},
    {"nodes": ["1", "2", "9" * 30]},
    {"other": [1, 2, 3]},
]


def in_pandera(frame: pd.DataFrame) -> pd.DataFrame:
    return validated(frame, SCHEMA, "table.tsv", np.arange(len(frame)) + 2)


@pytest.mark.parametrize("columns", KEPT)
@pytest.mark.parametrize("form", ["as made", "as text", "without rows"])
def test_what_pandera_accepts_is_coerced_alike(columns, form):
    frame = FRAME.assign(**columns)
    if form == "as text":
        frame = frame.astype("str")
        if frame.isna().any(axis=None) and columns.keys() & {"nodes"}:
            return
    if form == "without rows":
        frame = frame.iloc[:0]
    try:
        expected = in_pandera(frame)
    except tables.TableError:
        assert conforming(frame, SCHEMA) is None
        return
    found = conforming(frame, SCHEMA)
    if found is not None:
        pd.testing.assert_frame_equal(found, expected, check_exact=True)
    assert found is not None or form != "as made" or columns != {}


@pytest.mark.parametrize("columns", REFUSED)
def test_what_pandera_refuses_is_refused(columns):
    frame = FRAME.assign(**columns)
    with pytest.raises(tables.TableError):
        in_pandera(frame)
    assert conforming(frame, SCHEMA) is None


def test_tables_without_optional_columns_conform():
    frame = FRAME.drop(columns=["kind", "note", "age"])
    pd.testing.assert_frame_equal(conforming(frame, SCHEMA), in_pandera(frame))
