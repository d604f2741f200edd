"""The section on where the maps of the CNNs lie: on the node or around it."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from nodal_staging import tables
from nodal_staging.attribution.localisation import REGIONS
from nodal_staging.audit.localisation import DIFFERENCES, LOCALISATION, OVER_CONTROLS
from nodal_staging.heatmaps.options import method_name
from nodal_staging.report.parts import (
    Folded,
    Part,
    interval,
    number,
    percent,
    percents,
)
from nodal_staging.study.classifier_names import printed
from nodal_staging.tables.grid import Grid, Row
from nodal_staging.tables.rounding import MISSING

CONTROLS = ("edges", "random", "centre")


MEASURES = (
    "On the node, %",
    "Ring, %",
    "Background, %",
    "Area of the three, %",
    "Enrichment of the node",
    "Most relevant pixels on the node, %",
)


def localisation(path: str | Path) -> list[Part]:
    """Return the first method beside its controls, then methods and groups folded."""
    frame = tables.read(path, LOCALISATION)
    first = str(frame["method"].iloc[0])
    whole = frame[frame["group"] == "all"]
    shown = whole["method"].isin([first, *CONTROLS])
    groups = frame[(frame["group"] != "all") & (frame["method"] == first)]
    beside = f"{method_name(first)} beside an edge map, a random map and a centre map."
    return [
        _located("localisation", beside, whole[shown]),
        Folded(
            "The other methods",
            (_located("localisation_all", SHARES, whole[~shown]),),
        ),
        Folded(
            f"{method_name(first)} by status, outcome and location",
            (_located("localisation_groups", SHARES, groups, by="level"),),
        ),
    ]


SHARES = "Shares of the absolute relevance."


def _located(
    name: str, caption: str, frame: pd.DataFrame, *, by: str = "method"
) -> Grid:
    """Lay out a row for each CNN and method, or group of nodes, the regions beside."""
    channels = bool(frame["ct_share"].notna().any())
    titles = {"method": "Method", "level": "Test nodes"}
    header: Row = ("CNN", titles[by], *MEASURES)
    if channels:
        header += ("Of it on the CT channel, %",)
        caption += (
            " Maps are of the CT channel alone; the last but one column says what it "
            "has of the relevance of all channels."
        )
    rows: dict[str, list[Row]] = {}
    for (cnn, key, _), found in frame.groupby(["cnn", by, "group"], sort=False):
        regions = found.set_index("region").to_dict("index")
        label = method_name(key) if by == "method" else str(key).replace("_", " ")
        cells = [
            *_shares(regions),
            *([percent(regions["node"]["ct_share"])] * channels),
        ]
        row = (printed(f"cnn_{cnn}"), label, *cells, str(regions["node"]["nodes"]))
        rows.setdefault(cnn, []).append(row)
    return Grid(name, caption, (*header, "Nodes"), tuple(map(tuple, rows.values())))


def _shares(regions: Mapping[Any, Mapping[Any, Any]]) -> Iterator[str]:
    """Yield the cells of the measures, from the rows of the three regions."""
    for region in REGIONS:
        yield _with_ends(regions[region], "share", "lower", "upper")
    yield " / ".join(percent(regions[region]["area"]) for region in REGIONS)
    node = regions["node"]
    ends = interval(node["enrichment_lower"], node["enrichment_upper"], 2)
    yield f"{number(node['enrichment'], 2)} ({ends})"
    yield _with_ends(node, "rank_share", "rank_lower", "rank_upper")


def _with_ends(row: Mapping[Any, Any], value: str, lower: str, upper: str) -> str:
    """Write a fraction in percent with its interval."""
    if pd.isna(row[value]):
        return MISSING
    return f"{percent(row[value])} ({percents(row[lower], row[upper])})"


def over_controls(path: str | Path) -> Grid:
    """Lay out the first method's share on the node less that of each control."""
    frame = tables.read(path, OVER_CONTROLS)
    first = frame["method"].isin(frame["method"].head(1))
    shown = frame[first & (frame["region"] == "node")]
    return Grid(
        "localisation_controls",
        "Share on the node less that of the CNN’s own controls, on the same nodes, in "
        "percentage points.",
        ("CNN", "Method", "Control", "Control, %", "Difference", "Interval", "Nodes"),
        _by_cnn(shown, _over_control),
    )


def _over_control(row: Mapping[Any, Any]) -> Row:
    return (
        printed(f"cnn_{row['cnn']}"),
        method_name(row["method"]),
        method_name(row["control"]),
        percent(row["control_share"]),
        percent(row["difference"]),
        percents(row["lower"], row["upper"]),
        str(row["nodes"]),
    )


def differences(path: str | Path) -> Grid:
    """Lay out the first method's share of one CNN less that of another."""
    frame = tables.read(path, DIFFERENCES)
    first = frame["method"].iloc[0]
    shown = frame[(frame["method"] == first) & (frame["region"] == "node")]
    rows = tuple(
        (
            printed(f"cnn_{row['cnn']}"),
            printed(f"cnn_{row['other']}"),
            percent(row["difference"]),
            percents(row["lower"], row["upper"]),
            str(row["nodes"]),
        )
        for row in shown.to_dict("records")
    )
    return Grid(
        "localisation_differences",
        f"{method_name(first)}: share on the node of A less that of B, the same "
        "nodes, in percentage points.",
        ("A", "B", "Difference", "Interval", "Nodes"),
        (rows,),
    )


def _by_cnn(frame: pd.DataFrame, cells: Any) -> tuple[tuple[Row, ...], ...]:
    """Return rows in a group for each CNN."""
    return tuple(
        tuple(cells(row) for row in rows.to_dict("records"))
        for _, rows in frame.groupby("cnn", sort=False)
    )
