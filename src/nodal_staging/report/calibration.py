"""Calibration of every classifier in numbers."""

from collections.abc import Callable, Mapping
from typing import Any

from nodal_staging.report.artefacts import Artefacts, intervals
from nodal_staging.study.classifier_names import in_order, printed
from nodal_staging.study.files import read_json
from nodal_staging.tables.grid import Column, Grid, lay_out
from nodal_staging.tables.intervals import with_interval
from nodal_staging.tables.rounding import MISSING

MIXES = {"test": "test set", "natural": "all nodes"}
COLUMNS = {
    "Intercept": "intercept",
    "Slope": "slope",
    "Scaled Brier": "scaled_brier",
    "ICI": "ici",
    "E50": "e50",
    "E90": "e90",
}


def calibration_grid(study: Artefacts) -> Grid:
    """Lay out intercept, slope, Brier’s score and distances from a smooth curve."""
    of = intervals(study)
    shown = [read_json(study.classifiers[name]) for name in in_order(study.classifiers)]
    columns: list[Column] = [
        ("Classifier", lambda row: printed(row["classifier"])),
        ("Nodes", lambda row: MIXES[row["mix"]]),
        *((title, _part(name)) for title, name in COLUMNS.items()),
    ]
    return lay_out(
        "calibration_numbers",
        "Calibration of the scores that are probabilities. The intercept is 0 where as "
        "many nodes are positive as predicted; a slope below 1 means too extreme "
        "scores; a scaled Brier score of 0 is that of the prevalence alone. ICI, E50 "
        "and E90: mean, median and 90th percentile of the distance of a node’s "
        "probability from a smooth curve of observed ones (logistic regression on a "
        f"restricted cubic spline, three knots). In brackets: {of.ci} over patients.",
        columns,
        [
            [
                {"classifier": one["classifier"], "mix": mix} | mixes[mix]
                for mix in MIXES
                if mix in mixes
            ]
            for one in shown
            if (mixes := one["calibration"]["mixes"])
        ],
    )


def _part(name: str) -> Callable[[Mapping[Any, Any]], str]:
    """Return what writes a number with its interval, a dash where there is none."""

    def cell(row: Mapping[Any, Any]) -> str:
        found = row[name]
        if found is None:
            return MISSING
        return with_interval(found["estimate"], found["lower"], found["upper"])

    return cell
