"""Split of the nodes into a test set and training sets.

The paper's arithmetic: the test set takes a share of the positive nodes and as many
random negatives; ``status_balanced`` the other positives and as many random
negatives; ``location_balanced`` matches positives and negatives within each
location, min(positives, negatives available) per location. (``xmask`` trains on the
nodes of ``status_balanced``.)

A split that is given takes the place of the drawn test set, which it need not balance;
the training sets are balanced as ever.

Protocols: ``node`` draws nodes, as published, so that siblings of a patient stand on
both sides; ``patient`` draws patients, so that no patient of the
test set is used in training.
"""

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from nodal_staging import tables
from nodal_staging.cohort.exam_division import read_split
from nodal_staging.cohort.given_split import SplitSheet
from nodal_staging.datasets.balance import draw_alike
from nodal_staging.nodes.patch_files import patch_sums
from nodal_staging.study.errors import InputError
from nodal_staging.study.seeds import named_seed, stream

FEWEST_FOLDS = 2
MOST_DRAWS = 100
"""Draws of test patients until they have as many negative as positive nodes."""


class DatasetError(InputError):
    """The cohort is too small for the configured sets."""

    reason = "too_few_nodes"


class UnknownNodesError(DatasetError):
    """Status or location of nodes is unknown, as after an import."""

    reason = "unknown_nodes"


@dataclass(frozen=True, slots=True)
class Split:
    """How the test set is set apart.

    Attributes
    ----------
    protocol
        ``node`` or ``patient``.
    test_share
        Share of the positive nodes that the test set takes; rounded half up.
    seed
        The study's seed.
    given
        ``SPLIT_SHEET`` that says who tests and who trains, or the exam sheet if ``by``
        is given; None to draw.
    strata_mm
        Limits of the bands of the short axis, with which the protocol ``patient``
        keeps the mix of locations, statuses and sizes; None for any patients.
    by
        ``datasets.by``: how a column of the exam sheet divides patients.
    """

    protocol: str
    test_share: float
    seed: int
    given: str | Path | None = None
    strata_mm: Sequence[float] | None = None
    by: Mapping[str, Any] | None = None


def make_datasets(
    *,
    nodes: str | Path,
    patches: Iterable[str | Path],
    split: Split,
    folds: int,
    test: str | Path,
    training: Mapping[str, str | Path],
    dropped: str | Path,
) -> None:
    """Draw the test set and the training sets and write them with what was dropped.

    A node whose CT could be measured but not cut has no patch; no set takes it.

    Parameters
    ----------
    nodes, patches
        ``tables.NODES`` and the patch files of all shards.
    split
        How the test set is set apart.
    folds
        Number of folds of a training set.
    test, training, dropped
        Outputs: ``tables.DATASET`` of the test set and, by name, of each training
        set; ``tables.DROPPED``.

    Raises
    ------
    DatasetError
        If there are too few nodes or patients, or status or location of a node is
        unknown.
    SplitError
        If a given split does not fit the nodes.
    """
    measured = tables.read(nodes, tables.NODES)
    frame = measured_with_patch(nodes, patches)
    require_both_statuses(frame)
    drawn, pool, beside_test = draw_sides(frame, split, folds)
    write_dataset(drawn.assign(fold=0), test)
    sets = draw_training_sets(pool, seed=split.seed)
    for name, path in training.items():
        write_dataset(with_folds(sets[name], split, folds), path)
    uncut = measured[~measured["node_id"].isin(frame["node_id"])]
    losses = [beside_test, *_unused_for_training(pool, sets), _uncut(uncut)]
    lost = pd.concat(losses).sort_values(["dataset", "node_id"])
    tables.write(lost, dropped, tables.DROPPED)


def draw_sides(
    frame: pd.DataFrame, split: Split, folds: int
) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]:
    """Return the test set, what may train, and what is left out next to the test.

    Parameters
    ----------
    frame
        ``tables.NODES`` with a patch.
    split, folds
        As for ``make_datasets``.

    Raises
    ------
    DatasetError, SplitError
        As ``make_datasets``.
    """
    _check_known(frame)
    if split.given is None:
        drawn, pool = split_test(frame, split)
        reason = "surplus_negative"
    else:
        sheet = SplitSheet(split.given, split.protocol, folds, split.by)
        sides = read_split(sheet, frame)
        drawn, pool, reason = sides.test, sides.pool, "unused_as_given"
    rest = frame.drop(pool.index).drop(drawn.index)
    lost = rest.assign(dataset="test", reason=reason)
    return drawn, pool, lost[list(tables.DROPPED.columns)]


