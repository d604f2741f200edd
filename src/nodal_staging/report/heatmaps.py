"""Where the CNNs look, and how far such maps can be trusted."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from nodal_staging import tables
from nodal_staging.audit.heatmaps import FAITHFULNESS, OUTSIDE, RANDOMISATION
from nodal_staging.figures.legend import Illustration
from nodal_staging.heatmaps.options import method_name
from nodal_staging.report.artefacts import Artefacts
from nodal_staging.report.localisation import (
    _by_cnn,
    differences,
    localisation,
    over_controls,
)
from nodal_staging.report.parts import (
    Heading,
    Part,
    interval,
    number,
    percent,
    percents,
)
from nodal_staging.report.patterns import pattern_layers
from nodal_staging.study.classifier_names import printed
from nodal_staging.tables.grid import Grid, Row
from nodal_staging.tables.rounding import MISSING

PATTERNS = {
    "fitted": ", patterns fitted again",
    "kept": ", patterns kept",
    "none": "",
}
NETWORKS = {"trained": "trained", "labels_permuted": "trained with permuted labels"}
ALIKE = 0.9
"""A rank correlation above it leaves a map as it was to the eye."""


def heatmaps(study: Artefacts) -> list[Part]:
    """Return the parts that stand beside Figures 6 and 7."""
    return [
        Heading("localisation", "Where the heatmaps lie"),
        "Shares of the absolute relevance of the CT on the node, on a ring around it "
        "and on the background, of all test nodes. An enrichment of 1 is what a map "
        "has that is spread evenly, not one that knows nothing of the node: nodes "
        "are always in the middle, which networks see best, and have an edge. So a "
        "map is set against the CNN’s own edge map, a random map and a map of the "
        "centre here, and against untrained networks under the halo. Intervals draw "
        "patients with all their nodes.",
        *localisation(study.localisation),
        over_controls(study.localisation_controls),
        differences(study.localisation_differences),
        Heading("randomisation", "Do the heatmaps depend on what was learned?"),
        "Layers are drawn anew from the logit down, or all were learned from permuted "
        "labels. A map that stays the same does not speak of those layers. That a map "
        "changes is no merit by itself.",
        randomisation(study.randomisation),
        unmoved(study.randomisation),
        Heading("flipping", "Do they name the pixels that matter?"),
        Illustration.read(study.figures["faithfulness"]),
        faithfulness(study.faithfulness),
        signs(study.faithfulness),
        "Integrated gradients and occlusion take the mean training image for nothing, "
        "as this test does: that favours them.",
        Heading("halo", "The halo: relevance outside the node"),
        "Patterns of a convolution are the same everywhere, so PatternAttribution "
        "gives relevance also to pixels that are empty in every xMask image; "
        "integrated gradients from the fill of the mask give them none. What networks "
        "that learned nothing have as well is no finding.",
        halo(study.halo),
        *pattern_layers(study.patterns),
    ]


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
        "over the pixels that are not zero in both, with interval; in brackets the "
        "number of layers drawn anew. Each network with other weights is a single "
        "one, and the intervals cover nodes only. A dash: no pixel to rank, or a CNN "
        "that was not trained with permuted labels (attribution.permuted).",
        ("CNN", "Method", *header),
        tuple(map(tuple, rows.values())),
    )


def _correlation(row: Mapping[Any, Any]) -> str:
    if pd.isna(row["rank_correlation"]):
        return MISSING
    ends = interval(row["lower"], row["upper"], 2)
    return f"{number(row['rank_correlation'], 2)} ({ends})"


def unmoved(path: str | Path) -> str:
    """Say which maps stay as they were while the logit alone is drawn anew."""
    frame = tables.read(path, RANDOMISATION)
    first = frame[(frame["layers"] == 1) & frame["rank_correlation"].notna()]
    # Patterns that are fitted again are what a study of that network would draw.
    first = first[first["patterns"] != "kept"]
    alike = first[first["rank_correlation"] > ALIKE]
    if alike.empty:
        return (
            "With the logit drawn anew no map keeps a rank correlation above "
            f"{ALIKE:g}."
        )
    named = "; ".join(
        f"{method_name(method)} ({' and '.join(printed(f'cnn_{cnn}') for cnn in cnns)})"
        for method, cnns in alike.groupby("method", sort=False)["cnn"]
    )
    return (
        "With the logit drawn anew these maps keep a rank correlation above "
        f"{ALIKE:g}, so they say next to nothing of what it decides: {named}."
    )


def faithfulness(path: str | Path) -> Grid:
    """Lay out how far the flipping curves lie apart, against two controls."""
    frame = tables.read(path, FAITHFULNESS)
    return Grid(
        "faithfulness",
        "Pixels of the CT are replaced by the mean training image, most and least "
        "relevant first: mean area between the curves of the support for the side of "
        "0.5 on which the output lies, in logits, and how much more it is than that "
        "of a random map and of an edge map on the same nodes.",
        (
            "CNN",
            "Method",
            "Gap",
            "Interval",
            "Over random",
            "Interval",
            "Over the edge map",
            "Interval",
            "Nodes",
        ),
        _by_cnn(frame[frame["method"] != "random"], _gap),
    )


def _gap(row: Mapping[Any, Any]) -> Row:
    itself = row["method"] == "edges"
    return (
        printed(f"cnn_{row['cnn']}"),
        method_name(row["method"]),
        number(row["gap"]),
        interval(row["lower"], row["upper"]),
        number(row["gap_over_random"]),
        interval(row["over_random_lower"], row["over_random_upper"]),
        MISSING if itself else number(row["gap_over_edges"]),
        MISSING
        if itself
        else interval(row["over_edges_lower"], row["over_edges_upper"]),
        str(row["nodes"]),
    )


def signs(path: str | Path) -> Grid:
    """Lay out what speaks against the output, and whether maps add up."""
    frame = tables.read(path, FAITHFULNESS)
    return Grid(
        "signs",
        "Share of the absolute relevance of the CT that speaks against the side of 0.5 "
        "on which the output lies, in percent: no part of it is seen in a map of "
        "absolute values. Integrated gradients should add up to the difference of two "
        "logits: mean error as a part of the mean difference, in percent, lowered by "
        "more points (attribution.integration_points).",
        (
            "CNN",
            "Method",
            "Against the output, %",
            "Interval",
            "Not added up, %",
            "Interval",
            "Nodes",
        ),
        _by_cnn(frame[frame["against_share"].notna()], _signs),
    )


def _signs(row: Mapping[Any, Any]) -> Row:
    adds_up = pd.notna(row["completeness_error"])
    return (
        printed(f"cnn_{row['cnn']}"),
        method_name(row["method"]),
        percent(row["against_share"]),
        percents(row["against_lower"], row["against_upper"]),
        percent(row["completeness_error"]) if adds_up else MISSING,
        percents(row["error_lower"], row["error_upper"]) if adds_up else MISSING,
        str(row["nodes"]),
    )


def halo(path: str | Path) -> Grid:
    """Lay out what lies outside the node, for trained networks and their controls."""
    return Grid(
        "halo",
        "Share of the absolute relevance outside the node, in percent; what the "
        "trained network has more than this one, in percentage points. Each control "
        "is a single network, and the intervals cover nodes only; where there is none "
        "with permuted labels, the CNN was not trained with them "
        "(attribution.permuted).",
        (
            "CNN",
            "Method",
            "Network",
            "Outside, %",
            "Interval",
            "Area, %",
            "Trained has more",
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
    )
