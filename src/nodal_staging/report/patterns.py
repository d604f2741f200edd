"""How well the patterns are determined that heatmaps are drawn by."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from nodal_staging import tables
from nodal_staging.audit.patterns import PATTERN_LAYERS
from nodal_staging.report.parts import Folded, Part, count, number, percent
from nodal_staging.study.classifier_names import printed
from nodal_staging.tables.grid import Grid, Row

DECIMALS_BELOW = 100
"""Amplifications from here on are printed as whole numbers."""


def pattern_layers(path: str | Path | None) -> list[Part]:
    """Return the layers of every CNN, folded; nothing where no map is by patterns."""
    if path is None:
        return []
    frame = tables.read(path, PATTERN_LAYERS)
    grid = Grid(
        "patterns",
        "Patterns by layer, in the order of computation. Open: how often the ReLU "
        "after a unit is; always where there is none. Without a pattern: units that "
        "are never open, or whose denominator is rounding error alone; they pass no "
        "relevance on, so where they are many the map speaks of the others only. "
        "Negative denominator: the pattern points away from what goes with the unit’s "
        "output; that is legal, and kept. Amplification: by how much a unit may "
        "enlarge relevance, 1 at least; where it is large, small differences of large "
        "terms decide what is passed on, and layer by layer it can multiply.",
        (
            "CNN",
            "Layer",
            "Units",
            "Open, %",
            "Without a pattern",
            "Negative denominator",
            "Amplification, median",
            "Amplification, largest",
        ),
        tuple(
            tuple(_layer(row) for row in rows.to_dict("records"))
            for _, rows in frame.groupby("cnn", sort=False)
        ),
    )
    return [_undetermined(frame), Folded("The patterns of every layer", (grid,))]


def _undetermined(frame: pd.DataFrame) -> str:
    """Say how many units have no pattern, or one to be watched."""
    told = "; ".join(
        f"{printed(f'cnn_{cnn}')}, {count(rows['undefined'].sum())} of "
        f"{count(rows['units'].sum())} units without a pattern, "
        f"{count(rows['negative'].sum())} with a negative denominator, amplification "
        f"up to {_amplification(rows['amplification_largest'].max())}"
        for cnn, rows in frame.groupby("cnn", sort=False)
    )
    return f"Patterns that are badly determined: {told}."


def _amplification(value: float) -> str:
    """Round to a digit after the point where it says something."""
    return number(value, 1 if value < DECIMALS_BELOW else 0)


def _layer(row: Mapping[Any, Any]) -> Row:
    return (
        printed(f"cnn_{row['cnn']}"),
        str(row["layer"]),
        count(row["units"]),
        percent(row["active"]),
        count(row["undefined"]),
        count(row["negative"]),
        _amplification(row["amplification_median"]),
        _amplification(row["amplification_largest"]),
    )
