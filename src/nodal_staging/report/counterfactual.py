"""Whether the same node gets another score at another location."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from nodal_staging import tables
from nodal_staging.audit.counterfactual.effect_tables import (
    CALIBRATION,
    EFFECTS,
    IDEAL,
    NEGLIGIBLE_SHARE,
    moved_by_location,
)
from nodal_staging.nodes.transplants import MARGIN_MM
from nodal_staging.phantom.truth import LATENTS
from nodal_staging.report.artefacts import Artefacts, intervals
from nodal_staging.study.classifier_names import printed
from nodal_staging.tables.grid import Column, Grid, lay_out
from nodal_staging.tables.grid_columns import percentages
from nodal_staging.tables.intervals import with_interval
from nodal_staging.tables.parts import Folded, Heading, Items, Part, pointer
from nodal_staging.tables.rounding import number, percentage

RENDERED = (
    "locations, with the same shape, attenuation and hilum. Nothing but the location "
    "differs between the copies of a node, apart from noise and the anatomy around it. "
    "The difference between their scores is therefore the effect of the location, not "
    "an association."
)
FIGURE = "the same nodes at every location (first page)"
NO_HOSTS = (
    "No node of the test set could be put into patches of other patients: no location "
    "has enough nodes of other patients."
)
MOVED = (
    "were cut out and put into patches of other patients at every location: the mask "
    f"dilated by {MARGIN_MM:g} mm, the border feathered, the fat matched. This is an "
    "approximation of the effect of the location; how well it agrees with the exact "
    "effect was measured on the synthetic cohort (docs/counterfactual.md)."
)


def counterfactual(study: Artefacts) -> list[Part]:
    """Return the parts of the section."""
    frame = tables.read(study.effects, EFFECTS)
    of = intervals(study)
    heading = Heading(
        "Does the same node get another score at another location?", "location_effect"
    )
    figure = pointer("Figure:", "counterfactual", FIGURE)
    if frame.empty:
        return [heading, NO_HOSTS, figure]
    nodes = int(frame["nodes"].iloc[0])
    return [
        heading,
        f"{nodes} nodes of the test set {_copied(study)}",
        Items(tuple(findings(frame, of.level))),
        figure,
        _shares(frame, of.ci),
        _consequences(frame, of.ci),
        *_of_the_phantom(study, frame, of.ci),
    ]


def _copied(study: Artefacts) -> str:
    """Say how the copies of the nodes were made."""
    if not study.synthetic:
        return MOVED
    return f"were rendered again at each of the {len(tables.LOCATIONS)} {RENDERED}"


def _of_the_phantom(study: Artefacts, frame: pd.DataFrame, ci: str) -> list[Part]:
    """Return what only a synthetic cohort can show."""
    if study.calibration is None:
        return []
    return [
        Folded("Size, attenuation and hilum", (_doses(frame, ci),)),
        Folded("Transplanted nodes", (_calibration(study.calibration, ci),)),
        "These numbers hold for the synthetic anatomy. They show how the trained "
        "networks use the location there; they are not an estimate for patients.",
    ]


def _calibration(path: str | Path, ci: str) -> Grid:
    """Lay out how well transplants agree with copies."""

    def correlation(row: Mapping[str, Any]) -> str:
        return with_interval(row["correlation"], row["lower"], row["upper"], 2)

    return lay_out(
        "transplants",
        "In a cohort of patients, nodes cannot be rendered again; they are cut out and "
        "put into patches of other patients. Here both were done with the same nodes. "
        "Correlation of the two effects of the location over nodes and locations; of "
        "the mean effects of the nine locations, correlation and slope of transplants "
        "on exact effects; and the percentage of the variance that is the location by "
        f"both. In brackets: {ci} (bootstrap of patients).",
        [
            NAME,
            ("Correlation", correlation),
            _decimal("Of the locations", "correlation_of_locations"),
            _decimal("Slope", "slope_of_locations"),
            percentages("Location, exact, %", "exact_location_share"),
            percentages("Transplanted, %", "transplanted_location_share"),
        ],
        [tables.read(path, CALIBRATION).to_dict("records")],
    )


def _decimal(title: str, name: str) -> Column:
    return title, lambda row: number(row[name], 2)


def findings(frame: pd.DataFrame, level: float) -> list[str]:
    """Answer the question for each CNN in a line."""
    cnns = frame[frame["classifier"].str.startswith("cnn_")]
    return [
        _finding(str(name), rows.set_index("quantity"), level)
        for name, rows in cnns.groupby("classifier", sort=False)
    ]


def _finding(name: str, effects: pd.DataFrame, level: float) -> str:
    share, calls = (
        _written(effects.loc[quantity].to_dict(), 1, 100, level)
        for quantity in ("location_share", "calls_changed")
    )
    answer = "yes" if moved_by_location(effects) else "no, or not measurably"
    return (
        f"{printed(name)}: {answer}. Share of the location in the variance of its log "
        f"odds, in percent: {share}. Nodes that are called positive at some locations "
        f"and negative at others, in percent: {calls}."
    )


def _written(
    effect: Mapping[Any, Any], digits: int, scale: float, level: float | None = None
) -> str:
    """Write an estimate with its interval."""
    value, lower, upper = effect["value"], effect["lower"], effect["upper"]
    return with_interval(value, lower, upper, digits, scale=scale, level=level)


def _records(frame: pd.DataFrame) -> list[list[dict[str, Any]]]:
    """Return the effects of each classifier by quantity; the ideal observer last."""
    found = [
        {"classifier": name, **rows.set_index("quantity").to_dict("index")}
        for name, rows in frame.groupby("classifier", sort=False)
    ]
    ideal = [row for row in found if row["classifier"] == IDEAL]
    others = [row for row in found if row["classifier"] != IDEAL]
    return [others, ideal] if ideal else [others]


def _name(row: Mapping[str, Any]) -> str:
    name = str(row["classifier"])
    return "Ideal observer" if name == IDEAL else printed(name)


NAME: Column = ("Classifier", _name)


def _column(title: str, quantity: str, digits: int, scale: float = 1) -> Column:
    """Return a column of estimates with their intervals."""

    def cell(row: Mapping[str, Any]) -> str:
        return _written(row[quantity], digits, scale)

    return title, cell


def _shares(frame: pd.DataFrame, ci: str) -> Grid:
    """Lay out how the variance of the log odds divides, and slopes on the truth."""
    return lay_out(
        "counterfactual_shares",
        "Percentages of the variance (sum of squares) of the log odds of the copies: "
        "of the node, of the location, of a different effect of the location on each "
        "node, and of the rendering, which is another patient and other noise at the "
        "same location. Slopes: mean log odds at a location on its log prior ratio, "
        "and mean log odds of a node on its log-likelihood ratio; a classifier that "
        f"reads neither has slopes of 0. In brackets: {ci} (bootstrap of patients). "
        "The location moves a score measurably if its percentage exceeds that of the "
        f"rendering by more than {percentage(NEGLIGIBLE_SHARE, 0)}, with the whole "
        "interval.",
        [
            NAME,
            _column("Node, %", "node_share", 1, 100),
            _column("Location, %", "location_share", 1, 100),
            _column("Both together, %", "interaction_share", 1, 100),
            _column("Rendering, %", "rendering_share", 1, 100),
            _column("Slope on location", "location_slope", 2),
            _column("Slope on node", "node_slope", 2),
        ],
        _records(frame),
    )


def _consequences(frame: pd.DataFrame, ci: str) -> Grid:
    """Lay out what the effect of the location does to calls and to the AUC."""
    return lay_out(
        "counterfactual_calls",
        "Nodes whose call is not the same at all nine locations; pairs of copies of a "
        "node with different calls, at two locations of one patient and at the same "
        "location of two patients. AUC of the copies at their own locations, and of "
        "copies at locations drawn at random, which leaves the node alone to be read. "
        f"In brackets: {ci}.",
        [
            NAME,
            _column("Nodes with changed calls, %", "calls_changed", 0, 100),
            _column("Pairs, two locations, %", "pairs_changed", 1, 100),
            _column("Pairs, one location, %", "pairs_changed_same_location", 1, 100),
            _column("AUC, own location", "auc_own_location", 3),
            _column("AUC, any location", "auc_any_location", 3),
            _column("Difference", "auc_gain", 3),
        ],
        _records(frame),
    )


def _doses(frame: pd.DataFrame, ci: str) -> Grid:
    """Lay out the effects of the latents."""
    columns = [_column(latent.capitalize(), f"{latent}_slope", 2) for latent in LATENTS]
    return lay_out(
        "counterfactual_doses",
        "Change of the log odds when one latent of a node is changed by one standard "
        "deviation and everything else is kept, less the mean effect of the location. "
        f"In brackets: {ci}.",
        [NAME, *columns],
        _records(frame),
    )
