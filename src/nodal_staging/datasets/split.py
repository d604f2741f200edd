"""Who tests and who trains.

The paper's arithmetic: the test set takes a share of the positive nodes and as many
random negatives; ``status_balanced`` the other positives and as many random
negatives; ``location_balanced`` matches positives and negatives within each
location, min(positives, negatives available) per location. (``xmask`` trains on the
nodes of ``status_balanced``.)

Protocols: ``node`` draws nodes, as published, so that siblings of a patient stand on
both sides; ``patient`` draws patients, and whoever is tested trains nothing.
"""

import math
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from sklearn.model_selection import StratifiedGroupKFold, StratifiedKFold

from nodal_staging import tables
from nodal_staging.nodes.patch_files import patch_sums
from nodal_staging.study.errors import InputError
from nodal_staging.study.seeds import named_seed, stream


class DatasetError(InputError):
    """The cohort is too small for the sets that are asked for."""

    reason = "too_few_nodes"


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
    """

    protocol: str
    test_share: float
    seed: int


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
        If there are too few nodes or patients.
    """
    measured = tables.read(nodes, tables.NODES)
    frame = measured_with_patch(nodes, patches)
    drawn, pool = split_test(frame, split)
    write_dataset(drawn.assign(fold=0), test)
    sets = draw_training_sets(pool, seed=split.seed)
    for name, path in training.items():
        folded = assign_folds(
            sets[name], protocol=split.protocol, folds=folds, seed=split.seed
        )
        write_dataset(folded, path)
    uncut = measured[~measured["node_id"].isin(frame["node_id"])]
    losses = [_losses(frame, drawn, pool, sets), _uncut(uncut)]
    lost = pd.concat(losses).sort_values(["dataset", "node_id"])
    tables.write(lost, dropped, tables.DROPPED)


def measured_with_patch(
    nodes: str | Path, patches: Iterable[str | Path]
) -> pd.DataFrame:
    """Return the measured nodes (``tables.NODES``) that have a patch."""
    measured = tables.read(nodes, tables.NODES)
    return measured[measured["node_id"].isin(patch_sums(patches))]


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
        patients = _draw_patients(nodes, wanted, rng)
        candidates = nodes[nodes["patient_id"].isin(patients)]
        positive = _of(candidates, "positive")
    negative = _sample(_of(candidates, "negative"), len(positive), rng)
    drawn = pd.concat([positive, negative]).sort_values("node_id")
    rest = nodes.drop(drawn.index if split.protocol == "node" else candidates.index)
    return drawn, rest


def _draw_patients(
    nodes: pd.DataFrame, wanted: int, rng: np.random.Generator
) -> set[str]:
    """Add random patients until they hold ``wanted`` positive nodes, never more."""
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
    splitter = StratifiedKFold if protocol == "node" else StratifiedGroupKFold
    state = named_seed(seed, "datasets", "folds")
    smallest = nodes["status"].value_counts().min() if len(nodes) else 0
    groups = nodes["patient_id"].nunique()
    if smallest < folds or groups < folds:
        raise DatasetError(
            f"a training set of {len(nodes)} nodes of {groups} patients cannot make "
            f"datasets.folds: {folds}; lower it or enlarge the cohort"
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
            f"expected at least {count} nodes to draw from, found {len(nodes)}; "
            "lower datasets.test_share or enlarge the cohort"
        )
    return nodes.iloc[rng.choice(len(nodes), size=count, replace=False)]


def _losses(
    nodes: pd.DataFrame,
    drawn: pd.DataFrame,
    pool: pd.DataFrame,
    training: dict[str, pd.DataFrame],
) -> pd.DataFrame:
    """List every node that a set could have used and did not, with the reason."""
    beside_test = nodes.drop(pool.index).drop(drawn.index)
    lost = [beside_test.assign(dataset="test", reason="surplus_negative")]
    for name, used in training.items():
        rest = pool.drop(used.index)
        surplus = "surplus_" if name == "status_balanced" else "no_partner_in_location_"
        lost.append(rest.assign(dataset=name, reason=surplus + rest["status"]))
    return pd.concat(lost)[list(tables.DROPPED.columns)]
