"""From screened exams to the sets that train and test: every count, every reason."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import pandas as pd

from nodal_staging import tables
from nodal_staging.study.files import read_json

MEANINGS = {
    "surplus_negative": "surplus negative nodes",
    "surplus_positive": "surplus positive nodes",
    "no_partner_in_location_negative": "negative nodes without a partner in location",
    "no_partner_in_location_positive": "positive nodes without a partner in location",
}
"""Reasons of ``tables.DROPPED`` in words, as they follow a number."""

NO_PATCH = "no_patch"


@dataclass(frozen=True, slots=True)
class Nodes:
    """How many nodes there are, of how many patients."""

    nodes: int
    positive: int
    negative: int
    patients: int

    @classmethod
    def of(cls, frame: pd.DataFrame) -> Self:
        """Count rows with ``status`` and ``patient_id``."""
        status = frame["status"].value_counts()
        return cls(
            len(frame),
            int(status.get("positive", 0)),
            int(status.get("negative", 0)),
            int(frame["patient_id"].nunique()),
        )


@dataclass(frozen=True, slots=True)
class Flow:
    """What Figure 2 shows.

    Attributes
    ----------
    screened, included
        Numbers of ``patients`` and ``exams``.
    excluded
        Reason in words and exams, in the order in which criteria are applied.
    measured
        Nodes of the included exams that could be measured.
    lost
        Reason in words and nodes, on the way to a patch.
    test, pool
        The test set, and the nodes that may train.
    training
        The training sets by name.
    unused
        By set, reason in words and nodes that it could have used.
    protocol
        Whether patients or nodes were split.
    """

    screened: Mapping[str, int]
    excluded: list[tuple[str, int]]
    included: Mapping[str, int]
    measured: Nodes
    lost: list[tuple[str, int]]
    test: Nodes
    pool: Nodes
    training: dict[str, Nodes]
    unused: dict[str, list[tuple[str, int]]]
    protocol: str


def count_flow(
    *,
    flow: str | Path,
    cohort: str | Path,
    sheet: str | Path,
    nodes: str | Path,
    test: str | Path,
    training: Mapping[str, str | Path],
    dropped: str | Path,
    certificate: str | Path,
) -> Flow:
    """Count everything that Figure 2 shows.

    Parameters
    ----------
    flow, cohort
        As ``select_cohort`` left them.
    sheet, nodes
        The node sheet, and the measured nodes (``tables.NODES``).
    test, training, dropped, certificate
        As ``make_datasets`` and ``certify_datasets`` left them.

    Raises
    ------
    RuntimeError
        If the tables contradict each other: a defect.
    """
    exams = read_json(flow)
    measured = tables.read(nodes, tables.NODES)
    losses = tables.read(dropped, tables.DROPPED)
    uncut = set(losses.loc[losses["reason"] == NO_PATCH, "node_id"])
    tested = tables.read(test, tables.DATASET)
    beside = set(losses.loc[losses["dataset"] == "test", "node_id"])
    taken = uncut | beside | set(tested["node_id"])
    counted = Flow(
        screened=exams["screened"],
        excluded=_excluded(exams["steps"]),
        included=exams["included"],
        measured=Nodes.of(measured),
        lost=_lost(_listed(cohort, sheet) - len(measured), len(uncut)),
        test=Nodes.of(tested),
        pool=Nodes.of(measured[~measured["node_id"].isin(taken)]),
        training={
            name: Nodes.of(tables.read(path, tables.DATASET))
            for name, path in training.items()
        },
        unused={
            name: _unused(losses[losses["dataset"] == name])
            for name in ("test", *training)
        },
        protocol=read_json(certificate)["protocol"],
    )
    prove(counted)
    return counted


def _excluded(steps: list[dict[str, Any]]) -> list[tuple[str, int]]:
    """Return what each criterion excluded; where it has several reasons, these too."""
    return [
        (_step_words(step), step["excluded"]["exams"])
        for step in steps
        if step["excluded"]["exams"]
    ]


def _step_words(step: dict[str, Any]) -> str:
    reasons = step["reasons"]
    if set(reasons) == {step["criterion"]}:
        return str(step["meaning"])
    parts = [f"{code.replace('_', ' ')} {n}" for code, n in sorted(reasons.items())]
    return f"{step['meaning'].partition(';')[0]} ({', '.join(parts)})"


def _listed(cohort: str | Path, sheet: str | Path) -> int:
    """Count the nodes that the sheet lists in included exams."""
    exams = tables.read(cohort, tables.EXAMS)
    included = set(exams.loc[exams["included"] == "yes", "exam_id"])
    listed = tables.read(sheet, tables.NEW_NODE_SHEET)
    return int(listed["exam_id"].isin(included).sum())


def _lost(unmeasured: int, uncut: int) -> list[tuple[str, int]]:
    reasons = [
        ("in exams whose voxels could not be read", unmeasured),
        ("measured, but without a patch", uncut),
    ]
    return [(words, count) for words, count in reasons if count]


def _unused(losses: pd.DataFrame) -> list[tuple[str, int]]:
    """Return the reasons why a set left nodes out, but for nodes without a patch."""
    counts = losses.loc[losses["reason"] != NO_PATCH, "reason"].value_counts()
    return [
        (MEANINGS.get(reason, reason.replace("_", " ")), int(counts[reason]))
        for reason in sorted(counts.index)
    ]


def prove(flow: Flow) -> None:
    """Prove that what goes in comes out or has a reason.

    Raises
    ------
    RuntimeError
        Naming the place where the counts do not add up.
    """
    excluded = sum(count for _, count in flow.excluded)
    uncut = sum(count for words, count in flow.lost if words.startswith("measured"))
    beside = _sum(flow.unused["test"])
    balances = {
        "exams": (flow.screened["exams"], excluded + flow.included["exams"]),
        "nodes": (
            flow.measured.nodes,
            uncut + flow.test.nodes + beside + flow.pool.nodes,
        ),
        **{
            name: (flow.pool.nodes, own.nodes + _sum(flow.unused[name]))
            for name, own in flow.training.items()
        },
    }
    for name, (enter, leave) in balances.items():
        if enter != leave:
            raise RuntimeError(f"{name}: {enter} enter and {leave} leave the flow")


def _sum(reasons: list[tuple[str, int]]) -> int:
    return sum(count for _, count in reasons)
