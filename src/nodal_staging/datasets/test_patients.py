"""All nodes of the test patients, of which the test set holds a balanced part.

Balancing leaves out negative nodes. The statistics keep the balanced set, as published;
the audit also uses the nodes that were left out, since most pairs of a positive and a
negative node of one location are among them.
"""

from collections.abc import Iterable
from pathlib import Path

import pandas as pd

from nodal_staging import tables
from nodal_staging.datasets.split import (
    Split,
    draw_sides,
    draw_training_sets,
    measured_with_patch,
    write_dataset,
)


def list_all_test_nodes(
    *,
    nodes: str | Path,
    patches: Iterable[str | Path],
    test: str | Path,
    training: Iterable[str | Path],
    dropped: str | Path,
    output: str | Path,
) -> None:
    """Write all nodes of the test patients that no training set uses.

    Under the protocol ``patient`` these are all their nodes. Under ``node``, where
    patients are on both sides of the split, their training nodes are left out.

    Parameters
    ----------
    nodes, patches
        ``tables.NODES`` and the patch files of all shards.
    test, training
        ``tables.DATASET`` of the test set and of the training sets.
    dropped
        ``tables.DROPPED``; names the test patients of whom the test set has no node.
    output
        ``tables.DATASET``; all of the test set is in it, and ``fold`` is 0.
    """
    tested = tables.read(test, tables.DATASET)
    lost = tables.read(dropped, tables.DROPPED)
    surplus = lost["dataset"].eq("test") & lost["reason"].eq("surplus_negative")
    patients = {*tested["patient_id"], *lost.loc[surplus, "patient_id"]}
    used = pd.concat([tables.read(path, tables.DATASET) for path in training])
    measured = measured_with_patch(nodes, patches)
    write_dataset(_unused(measured, patients, used).assign(fold=0), output)


def draw_all_test_nodes(nodes: pd.DataFrame, split: Split, folds: int) -> pd.DataFrame:
    """Return all nodes of the test patients of a split, without drawing folds.

    Parameters
    ----------
    nodes
        ``tables.NODES``.
    split
        How the test set is set apart.
    folds
        Of a training set, which a given split may state.

    Raises
    ------
    DatasetError
        If there are too few nodes of either status.
    SplitError
        If a given split does not fit the nodes.
    """
    tested, rest, _ = draw_sides(nodes, split, folds)
    if split.given is None and split.protocol == "patient":
        return nodes.drop(rest.index)
    used = pd.concat(list(draw_training_sets(rest, seed=split.seed).values()))
    return _unused(nodes, set(tested["patient_id"]), used)


def _unused(
    nodes: pd.DataFrame, patients: set[str], used: pd.DataFrame
) -> pd.DataFrame:
    """Return the nodes of some patients that no training set uses."""
    own = nodes[nodes["patient_id"].isin(patients)]
    return own[~own["node_id"].isin(used["node_id"])]