def _check_known(nodes: pd.DataFrame) -> None:
    """Refuse nodes of unknown status or location, with their number."""
    unknown = nodes[["status", "location"]].eq(tables.UNKNOWN)
    count = int(unknown.any(axis=1).sum())
    if count:
        raise UnknownNodesError(
            f"nodes.tsv: {count} of {len(nodes)} nodes have an unknown status "
            f"({int(unknown['status'].sum())}) or location "
            f"({int(unknown['location'].sum())}), and a study needs both; fill in "
            "these cells, or remove the rows"
        )


def with_folds(nodes: pd.DataFrame, split: Split, folds: int) -> pd.DataFrame:
    """Return a training set with its folds, which a given split may state.

    Raises
    ------
    DatasetError
        If the set is too small for the folds.
    """
    if "fold" in nodes:
        return nodes
    return assign_folds(nodes, protocol=split.protocol, folds=folds, seed=split.seed)


def measured_with_patch(
    nodes: str | Path, patches: Iterable[str | Path]
) -> pd.DataFrame:
    """Return the measured nodes (``tables.NODES``) that have a patch."""
    measured = tables.read(nodes, tables.NODES)
    return measured[measured["node_id"].isin(patch_sums(patches))]


def training_pool(
    frame: pd.DataFrame, test: str | Path, dropped: str | Path
) -> pd.DataFrame:
    """Return the nodes that may train: neither tested nor left out with the test set.

    Parameters
    ----------
    frame
        ``tables.NODES``; those without a patch are among the dropped.
    test, dropped
        ``tables.DATASET`` of the test set, and ``tables.DROPPED``.
    """
    lost = tables.read(dropped, tables.DROPPED)
    taken = {
        *tables.read(test, tables.DATASET)["node_id"],
        *lost.loc[lost["dataset"] == "test", "node_id"],
    }
    return frame[~frame["node_id"].isin(taken)]


def write_dataset(nodes: pd.DataFrame, path: str | Path) -> None:
    """Write nodes with their folds as ``tables.DATASET``, in the order of node_id."""
    rows = nodes[list(tables.DATASET.columns)].sort_values("node_id")
    tables.write(rows, path, tables.DATASET)


def _uncut(nodes: pd.DataFrame) -> pd.DataFrame:
    """List nodes without a patch as lost for every set."""
    sets = ("test", "status_balanced", "location_balanced")
    lost = [nodes.assign(dataset=name, reason="no_patch") for name in sets]
    return pd.concat(lost)[list(tables.DROPPED.columns)]


