"""The section on where the maps of the CNNs lie: on the node or around it."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from nodal_staging import tables
from nodal_staging.attribution.localisation import REGIONS
from nodal_staging.audit.relevance_regions import (
    DIFFERENCES,
    LOCALISATION,
    OVER_CONTROLS,
)
from nodal_staging.heatmaps.options import method_name
from nodal_staging.report.shared_columns import CNN, METHOD, NODES
from nodal_staging.study.classifier_names import printed
from nodal_staging.tables.grid import Column, Grid, lay_out, records_by
from nodal_staging.tables.grid_columns import percent_intervals, percentages
from nodal_staging.tables.intervals import with_interval
from nodal_staging.tables.parts import Folded, Part
from nodal_staging.tables.rounding import count, percentage

CONTROLS = ("edges", "random", "centre")
SHARES = "Shares of the absolute relevance."
MEASURES: tuple[Column, ...] = (
    ("On the node, %", lambda row: _share(row["node"])),
    ("Ring, %", lambda row: _share(row["ring"])),
    ("Background, %", lambda row: _share(row["background"])),
    (
        "Area of the three, %",
        lambda row: " / ".join(percentage(row[name]["area"]) for name in REGIONS),
    ),
    ("Enrichment of the node", lambda row: _enrichment(row["node"])),
    (
        "Most relevant pixels on the node, %",
        lambda row: _share(row["node"], "rank_share", "rank_"),
    ),
)
"""What is measured of a map in each region."""


def localisation(path: str | Path, ci: str) -> list[Part]:
    """Return the first method and its controls, then methods and groups folded."""
    frame = tables.read(path, LOCALISATION)
    first = str(frame["method"].iloc[0])
    whole = frame[frame["group"] == "all"]
    shown = whole["method"].isin([first, *CONTROLS])
    groups = frame[(frame["group"] != "all") & (frame["method"] == first)]
    compared = f"{method_name(first)} with an edge map, a random map and a centre map."
    return [
        _located("localisation", compared, whole[shown], ci),
        Folded(
            "The other methods",
            (_located("localisation_all", SHARES, whole[~shown], ci),),
        ),
        Folded(
            f"{method_name(first)} by status, outcome and location",
            (_located("localisation_groups", SHARES, groups, ci, by="level"),),
        ),
    ]


def _located(
    name: str, caption: str, frame: pd.DataFrame, ci: str, *, by: str = "method"
) -> Grid:
    """Lay out a row for each CNN and method, or group of nodes, a column a measure."""
    level: Column = ("Test nodes", lambda row: str(row["level"]).replace("_", " "))
    columns = [CNN, METHOD if by == "method" else level, *MEASURES]
    caption += f" In brackets: {ci}."
    if frame["ct_share"].notna().any():
        caption += (
            " Maps are of the CT channel alone; the last but one column says what it "
            "has of the relevance of all channels."
        )
        columns.append(
            (
                "Of it on the CT channel, %",
                lambda row: percentage(row["node"]["ct_share"]),
            )
        )
    nodes: Column = ("Nodes", lambda row: count(row["node"]["nodes"]))
    records: dict[str, list[Mapping[str, Any]]] = {}
    for (cnn, key, _), found in frame.groupby(["cnn", by, "group"], sort=False):
        regions = found.set_index("region").to_dict("index")
        records.setdefault(cnn, []).append({"cnn": cnn, by: key, **regions})
    return lay_out(name, caption, [*columns, nodes], records.values())


def _share(row: Mapping[str, Any], name: str = "share", start: str = "") -> str:
    """Write a fraction in percent with its interval."""
    lower, upper = row[f"{start}lower"], row[f"{start}upper"]
    return with_interval(row[name], lower, upper, 1, scale=100)


def _enrichment(node: Mapping[str, Any]) -> str:
    lower, upper = node["enrichment_lower"], node["enrichment_upper"]
    return with_interval(node["enrichment"], lower, upper, 2)


def over_controls(path: str | Path, ci: str) -> Grid:
    """Lay out the first method's share on the node less that of each control."""
    frame = tables.read(path, OVER_CONTROLS)
    first = frame["method"].isin(frame["method"].head(1))
    return lay_out(
        "localisation_controls",
        "Share on the node less that of the CNN’s own controls, on the same nodes, in "
        "percentage points.",
        [
            CNN,
            METHOD,
            ("Control", lambda row: method_name(row["control"])),
            percentages("Control, %", "control_share"),
            percentages("Difference", "difference"),
            percent_intervals(ci),
            NODES,
        ],
        records_by(frame[first & (frame["region"] == "node")], "cnn"),
    )


def differences(path: str | Path, ci: str) -> Grid:
    """Lay out the first method's share of one CNN less that of another."""
    frame = tables.read(path, DIFFERENCES)
    first = frame["method"].iloc[0]
    shown = frame[(frame["method"] == first) & (frame["region"] == "node")]
    return lay_out(
        "localisation_differences",
        f"{method_name(first)}: share on the node of A less that of B, the same "
        "nodes, in percentage points.",
        [
            ("A", lambda row: printed(f"cnn_{row['cnn']}")),
            ("B", lambda row: printed(f"cnn_{row['other']}")),
            percentages("Difference", "difference"),
            percent_intervals(ci),
            NODES,
        ],
        [shown.to_dict("records")],
    )
