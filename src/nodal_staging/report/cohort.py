"""Who was screened, who was included, and what they are like."""

from collections.abc import Mapping
from pathlib import Path

import pandas as pd

from nodal_staging import tables
from nodal_staging.report.artefacts import Artefacts
from nodal_staging.study.files import read_json
from nodal_staging.tables.grid import Grid
from nodal_staging.tables.parts import Heading, Part
from nodal_staging.tables.rounding import MISSING, count, counted

UNUSABLE = "the exam cannot be used"


def cohort(study: Artefacts) -> list[Part]:
    """Return the parts of the section."""
    flow = read_json(study.flow)
    screened, included = flow["screened"], flow["included"]
    reasons = tuple(
        (_meaning(reason, flow["criteria"]), count(exams))
        for reason, exams in sorted(flow["excluded_exams"].items())
    )
    return [
        Heading("Cohort", "cohort"),
        f"{count(screened['patients'])} patients with {count(screened['exams'])} exams "
        f"were screened; {count(included['patients'])} patients were included. Each "
        "excluded "
        "exam is counted under the first criterion that it failed.",
        Grid("excluded", "Exams excluded.", ("Reason", "Exams"), (reasons,)),
        characteristics(study.characteristics),
    ]


def _meaning(reason: str, criteria: Mapping[str, str]) -> str:
    """Put the code of a reason in words."""
    return criteria.get(reason, f"{UNUSABLE}: {reason.replace('_', ' ')}")


def uptake(study: Artefacts) -> list[Part]:
    """Hold the status of the nodes against their SUVmax."""
    nodes = tables.read(study.nodes, tables.NODES)
    known = int(nodes["suv_max"].notna().sum())
    found = tables.read(study.disagreements, tables.DISAGREEMENTS)
    if not known:
        return [Heading("Status and uptake", "uptake"), "No node has an SUV."]
    kinds = found["disagreement"].value_counts()
    cold, hot = (
        counted(int(kinds.get(kind, 0)), *words)
        for kind, words in (
            ("positive_without_uptake", ("positive node has", "positive nodes have")),
            ("negative_with_uptake", ("negative node has", "negative nodes have")),
        )
    )
    return [
        Heading("Status and uptake", "uptake"),
        f"The status of a node and its SUVmax disagree in {count(len(found))} of "
        f"{counted(known, 'node', 'nodes')}: {cold} no SUVmax above "
        f"{study.cutoff_suv:g}, {hot} one. "
        f"{_without_suv(len(nodes) - known)}Nothing was relabelled.",
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