def split_test(nodes: pd.DataFrame, split: Split) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Draw the test set.

    Parameters
    ----------
    nodes
        ``tables.NODES``.
    split
        Protocol, share and seed.

    Returns
    -------
    The test set, half positive, and the nodes that may train.

    Raises
    ------
    DatasetError
        If there are too few nodes of either status.
    """
    n_positive = int((nodes["status"] == "positive").sum())
    wanted = math.floor(split.test_share * n_positive + 0.5)
    rng = stream(split.seed, "datasets", "test")
    if split.protocol == "node":
        candidates = nodes
        positive = _sample(_of(candidates, "positive"), wanted, rng)
    else:
        candidates = _of_test_patients(nodes, wanted, split.strata_mm, rng)
        positive = _of(candidates, "positive")
    negative = _sample(_of(candidates, "negative"), len(positive), rng)
    drawn = pd.concat([positive, negative]).sort_values("node_id")
    rest = nodes.drop(drawn.index if split.protocol == "node" else candidates.index)
    return drawn, rest


def _of_test_patients(
    nodes: pd.DataFrame,
    wanted: int,
    strata_mm: Sequence[float] | None,
    rng: np.random.Generator,
) -> pd.DataFrame:
    """Return all nodes of random patients, among them enough negative ones.

    In small cohorts, the patients of a draw may have fewer negative than positive
    nodes; others are then drawn.
    """
    for _ in range(MOST_DRAWS):
        patients = _draw_patients(nodes, wanted, strata_mm, rng)
        drawn = nodes[nodes["patient_id"].isin(patients)]
        if 2 * drawn["status"].eq("positive").sum() <= len(drawn):
            break
    return drawn


def _draw_patients(
    nodes: pd.DataFrame,
    wanted: int,
    strata_mm: Sequence[float] | None,
    rng: np.random.Generator,
) -> set[str]:
    """Add patients until they hold ``wanted`` positive nodes, never more."""
    if strata_mm:
        return draw_alike(nodes, wanted, strata_mm, rng)
    positives = nodes["status"].eq("positive").groupby(nodes["patient_id"]).sum()
    drawn: set[str] = set()
    missing = wanted
    for patient_id in rng.permutation(positives.sort_index().index.to_numpy(str)):
        if missing == 0:
            break
        count = int(positives[patient_id])
        if count <= missing:
            drawn.add(str(patient_id))
            missing -= count
    return drawn


def draw_training_sets(pool: pd.DataFrame, *, seed: int) -> dict[str, pd.DataFrame]:
    """Draw ``status_balanced`` and ``location_balanced`` from what may train."""
    return {
        "status_balanced": draw_status_balanced(pool, seed=seed),
        "location_balanced": draw_location_balanced(pool, seed=seed),
    }


def require_both_statuses(nodes: pd.DataFrame) -> None:
    """Refuse a cohort without nodes, or with nodes of one status alone."""
    if nodes.empty:
        raise DatasetError(
            "no node can be used; run nodal-staging check, which says for each exam "
            "what to correct"
        )
    found = nodes["status"].unique()
    if len(found) == 1:
        raise DatasetError(
            f"all {len(nodes)} nodes that can be used are {found[0]}; a study needs "
            "positive and negative nodes: correct column status or enlarge the cohort"
        )


def draw_status_balanced(pool: pd.DataFrame, *, seed: int) -> pd.DataFrame:
    """Take all positives of the pool and as many random negatives.

    Where negatives are the fewer, as in no clinical cohort, positives are drawn.
    """
    rng = stream(seed, "datasets", "status_balanced")
    return _balance(pool, rng).sort_values("node_id")


def draw_location_balanced(pool: pd.DataFrame, *, seed: int) -> pd.DataFrame:
    """Take equally many random positives and negatives of each location."""
    rng = stream(seed, "datasets", "location_balanced")
    parts = [
        _balance(pool[pool["location"] == location], rng)
        for location in tables.LOCATIONS
    ]
    return pd.concat(parts).sort_values("node_id")


def _balance(nodes: pd.DataFrame, rng: np.random.Generator) -> pd.DataFrame:
    """Take min(positives, negatives) random nodes of each status."""
    positive, negative = _of(nodes, "positive"), _of(nodes, "negative")
    count = min(len(positive), len(negative))
    return pd.concat([_sample(positive, count, rng), _sample(negative, count, rng)])


def assign_folds(
    nodes: pd.DataFrame, *, protocol: str, folds: int, seed: int
) -> pd.DataFrame:
    """Assign folds from 1, balanced by status; under ``patient`` by whole patients."""
    # Those who only read folds need not wait for scikit-learn.
    from sklearn.model_selection import (  # noqa: PLC0415
        StratifiedGroupKFold,
        StratifiedKFold,
    )

    splitter = StratifiedKFold if protocol == "node" else StratifiedGroupKFold
    state = named_seed(seed, "datasets", "folds")
    smallest = nodes["status"].value_counts().min() if len(nodes) else 0
    groups = nodes["patient_id"].nunique()
    if smallest < folds or groups < folds:
        lower = " or lower datasets.folds" if folds > FEWEST_FOLDS else ""
        raise DatasetError(
            f"datasets.folds: {folds} folds need a training set of at least {folds} "
            f"patients and {folds} nodes of each status, found {len(nodes)} nodes of "
            f"{groups} patient{'' if groups == 1 else 's'}; enlarge the cohort{lower}"
        )
    parts = splitter(n_splits=folds, shuffle=True, random_state=state).split(
        nodes, nodes["status"], None if protocol == "node" else nodes["patient_id"]
    )
    fold = np.zeros(len(nodes), dtype=int)
    for number, (_, held_out) in enumerate(parts, start=1):
        fold[held_out] = number
    return nodes.assign(fold=fold)


def held_out_folds(
    dataset: pd.DataFrame,
) -> Iterator[tuple[pd.DataFrame, pd.DataFrame]]:
    """Yield for each fold of ``tables.DATASET`` the nodes outside it, and its own."""
    for fold in sorted(dataset["fold"].unique()):
        held_out = dataset["fold"] == fold
        yield dataset[~held_out], dataset[held_out]


def _of(nodes: pd.DataFrame, status: str) -> pd.DataFrame:
    """Return the nodes of a status in the order of node_id."""
    return nodes[nodes["status"] == status].sort_values("node_id")


def _sample(nodes: pd.DataFrame, count: int, rng: np.random.Generator) -> pd.DataFrame:
    """Draw ``count`` nodes without replacement."""
    if count > len(nodes) or count < 0:
        raise DatasetError(
            f"expected at least {count} nodes of each status to draw from, found "
            f"{len(nodes)} of one; lower datasets.test_share or enlarge the cohort"
        )
    return nodes.iloc[rng.choice(len(nodes), size=count, replace=False)]


def _unused_for_training(
    pool: pd.DataFrame, training: Mapping[str, pd.DataFrame]
) -> Iterator[pd.DataFrame]:
    """Yield the nodes that each training set could have used, with the reason."""
    for name, used in training.items():
        rest = pool.drop(used.index)
        surplus = "surplus_" if name == "status_balanced" else "no_partner_in_location_"
        lost = rest.assign(dataset=name, reason=surplus + rest["status"])
        yield lost[list(tables.DROPPED.columns)]
