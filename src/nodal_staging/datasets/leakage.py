"""Leakage certificate: nodes, patients and patches on both sides of the split."""

import hashlib
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from nodal_staging import tables
from nodal_staging.nodes.patch_files import patch_sums
from nodal_staging.study.files import write_json


@dataclass(frozen=True, slots=True)
class SplitRecord:
    """What the certificate states in addition to its counts.

    Attributes
    ----------
    protocol, threshold_source
        As configured.
    given
        Whether the split was given, not drawn.
    by
        ``datasets.by``, where a column of the exam sheet divides the patients.
    """

    protocol: str
    threshold_source: str
    given: bool = False
    by: Mapping[str, Any] | None = None


def certify_datasets(
    *,
    test: str | Path,
    training: dict[str, str | Path],
    patches: Iterable[str | Path],
    record: SplitRecord,
    output: str | Path,
) -> None:
    """Count nodes, patients and identical patches on both sides of the split.

    Parameters
    ----------
    test, training
        The test set, and the training sets by name (``tables.DATASET``).
    patches
        Patch files of all shards.
    record
        Written with the counts.
    output
        ``datasets/certificate.json``.

    Raises
    ------
    RuntimeError
        If a patient is on both sides although the protocol splits by patient, or a
        node is on both sides: a defect of the split.
    """
    tested = tables.read(test, tables.DATASET)
    sums = patch_sums(patches)
    sets = {
        name: tables.read(path, tables.DATASET)
        for name, path in sorted(training.items())
    }
    ledger = {name: _ledger(tested, own, sums) for name, own in sets.items()}
    for name, entry in ledger.items():
        if entry["shared_nodes"] or (
            record.protocol == "patient" and entry["shared_patients"]
        ):
            raise RuntimeError(f"the split leaks into {name}: {entry}")
    write_json(
        output,
        {
            "protocol": record.protocol,
            "given": record.given,
            # Without the key, certificates of other splits keep their bytes.
            **({} if record.by is None else {"by": dict(record.by)}),
            "split_sha256": split_sum(tested, *sets.values()),
            "test": _sizes(tested),
            "training": ledger,
            "threshold_source": record.threshold_source,
            "normaliser_source": "fixed HU window; no statistic of the images is used",
        },
    )


def split_sum(*sets: pd.DataFrame) -> str:
    """Return the SHA-256 of who is in which set and fold, whatever the order of rows.

    Two studies whose sums are equal tested on the same nodes, and trained on the same
    nodes in the same folds.

    Parameters
    ----------
    sets
        ``tables.DATASET`` of the test set and of each training set.
    """
    lines = sorted(
        f"{node_id}\t{place}\t{fold}\n"
        for place, frame in enumerate(sets)
        for node_id, fold in zip(frame["node_id"], frame["fold"], strict=True)
    )
    return hashlib.sha256("".join(lines).encode()).hexdigest()


def _ledger(
    tested: pd.DataFrame, trained: pd.DataFrame, sums: dict[str, str]
) -> dict[str, Any]:
    """Compare one training set with the test set."""
    shared_patients = set(tested["patient_id"]) & set(trained["patient_id"])
    siblings = tested["patient_id"].isin(set(trained["patient_id"]))
    return _sizes(trained) | {
        "shared_nodes": len(set(tested["node_id"]) & set(trained["node_id"])),
        "shared_patients": len(shared_patients),
        "test_nodes_with_sibling": int(siblings.sum()),
        "identical_patches": _identical(tested, trained, sums),
    }


def _sizes(dataset: pd.DataFrame) -> dict[str, int]:
    return {
        "nodes": len(dataset),
        "positive": int((dataset["status"] == "positive").sum()),
        "negative": int((dataset["status"] == "negative").sum()),
        "patients": int(dataset["patient_id"].nunique()),
    }


def _identical(
    tested: pd.DataFrame, trained: pd.DataFrame, sums: dict[str, str]
) -> list[list[str]]:
    """List pairs of test and training nodes with the same voxels."""
    by_sum: defaultdict[str, list[str]] = defaultdict(list)
    for node_id in trained["node_id"]:
        by_sum[sums[node_id]].append(node_id)
    return [
        [node_id, twin]
        for node_id in tested["node_id"]
        for twin in by_sum.get(sums[node_id], [])
        if twin != node_id
    ]
