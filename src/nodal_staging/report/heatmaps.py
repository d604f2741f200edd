"""Where the CNNs look, and how far such maps can be trusted."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from nodal_staging import tables
from nodal_staging.audit.heatmaps import FAITHFULNESS, OUTSIDE, RANDOMISATION
from nodal_staging.audit.localisation import DIFFERENCES, LOCALISATION
from nodal_staging.classifier_names import printed
from nodal_staging.grid import Grid, Row
from nodal_staging.heatmap_names import method_name
from nodal_staging.report.artefacts import Artefacts
from nodal_staging.report.parts import (
    Folded,
    Heading,
    Part,
    interval,
    number,
    percent,
    percents,
)
from nodal_staging.rounding import MISSING

CONTROLS = ("edges", "random")
PATTERNS = {
    "fitted": ", patterns fitted again",
    "kept": ", patterns kept",
    "none": "",
}
NETWORKS = {"trained": "trained", "labels_permuted": "trained with permuted labels"}
HEADER = (
    "CNN",
    "Method",
    "Share on the node, %",
    "Interval",
    "Area, %",
    "Enrichment",
    "Interval",
    "Most relevant pixels on the node, %",
    "Interval",
    "Nodes",
)


def heatmaps(study: Artefacts) -> list[Part]:
    """Return the parts that stand beside Figures 6 and 7."""
    return [
        Heading("localisation", "Where the heatmaps lie"),
        "Shares of the absolute relevance on the node, of all test nodes. An "
        "enrichment of 1 is what a map has that knows of no node; a node has an edge, "
        "so compare with the edge map before anything is said. Intervals draw "
        "patients with all their nodes.",
        *localisation(study.localisation),
        differences(study.localisation_differences),
        Heading("randomisation", "Do the heatmaps depend on what was learned?"),
        "Layers are drawn anew from the logit down, or all were learned from permuted "
        "labels. A map that stays the same does not speak of those layers. That a map "
        "changes is no merit by itself.",
        randomisation(study.randomisation),
        Heading("faithfulness", "Do they name the pixels that matter?"),
        faithfulness(study.faithfulness),
        Heading("halo", "The halo: relevance outside the node"),
        "Patterns of a convolution are the same everywhere, so PatternAttribution "
        "gives relevance also to pixels that are empty in every xMask image. What "
        "networks that learned nothing have as well is no finding.",
        halo(study.halo),
    ]


def localisation(path: str | Path) -> list[Part]:
    """Return the first method beside its controls, then methods and groups folded."""
    frame = tables.read(path, LOCALISATION)
    nodes = frame[frame["region"] == "node"]
    first = str(frame["method"].iloc[0])
    whole = nodes[nodes["group"] == "all"]
    shown = whole["method"].isin([first, *CONTROLS])
    groups = nodes[(nodes["group"] != "all") & (nodes["method"] == first)]
    caption = f"{method_name(first)} beside an edge map and a random map."
    return [
        Grid("localisation", caption, HEADER, _by_cnn(whole[shown], _located)),
        Folded("The other methods", (_located_grid("all", whole[~shown]),)),
        Folded(
            f"{method_name(first)} by status, outcome and location",
            (_located_grid("groups", groups),),
        ),
    ]


def _located_grid(name: str, frame: pd.DataFrame) -> Grid:
    header = HEADER if name == "all" else (HEADER[0], "Test nodes", *HEADER[2:])
    cells = _located if name == "all" else _grouped
    caption = "Share of the absolute relevance that lies on the node."
    return Grid(f"localisation_{name}", caption, header, _by_cnn(frame, cells))


def _located(row: Mapping[Any, Any]) -> Row:
    return (printed(f"cnn_{row['cnn']}"), method_name(row["method"]), *_share(row))


def _grouped(row: Mapping[Any, Any]) -> Row:
    return (
        printed(f"cnn_{row['cnn']}"),
        str(row["level"]).replace("_", " "),
        *_share(row),
    )


def _share(row: Mapping[Any, Any]) -> Row:
    return (
        percent(row["share"]),
        percents(row["lower"], row["upper"]),
        percent(row["area"]),
        number(row["enrichment"], 2),
        interval(row["enrichment_lower"], row["enrichment_upper"], 2),
        percent(row["rank_share"]),
        percents(row["rank_lower"], row["rank_upper"]),
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


def randomisation(path: str | Path) -> Grid:
    """Lay out correlations with the trained network's map, a column per stage."""
    frame = tables.read(path, RANDOMISATION)
    stages = frame.drop_duplicates("network")[["network", "layers"]]
    header = tuple(
        NETWORKS.get(name, f"down to {name} ({layers})")
        for name, layers in zip(stages["network"], stages["layers"], strict=True)
    )
    rows: dict[str, list[Row]] = {}
    for (cnn, method, patterns), found in frame.groupby(
        ["cnn", "method", "patterns"], sort=False
    ):
        cells = {row["network"]: _correlation(row) for row in found.to_dict("records")}
        label = f"{method_name(method)}{PATTERNS[patterns]}"
        stage = (cells.get(name, MISSING) for name in stages["network"])
        rows.setdefault(cnn, []).append((printed(f"cnn_{cnn}"), label, *stage))
    return Grid(
        "randomisation",
        "Mean rank correlation of the absolute map with that of the trained network, "
        "with interval; in brackets the number of layers drawn anew.",
        ("CNN", "Method", *header),
        tuple(map(tuple, rows.values())),
    )


