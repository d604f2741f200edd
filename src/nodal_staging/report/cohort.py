"""Cohort in the report: screened, included and excluded, with characteristics."""

from collections.abc import Iterator, Mapping
from pathlib import Path

import pandas as pd

from nodal_staging import tables
from nodal_staging.report.artefacts import Artefacts
from nodal_staging.report.facts import require
from nodal_staging.study.files import read_json
from nodal_staging.tables.grid import Grid
from nodal_staging.tables.parts import Heading, Part
from nodal_staging.tables.rounding import MISSING, count, counted

UNUSABLE = "the exam cannot be used"
STAGES = {
    "measurement": "not measured",
    "uptake": "without SUV",
    "patch": "without a patch, in no dataset",
}
"""Stages of ``tables.LOSSES`` in words."""


def cohort(study: Artefacts) -> list[Part]:
    """Return the parts of the section."""
    flow = read_json(study.flow)
    screened, included = flow["screened"], flow["included"]
    reasons = tuple(
        (_meaning(reason, flow["criteria"]), count(exams))
        for reason, exams in sorted(flow["excluded_exams"].items())
    )
    excluded = sum(flow["excluded_exams"].values())
    once = require(
        excluded + included["exams"] == screened["exams"],
        "Each excluded exam is counted under the first criterion that it failed.",
        f"of {count(screened['exams'])} screened exams cohort/flow.json has "
        f"{count(included['exams'])} as included and {count(excluded)} as excluded",
    )
    return [
        Heading("Cohort", "cohort"),
        f"{count(screened['patients'])} patients with {count(screened['exams'])} exams "
        f"were screened; {count(included['patients'])} patients were included. {once}",
        Grid("excluded", "Exams excluded.", ("Reason", "Exams"), (reasons,)),
        *_lost(study.lost),
        *_flagged(study.node_flags, study.nodes),
        characteristics(study.characteristics),
    ]


def _meaning(reason: str, criteria: Mapping[str, str]) -> str:
    """Put the code of a reason in words."""
    return criteria.get(reason, f"{UNUSABLE}: {reason.replace('_', ' ')}")


def _lost(path: str | Path) -> Iterator[Part]:
    """Yield the nodes that were lost after inspection, by stage and reason."""
    losses = tables.read(path, tables.LOSSES)
    if losses.empty:
        yield "No node of an included exam was lost."
        return
    groups = losses.groupby(["stage", "reason"])
    rows = [
        (STAGES[stage], reason.replace("_", " "), count(exams), count(nodes))
        for (stage, reason), exams, nodes in zip(
            groups.groups, groups["exam_id"].nunique(), groups.size(), strict=True
        )
    ]
    yield Grid(
        "lost",
        "Nodes of included exams that were lost.",
        ("What", "Reason", "Exams", "Nodes"),
        (tuple(rows),),
    )


def _flagged(path: str | Path, measured: str | Path) -> Iterator[Part]:
    """Yield the nodes whose masks are implausible, by flag."""
    flags = tables.read(path, tables.NODE_FLAGS)
    if flags.empty:
        yield "No measured node has an implausible mask."
        return
    kept = tables.read(measured, tables.NODES)["node_id"]
    away = flags.loc[~flags["node_id"].isin(kept), "node_id"].nunique()
    excluded = (
        f"{counted(away, 'of them is', 'of them are')} not among the measured nodes."
        if away
        else "No node was excluded for a flag."
    )
    counts = flags["flag"].value_counts().sort_index()
    rows = tuple((str(flag).replace("_", " "), count(n)) for flag, n in counts.items())
    yield Grid(
        "flagged",
        f"Implausible masks of {counted(flags['node_id'].nunique(), 'node', 'nodes')}. "
        f"{excluded} The check page lists each flag with the fix.",
        ("Flag", "Nodes"),
        (rows,),
    )


def uptake(study: Artefacts) -> list[Part]:
    """Hold the status of the nodes against their SUVmax."""
    nodes = tables.read(study.nodes, tables.NODES)
    known = int(nodes["suv_max"].notna().sum())
    found = tables.read(study.disagreements, tables.DISAGREEMENTS)
    if not known:
        return [
            Heading("Status and uptake", "status_and_uptake"),
            "No node has an SUV.",
        ]
    kept = nodes.set_index("node_id")["status"].reindex(found["node_id"])
    other = int((kept.to_numpy() != found["status"].to_numpy()).sum())
    relabelled = (
        f"{counted(other, 'of them has', 'of them have')} another status in this study."
        if other
        else "Nothing was relabelled."
    )
    kinds = found["disagreement"].value_counts()
    cold, hot = (
        counted(int(kinds.get(kind, 0)), *words)
        for kind, words in (
            ("positive_without_uptake", ("positive node has", "positive nodes have")),
            ("negative_with_uptake", ("negative node has", "negative nodes have")),
        )
    )
    return [
        Heading("Status and uptake", "status_and_uptake"),
        f"The status of a node and its SUVmax disagree in {count(len(found))} of "
        f"{counted(known, 'node', 'nodes')}: {cold} no SUVmax above "
        f"{study.cutoff_suv:g}, {hot} one. "
        f"{_without_suv(len(nodes) - known)}{relabelled}",
    ]


def _without_suv(nodes: int) -> str:
    return f"{counted(nodes, 'node is', 'nodes are')} without SUV. " if nodes else ""


def characteristics(path: str | Path) -> Grid:
    """Turn the long table to rows of characteristics, columns of partitions."""
    frame = tables.read(path, tables.CHARACTERISTICS)
    partitions = list(pd.unique(frame["partition"]))
    wide = frame.pivot_table(
        index="characteristic",
        columns="partition",
        values="value",
        aggfunc="first",
        sort=False,
    ).reindex(columns=partitions)
    rows = tuple(
        (str(name), *cells.fillna(MISSING).astype(str))
        for name, cells in wide.iterrows()
    )
    return Grid(
        "characteristics",
        "Characteristics: mean ± standard deviation [range] or median [quartiles].",
        ("", *(name.replace("_", " ") for name in partitions)),
        (rows,),
    )
