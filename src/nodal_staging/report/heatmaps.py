"""Where the CNNs look, and how far such maps can be trusted."""

from collections.abc import Iterator
from pathlib import Path

from nodal_staging import tables
from nodal_staging.audit.heatmaps import FAITHFULNESS, OUTSIDE, RANDOMISATION
from nodal_staging.heatmaps.options import method_name
from nodal_staging.report.artefacts import Artefacts, intervals
from nodal_staging.report.illustrations import picture
from nodal_staging.report.localisation import differences, localisation, over_controls
from nodal_staging.report.patterns import pattern_layers
from nodal_staging.report.shared_columns import CNN, METHOD, NODES
from nodal_staging.study.classifier_names import printed
from nodal_staging.tables.grid import Grid, Row, lay_out, records_by
from nodal_staging.tables.grid_columns import (
    blank_where,
    decimal_intervals,
    decimals,
    percent_intervals,
    percentages,
)
from nodal_staging.tables.intervals import with_interval
from nodal_staging.tables.parts import Heading, Part
from nodal_staging.tables.rounding import MISSING, percentage

PATTERNS = {
    "fitted": ", patterns fitted again",
    "kept": ", patterns kept",
    "none": "",
}
TRAINED = "trained"
NETWORKS = {TRAINED: "trained", "labels_permuted": "trained with permuted labels"}
ALIKE = 0.9
"""A rank correlation above it leaves a map as it was to the eye."""


