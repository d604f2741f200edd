"""A split that a person gives: who tests, who trains, and in which fold."""

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from nodal_staging import tables
from nodal_staging.study.errors import InputError
from nodal_staging.tables.rounding import and_more

logger = logging.getLogger(__name__)

PLACE = "datasets.given"


class SplitError(InputError):
    """The given split does not fit the cohort."""

    reason = "split_not_usable"


@dataclass(frozen=True, slots=True)
class SplitSheet:
    """A split in a file, and what the study asks of it.

    Attributes
    ----------
    path
        ``tables.SPLIT_SHEET``, by node or by patient; the exam sheet if ``by`` is
        given.
    protocol
        Under ``patient`` no patient may stand on both sides, or in two folds.
    folds
        ``datasets.folds``.
    by
        ``datasets.by``: kind and column of the exam sheet that divides the patients.
    """

    path: str | Path
    protocol: str
    folds: int
    by: Mapping[str, Any] | None = None


@dataclass(frozen=True, slots=True, eq=False)
class GivenSplit:
    """The sides of a split, each with the columns of ``tables.NODES``.

    Attributes
    ----------
    test
        The test set as it was given: it is not balanced.
    pool
        The nodes that may train; ``fold`` is a column of them if folds were given.
    """

    test: pd.DataFrame
    pool: pd.DataFrame


def read_given_split(sheet: SplitSheet, nodes: pd.DataFrame) -> GivenSplit:
    """Read the split, and prove that it fits the nodes.

    Parameters
    ----------
    sheet
        The file.
    nodes
        With ``node_id``, ``patient_id`` and ``status``: the node sheet, or the nodes
        that have a patch.

    Raises
    ------
    SplitError
        Naming a node or patient, how many share its fault, and the fix.
    """
    rows = tables.read_sheet(sheet.path, tables.SPLIT_SHEET)
    rows = rows.reindex(columns=list(tables.SPLIT_SHEET.columns))
    for remark in tables.sheet_remarks(sheet.path, tables.SPLIT_SHEET):
        logger.warning("%s: %s", PLACE, remark)
    key = _key_of(rows)
    by_key = rows.set_index(key)
    _require_listed(nodes, by_key.index, key)
    placed = nodes.assign(
        set=nodes[key].map(by_key["set"]), fold=nodes[key].map(by_key["fold"])
    )
    if sheet.protocol == "patient":
        _require_whole_patients(placed, "set", "sets")
    return place_sides(placed, sheet, PLACE)


def place_sides(placed: pd.DataFrame, sheet: SplitSheet, place: str) -> GivenSplit:
    """Return the sides of nodes that have a set.

    Parameters
    ----------
    placed
        Nodes with the columns ``set`` (test, train, unused) and ``fold`` (NaN if not
        given).
    sheet
        What the study asks of the split.
    place
        The key of the configuration, for messages.

    Raises
    ------
    SplitError
        If a side lacks a status, or the folds are not those of the study.
    """
    test, pool = (_side(placed, name) for name in ("test", "train"))
    for side, noun in ((test, "test"), (pool, "train")):
        _require_both_statuses(side, noun, place)
    return GivenSplit(test.drop(columns="fold"), _with_folds(pool, sheet))


def _first(names: pd.Series | pd.Index) -> str:
    """Name the first, and say how many more there are."""
    ordered = sorted(set(names))
    return str(ordered[0]) + and_more(len(ordered) - 1)


def _key_of(rows: pd.DataFrame) -> str:
    """Return the column that names nodes or patients, each once in every row."""
    key = "node_id" if rows["node_id"].notna().any() else "patient_id"
    noun = key.removesuffix("_id")
    if rows[key].isna().any():
        row = int(rows[key].isna().to_numpy().argmax()) + 2
        raise SplitError(
            f"{PLACE}: row {row} has no {key}; fill in patient_id in every row to "
            "split by patient, or node_id in every row to split by node"
        )
    again = rows.loc[rows[key].duplicated(), key]
    if len(again):
        raise SplitError(
            f"{PLACE}: {noun} {_first(again)} stands in more than one row; "
            f"keep one row per {noun}"
        )
    return key


def _require_listed(nodes: pd.DataFrame, known: pd.Index, key: str) -> None:
    """Refuse a node that the split lacks; it may have others, which were lost."""
    missing = nodes.loc[~nodes[key].isin(known), key].drop_duplicates()
    if len(missing):
        raise SplitError(
            f"{PLACE}: no row for {key.removesuffix('_id')} {_first(missing)}; "
            "add a row, with unused in the column set for what shall not take part"
        )
    unknown = known.difference(pd.Index(nodes[key]))
    if len(unknown):
        logger.warning(
            "%s: the study has no node of %s %s",
            PLACE,
            key.removesuffix("_id"),
            _first(unknown),
        )


def _require_whole_patients(placed: pd.DataFrame, column: str, noun: str) -> None:
    """Refuse patients who are in two sets or folds; ``unused`` nodes do not count."""
    taking_part = placed[placed["set"] != "unused"]
    parts = taking_part.groupby("patient_id")[column].nunique()
    split = parts.index[parts > 1]
    if len(split):
        raise SplitError(
            f"{PLACE}: patient {_first(split)} is in two {noun}; give all nodes "
            "of the patient one, or set datasets.protocol to node, which accepts that "
            "siblings stand on both sides"
        )


def _side(placed: pd.DataFrame, name: str) -> pd.DataFrame:
    return placed[placed["set"] == name].drop(columns="set")


def _require_both_statuses(side: pd.DataFrame, name: str, place: str) -> None:
    known = side["status"].isin(tables.STATUS)
    if not known.all():
        return  # Unknown statuses are named with their number, by the datasets.
    fix = f"give the set {name} to some" if place == PLACE else f"change {place}"
    noun = {"test": "in the test set", "train": "left for training"}[name]
    for status in tables.STATUS:
        if not side["status"].eq(status).any():
            raise SplitError(f"{place}: no {status} node is {noun}; {fix}")


def _with_folds(pool: pd.DataFrame, sheet: SplitSheet) -> pd.DataFrame:
    """Return the nodes that may train, with their folds if these were given."""
    given = pool["fold"].notna()
    if not given.any():
        return pool.drop(columns="fold")
    if not given.all():
        first = pool.loc[~given, "node_id"]
        raise SplitError(
            f"{PLACE}: no fold for node {_first(first)}; fill in the column fold "
            "for all that train, or for none"
        )
    wanted, found = set(range(1, sheet.folds + 1)), set(pool["fold"])
    if found != wanted:
        raise SplitError(
            f"{PLACE}: the folds are {', '.join(f'{n:g}' for n in sorted(found))}, but "
            f"datasets.folds is {sheet.folds}; number them from 1 to {sheet.folds}, "
            "or correct datasets.folds"
        )
    if sheet.protocol == "patient":
        _require_whole_patients(pool.assign(set="train"), "fold", "folds")
    return pool.assign(fold=pool["fold"].astype(int))