def _correlation(row: Mapping[Any, Any]) -> str:
    ends = interval(row["lower"], row["upper"], 2)
    return f"{number(row['rank_correlation'], 2)} ({ends})"


def faithfulness(path: str | Path) -> Grid:
    """Lay out how far the flipping curves lie apart, against a random map."""
    frame = tables.read(path, FAITHFULNESS)
    return Grid(
        "faithfulness",
        "Pixels are replaced by the mean training image, most and least relevant "
        "first: mean area between the curves of the support for the decision, in "
        "logits, and how much more it is than that of a random map on the same nodes.",
        ("CNN", "Method", "Gap", "Interval", "Over random", "Interval", "Nodes"),
        _by_cnn(frame, _gap),
    )


def _gap(row: Mapping[Any, Any]) -> Row:
    return (
        printed(f"cnn_{row['cnn']}"),
        method_name(row["method"]),
        number(row["gap"]),
        interval(row["lower"], row["upper"]),
        number(row["gap_over_random"]),
        interval(row["over_random_lower"], row["over_random_upper"]),
        str(row["nodes"]),
    )


def halo(path: str | Path) -> Grid:
    """Lay out what lies outside the node, for trained networks and their controls."""
    return Grid(
        "halo",
        "Share of the absolute relevance outside the node, in percent; what the "
        "trained network has more than this one, in percentage points; rank "
        "correlation of the share with the area of the node.",
        (
            "CNN",
            "Method",
            "Network",
            "Outside, %",
            "Interval",
            "Area, %",
            "Trained has more",
            "Interval",
            "Correlation with size",
            "Interval",
        ),
        _by_cnn(tables.read(path, OUTSIDE), _outside),
    )


def _outside(row: Mapping[Any, Any]) -> Row:
    network = str(row["network"])
    trained = network == "trained"
    return (
        printed(f"cnn_{row['cnn']}"),
        method_name(row["method"]),
        NETWORKS.get(network, network.replace("_", " ")),
        percent(row["outside_share"]),
        percents(row["lower"], row["upper"]),
        percent(row["outside_area"]),
        MISSING if trained else percent(row["difference"]),
        MISSING
        if trained
        else percents(row["difference_lower"], row["difference_upper"]),
        number(row["size_correlation"], 2),
        interval(row["size_lower"], row["size_upper"], 2),
    )


def _by_cnn(frame: pd.DataFrame, cells: Any) -> tuple[tuple[Row, ...], ...]:
    """Return rows in a group for each CNN."""
    return tuple(
        tuple(cells(row) for row in rows.to_dict("records"))
        for _, rows in frame.groupby("cnn", sort=False)
    )
