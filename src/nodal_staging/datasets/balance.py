"""How alike the test set and the cohort are: location, status and size of their nodes.

A split of patients leaves the mix of nodes to chance, which can give the test patients
half or twice the share of a location. A stratified draw keeps the mix; the table of the
balance is written for every split.
"""

from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path

import numpy as np
import pandas as pd

from nodal_staging import tables
from nodal_staging.study.arrays import FloatArray, IntArray
from nodal_staging.tables.columns import (
    count,
    number,
    one_of,
    optional_number,
    table,
    text,
)

FEWEST = 5
"""Nodes of a cell in the cohort from which its share is kept."""

CELL = ["location", "status", "short_axis_mm"]

BALANCE = table(
    {
        "location": one_of(tables.LOCATIONS),
        "status": one_of(tables.STATUS),
        "short_axis_mm": text(),
        "nodes": count(),
        "share": number(0, 1),
        "test_nodes": count(),
        "test_share": number(0, 1),
        "standardised_difference": optional_number(),
    },
    unique=CELL,
)
"""Nodes of the cohort and of the test patients, all of them, by location, status and
band of the short axis. The difference of the two shares is divided by the root of their
mean variance; it is empty where the cohort has fewer than ``FEWEST`` nodes."""


def band(short_axis_mm: pd.Series, limits_mm: Sequence[float]) -> pd.Series:
    """Name the band of each short axis; a node at a limit belongs to the band above.

    Examples
    --------
    >>> list(band(pd.Series([4.0, 8.0, 11.0]), [8, 10]))
    ['below 8', '8 to 10', 'from 10']
    """
    names = [f"below {limits_mm[0]:g}"]
    names += [f"{low:g} to {high:g}" for low, high in pairwise(limits_mm)]
    names.append(f"from {limits_mm[-1]:g}")
    place = np.searchsorted(limits_mm, short_axis_mm, side="right")
    return pd.Series(np.array(names)[place], index=short_axis_mm.index)


def cells_of(nodes: pd.DataFrame, limits_mm: Sequence[float]) -> pd.DataFrame:
    """Return location, status and band of the short axis of each node."""
    known = nodes[["location", "status"]]
    return known.assign(short_axis_mm=band(nodes["short_axis_mm"], limits_mm))


def write_balance(
    *,
    nodes: str | Path,
    test: str | Path,
    limits_mm: Sequence[float],
    output: str | Path,
) -> None:
    """Compare all nodes of the test patients with those of the cohort.

    Parameters
    ----------
    nodes, test
        ``tables.NODES``, and ``tables.DATASET`` of the test set.
    limits_mm
        Limits of the bands of the short axis, ascending.
    output
        ``BALANCE``.
    """
    measured = tables.read(nodes, tables.NODES)
    cells = cells_of(measured, limits_mm)
    patients = set(tables.read(test, tables.DATASET)["patient_id"])
    tested = cells[measured["patient_id"].isin(patients)]
    whole = cells.value_counts(CELL).to_frame("nodes")
    part = tested.value_counts(CELL).to_frame("test_nodes")
    frame = whole.join(part).fillna({"test_nodes": 0}).reset_index()
    frame["test_nodes"] = frame["test_nodes"].astype(int)
    frame["share"] = frame["nodes"] / len(cells)
    frame["test_share"] = frame["test_nodes"] / max(len(tested), 1)
    frame["standardised_difference"] = _standardised(frame).where(
        frame["nodes"] >= FEWEST
    )
    rows = frame.sort_values(CELL)[list(BALANCE.columns)]
    tables.write(rows, output, BALANCE)


def _standardised(frame: pd.DataFrame) -> pd.Series:
    """Return the standardised difference of two shares; NaN where both are certain."""
    a, b = frame["test_share"], frame["share"]
    variance = (a * (1 - a) + b * (1 - b)) / 2
    return (a - b) / np.sqrt(variance.where(variance > 0))


def draw_alike(
    nodes: pd.DataFrame,
    wanted: int,
    limits_mm: Sequence[float],
    rng: np.random.Generator,
) -> set[str]:
    """Draw patients who hold ``wanted`` positive nodes, in the mix of the cohort.

    Patients are added one by one: always the one after whom the shares of the cells
    (location, status, band of the short axis) are nearest to those of the cohort, in
    the sum of absolute differences over cells of at least ``FEWEST`` nodes. Of equals
    the first in a random order is taken, so that another seed draws other patients.

    Parameters
    ----------
    nodes
        ``tables.NODES``.
    wanted
        Number of positive nodes, which is never exceeded.
    limits_mm
        Limits of the bands of the short axis, ascending.
    rng
        Draws the order and the first patient.

    Returns
    -------
    The ``patient_id`` of those drawn.
    """
    counts, positives, patients = _by_patient(nodes, limits_mm)
    order = rng.permutation(len(patients))
    counts, positives, patients = counts[order], positives[order], patients[order]
    share = counts.sum(axis=0) / counts.sum()
    kept = counts.sum(axis=0) >= FEWEST
    held = np.zeros(counts.shape[1], int)
    free = np.ones(len(patients), bool)
    missing = wanted
    while missing and (able := free & (positives <= missing)).any():
        # Nobody is nearer to the mix than the first at random, whose own mix is unlike.
        if held.any():
            after = held + counts
            apart = np.abs(after / after.sum(axis=1, keepdims=True) - share)[:, kept]
            distance = np.where(able, apart.sum(axis=1), np.inf)
            place = int(distance.argmin())
        else:
            place = int(able.argmax())
        held, missing = held + counts[place], missing - int(positives[place])
        free[place] = False
        if not (free & (positives > 0) & (positives <= missing)).any():
            break
    return set(map(str, patients[~free]))


def _by_patient(
    nodes: pd.DataFrame, limits_mm: Sequence[float]
) -> tuple[IntArray, IntArray, FloatArray]:
    """Return counts ``(patients, cells)``, positives and names of the patients."""
    names = cells_of(nodes, limits_mm).agg("|".join, axis=1)
    counts = pd.crosstab(nodes["patient_id"], names).sort_index()
    positive = nodes["status"].eq("positive").groupby(nodes["patient_id"]).sum()
    return (
        counts.to_numpy(int),
        positive[counts.index].to_numpy(int),
        counts.index.to_numpy(str),
    )
