"""From screened exams to the sets that train and test: every count, every reason."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import pandas as pd

from nodal_staging import tables
from nodal_staging.datasets.split import training_pool
from nodal_staging.study.files import read_json

MEANINGS = {
    "surplus_negative": "surplus negative nodes",
    "surplus_positive": "surplus positive nodes",
    "no_partner_in_location_negative": "negative nodes without a partner in location",
    "no_partner_in_location_positive": "positive nodes without a partner in location",
    "unused_as_given": "nodes that the given split leaves out",
}
"""Reasons of ``tables.DROPPED`` in words, as they follow a number."""

NO_PATCH = "no_patch"
LOST = {"measurement": "not measured", "patch": "measured, but without a patch"}
"""Stages of ``tables.LOSSES`` that cost the node, in words."""


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


@dataclass(frozen=True, slots=True, kw_only=True)
class FlowFiles:
    """What the counts are taken from.

    Attributes
    ----------
    flow, cohort
        As ``select_cohort`` left them.
    sheet, nodes, lost
        The node sheet, the measured nodes (``tables.NODES``) and the lost ones
        (``tables.LOSSES``).
    test, training, dropped, certificate
        As ``make_datasets`` and ``certify_datasets`` left them.
    """

    flow: str | Path
    cohort: str | Path
    sheet: str | Path
    nodes: str | Path
    lost: str | Path
    test: str | Path
    training: Mapping[str, str | Path]
    dropped: str | Path
    certificate: str | Path


@dataclass(frozen=True, slots=True)
class Flow:
    """What Figure 2 shows.

    Attributes
    ----------
    screened, included
        Numbers of ``patients`` and ``exams``.
    excluded
        Reason in words and exams, in the order in which criteria are applied.
    listed
        Number of nodes of the included exams in the node sheet.
    measured
        Those that could be measured.
    lost
        By stage, reason in words and nodes: not measured, and without a patch.
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
    listed: int
    measured: Nodes
    lost: dict[str, list[tuple[str, int]]]
    test: Nodes
    pool: Nodes
    training: dict[str, Nodes]
    unused: dict[str, list[tuple[str, int]]]
    protocol: str


def count_flow(files: FlowFiles) -> Flow:
    """Count everything that Figure 2 shows.

    Raises
    ------
    RuntimeError
        If the tables contradict each other: a defect.
    """
    exams = read_json(files.flow)
    measured = tables.read(files.nodes, tables.NODES)
    losses = tables.read(files.dropped, tables.DROPPED)
    tested = tables.read(files.test, tables.DATASET)
    counted = Flow(
        screened=exams["screened"],
        excluded=_excluded(exams["steps"]),
        included=exams["included"],
        listed=_listed(files.cohort, files.sheet),
        measured=Nodes.of(measured),
        lost=_lost(tables.read(files.lost, tables.LOSSES)),
        test=Nodes.of(tested),
        pool=Nodes.of(training_pool(measured, files.test, files.dropped)),
        training={
            name: Nodes.of(tables.read(path, tables.DATASET))
            for name, path in files.training.items()
        },
        unused={
            name: _unused(losses[losses["dataset"] == name])
            for name in ("test", *files.training)
        },
        protocol=read_json(files.certificate)["protocol"],
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


def _lost(losses: pd.DataFrame) -> dict[str, list[tuple[str, int]]]:
    """Count the nodes that are lost at each stage by reason, in words."""
    counts = {
        stage: losses.loc[losses["stage"] == stage, "reason"].value_counts()
        for stage in LOST
    }
    return {
        stage: [
            (f"{LOST[stage]}, {reason.replace('_', ' ')}", int(own[reason]))
            for reason in sorted(own.index)
        ]
        for stage, own in counts.items()
    }


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
    unmeasured, uncut = _sum(flow.lost["measurement"]), _sum(flow.lost["patch"])
    set_aside = _sum(flow.unused["test"])
    balances = {
        "exams": (flow.screened["exams"], excluded + flow.included["exams"]),
        "listed nodes": (flow.listed, unmeasured + flow.measured.nodes),
        "nodes": (
            flow.measured.nodes,
            uncut + flow.test.nodes + set_aside + flow.pool.nodes,
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
