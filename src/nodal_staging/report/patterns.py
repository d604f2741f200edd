"""How well the patterns are determined that heatmaps are drawn by."""

from pathlib import Path

import pandas as pd

from nodal_staging import tables
from nodal_staging.audit.pattern_layers import PATTERN_LAYERS
from nodal_staging.report.shared_columns import CNN
from nodal_staging.study.classifier_names import printed
from nodal_staging.tables.grid import Column, lay_out, records_by
from nodal_staging.tables.grid_columns import counts, percentages
from nodal_staging.tables.parts import Folded, Part
from nodal_staging.tables.rounding import count, number

DECIMALS_BELOW = 100
"""Amplifications from here on are printed as whole numbers."""


def pattern_layers(path: str | Path | None) -> list[Part]:
    """Return the layers of every CNN, folded; nothing where no map is by patterns."""
    if path is None:
        return []
    frame = tables.read(path, PATTERN_LAYERS)
    grid = lay_out(
        "patterns",
        "Patterns by layer, in the order of computation. Open: how often the ReLU "
        "after a unit is; always where there is none. Without a pattern: units that "
        "are never open, or whose denominator is rounding error alone; they pass no "
        "relevance on, so where they are many the map shows the others only. "
        "Negative denominator: the pattern points away from what goes with the unit’s "
        "output; that is legal, and kept. Amplification: by how much a unit may "
        "enlarge relevance, 1 at least; where it is large, small differences of large "
        "terms decide what is passed on, and layer by layer it can multiply.",
        [
            CNN,
            ("Layer", lambda row: str(row["layer"])),
            counts("Units", "units"),
            percentages("Open, %", "active"),
            counts("Without a pattern", "undefined"),
            counts("Negative denominator", "negative"),
            _amplified("Amplification, median", "amplification_median"),
            _amplified("Amplification, largest", "amplification_largest"),
        ],
        records_by(frame, "cnn"),
    )
    return [_undetermined(frame), Folded("The patterns of every layer", (grid,))]


def _amplified(title: str, name: str) -> Column:
    return title, lambda row: _amplification(row[name])


def _undetermined(frame: pd.DataFrame) -> str:
    """Say how many units have no pattern, or one to be watched."""
    listed = "; ".join(
        f"{printed(f'cnn_{cnn}')}, {count(rows['undefined'].sum())} of "
        f"{count(rows['units'].sum())} units without a pattern, "
        f"{count(rows['negative'].sum())} with a negative denominator, amplification "
        f"up to {_amplification(rows['amplification_largest'].max())}"
        for cnn, rows in frame.groupby("cnn", sort=False)
    )
    return f"Patterns that are badly determined: {listed}."


def _amplification(value: float) -> str:
    """Round to a digit after the point where it says something."""
    return number(value, 1 if value < DECIMALS_BELOW else 0)
