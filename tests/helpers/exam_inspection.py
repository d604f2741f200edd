"""The real inspection of one small exam, under the limits of config/config.yaml."""

import re
from pathlib import Path

import pandas as pd
import yaml
from small_exams import Plan, write_exam

from nodal_staging import tables
from nodal_staging.cohort.contrast_and_dose import Rules
from nodal_staging.cohort.inclusion_criteria import Limits
from nodal_staging.cohort.inspected_shard import InspectedShard
from nodal_staging.cohort.inspection import inspect_exams
from nodal_staging.nodes.measurements import measure_nodes
from nodal_staging.nodes.node_flags import NodeLimits, flag_nodes

CONFIG = Path(__file__).parents[2] / "config" / "config.yaml"
COHORT = yaml.safe_load(CONFIG.read_text(encoding="utf-8"))["cohort"]
SHARD = "1-of-1"


def rules(**limits: dict) -> Rules:
    """Return the rules of the configuration; ``ct={...}`` replaces limits of the CT."""
    content = {part: own | limits.get(part, {}) for part, own in _content().items()}
    return Rules.of(
        COHORT["criteria"], COHORT["repairs"], content, COHORT["pet_limits"]
    )


def _content() -> dict:
    return COHORT["content"]


def inspected(folder: Path, exam: Plan, *, under: Rules | None = None) -> pd.Series:
    """Write an exam, inspect it and return its row of ``tables.INSPECTIONS``."""
    write_exam(folder, exam)
    return inspect_folder(folder, under=under)


def inspect_folder(folder: Path, *, under: Rules | None = None) -> pd.Series:
    """Inspect the exam of a folder with sheets."""
    inspect_exams(
        exams=folder / "exams.tsv",
        nodes=folder / "nodes.tsv",
        shard=SHARD,
        rules=under or rules(),
        on_bad_exam="exclude",
        inspections=folder / "inspected.tsv",
        index=folder / "index.json",
    )
    return tables.read(folder / "inspected.tsv", tables.INSPECTIONS).iloc[0]


def says(row: pd.Series, expected: str) -> bool:
    """Tell whether a row has a code, or words in its problem or its remarks."""
    if re.fullmatch("[a-z_]+", expected):
        return expected in [row["reason"], *row["flags"].split(",")]
    return bool(re.search(expected, f"{row['problem']} {row['notes']}"))


def found_codes(row: pd.Series, losses: list[dict]) -> set[str]:
    """Return all codes of an exam: its reason, its remarks and its lost nodes."""
    codes = {row["reason"], *row["flags"].split(",")} - {"-"}
    codes |= {loss["reason"] for loss in losses}
    return codes - {"ok"} if losses else codes


def measured_losses(folder: Path) -> list[dict]:
    """Measure the nodes of an inspected exam and return those that are lost."""
    sheets = {"exams": folder / "exams.tsv", "nodes": folder / "nodes.tsv"}
    shard = InspectedShard(
        name=SHARD,
        **sheets,
        inspections=folder / "inspected.tsv",
        index=folder / "index.json",
        limits=Limits(),
    )
    lost = folder / "lost.tsv"
    measure_nodes(
        shard=shard,
        refused_share=0.5,
        on_bad_exam="exclude",
        output=folder / "measured.tsv",
        lost=lost,
    )
    return tables.read(lost, tables.LOSSES).to_dict("records")


def node_flags(folder: Path) -> set[str]:
    """Measure the nodes of an inspected exam and return the flags of their masks."""
    assert measured_losses(folder) == []
    limits, flags = NodeLimits.of(COHORT["node_limits"]), folder / "flags.tsv"
    flag_nodes(nodes=[folder / "measured.tsv"], limits=limits, output=flags)
    return set(tables.read(flags, tables.NODE_FLAGS)["flag"])