def heatmaps(study: Artefacts) -> list[Part]:
    """Return the parts that follow Figures 6 and 7."""
    ci = intervals(study).ci
    return [
        Heading("Where the heatmaps lie", "localisation"),
        "Shares of the absolute relevance of the CT on the node, on a ring around it "
        "and on the background, of all test nodes. An enrichment of 1 is what a map "
        "has that is spread evenly, not one without information on the node: nodes "
        "are always in the middle, which networks see best, and have an edge. So a "
        "map is set against the CNN’s own edge map, a random map and a map of the "
        "centre here, and against untrained networks under the halo. Intervals draw "
        "patients with all their nodes.",
        *localisation(study.localisation, ci),
        over_controls(study.localisation_controls, ci),
        differences(study.localisation_differences, ci),
        Heading("Do the heatmaps depend on what was learned?", "randomisation"),
        "Layers are drawn anew from the logit down, or all were learned from permuted "
        "labels. A map that stays the same does not speak of those layers. That a map "
        "changes is no merit by itself.",
        randomisation(study.randomisation),
        unmoved(study.randomisation),
        Heading("Do they name the pixels that matter?", "flipping"),
        picture(study.figures["faithfulness"]),
        faithfulness(study.faithfulness, ci),
        signs(study.faithfulness, ci),
        *_favoured(study.faithfulness),
        Heading("The halo: relevance outside the node", "halo"),
        "Patterns of a convolution are the same everywhere, so PatternAttribution "
        f"gives relevance also to pixels that are empty in every xMask image"
        f"{_from_the_fill(study.halo)}. What networks that learned nothing have as "
        "well is not evidence of learning.",
        halo(study.halo, ci),
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
        cells = {
            row["network"]: with_interval(
                row["rank_correlation"], row["lower"], row["upper"], 2
            )
            for row in found.to_dict("records")
        }
        label = f"{method_name(method)}{PATTERNS[patterns]}"
        stage = (cells.get(name, MISSING) for name in stages["network"])
        rows.setdefault(cnn, []).append((printed(f"cnn_{cnn}"), label, *stage))
    return Grid(
        "randomisation",
        "Mean rank correlation of the absolute map with that of the trained network, "
        "over the pixels that are not zero in both, with interval; in "
        "brackets the number of layers drawn anew. Each network with other weights is "
        "a single one, and the intervals cover nodes only. A dash: no pixel to rank, "
        "or a CNN that was not trained with permuted labels (attribution.permuted).",
        ("CNN", "Method", *header),
        tuple(map(tuple, rows.values())),
    )


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


def faithfulness(path: str | Path, ci: str) -> Grid:
    """Lay out how far the flipping curves lie apart, against two controls."""
    frame = tables.read(path, FAITHFULNESS)
    return lay_out(
        "faithfulness",
        "Pixels of the CT are replaced by the mean training image, most and least "
        "relevant first: mean area between the curves of the support for the side of "
        "0.5 on which the output lies, in logits, and how much more it is than that "
        "of a random map and of an edge map on the same nodes.",
        [
            CNN,
            METHOD,
            decimals("Gap", "gap"),
            decimal_intervals(ci),
            decimals("Over random", "gap_over_random"),
            decimal_intervals(ci, "over_random_"),
            blank_where(
                "method", "edges", decimals("Over the edge map", "gap_over_edges")
            ),
            blank_where("method", "edges", decimal_intervals(ci, "over_edges_")),
            NODES,
        ],
        records_by(frame[frame["method"] != "random"], "cnn"),
    )


def signs(path: str | Path, ci: str) -> Grid:
    """Lay out which part contradicts the output, and whether maps add up."""
    frame = tables.read(path, FAITHFULNESS)
    return lay_out(
        "signs",
        "Share of the absolute relevance of the CT that contradicts the side of 0.5 "
        "on which the output lies, in percent: no part of it is seen in a map of "
        "absolute values. Integrated gradients should add up to the difference of two "
        "logits: mean error as a part of the mean difference, in percent, lowered by "
        "more points (attribution.integration_points).",
        [
            CNN,
            METHOD,
            percentages("Against the output, %", "against_share"),
            percent_intervals(ci, "against_"),
            percentages("Not added up, %", "completeness_error"),
            percent_intervals(ci, "error_"),
            NODES,
        ],
        records_by(frame[frame["against_share"].notna()], "cnn"),
    )


BY_MEAN_IMAGE = ("integrated_gradients", "occlusion")


def _favoured(path: str | Path) -> Iterator[str]:
    """Say which of the methods shown have the baseline of the test."""
    shown = set(tables.read(path, FAITHFULNESS)["method"])
    names = [method_name(name) for name in BY_MEAN_IMAGE if name in shown]
    if names:
        verb = "use" if len(names) > 1 else "uses"
        yield (
            f"{' and '.join(names)} {verb} the mean training image as baseline, as "
            "this test does: that is in favour of "
            f"{'them' if len(names) > 1 else 'it'}."
        )


def _from_the_fill(path: str | Path) -> str:
    """Say what integrated gradients give to the pixels that are empty in xMask."""
    frame = tables.read(path, OUTSIDE)
    found = frame[
        frame["cnn"].eq("xmask")
        & frame["method"].eq("integrated_gradients")
        & frame["network"].eq(TRAINED)
    ]["outside_share"]
    if found.empty:
        return ""
    share = percentage(float(found.iloc[0]))
    return f"; integrated gradients, from the fill of the mask, give them {share}%"


def halo(path: str | Path, ci: str) -> Grid:
    """Lay out what lies outside the node, for trained networks and their controls."""
    return lay_out(
        "halo",
        "Share of the absolute relevance outside the node, in percent; what the "
        "trained network has more than this one, in percentage points. Each control "
        "is a single network, and the intervals cover nodes only; where there is none "
        "with permuted labels, the CNN was not trained with them "
        "(attribution.permuted).",
        [
            CNN,
            METHOD,
            (
                "Network",
                lambda row: NETWORKS.get(
                    row["network"], str(row["network"]).replace("_", " ")
                ),
            ),
            percentages("Outside, %", "outside_share"),
            percent_intervals(ci),
            percentages("Area, %", "outside_area"),
            blank_where(
                "network", TRAINED, percentages("Trained has more", "difference")
            ),
            blank_where("network", TRAINED, percent_intervals(ci, "difference_")),
        ],
        records_by(tables.read(path, OUTSIDE), "cnn"),
    )
