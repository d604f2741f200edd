"""Whether the thresholds of a study hold for the HU and masks of a new cohort.

A threshold holds as long as a perturbation of the study's test nodes changes few calls.
How far attenuation and masks of a new cohort lie from those of the test nodes is
measured by means over patients; a warning needs an interval that lies outside of the
range, so that a few nodes do not give one by chance. Nodes of another kind may also be
the reason.
"""

import logging
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from nodal_staging import tables
from nodal_staging.audit.robustness.robustness_tables import ROBUSTNESS
from nodal_staging.estimates.wald import wald_interval
from nodal_staging.study.arrays import FloatArray
from nodal_staging.study.classifier_names import printed
from nodal_staging.tables.columns import count, number, one_of, table, text
from nodal_staging.tables.intervals import ci, interval
from nodal_staging.tables.rounding import number as written

logger = logging.getLogger(__name__)

FEWEST_PATIENTS = 2
"""Fewer have no spread, and nothing is compared."""


@dataclass(frozen=True, slots=True)
class Quantity:
    """What is compared between cohorts.

    Attributes
    ----------
    words, unit
        Its name and unit.
    lowers, raises
        The perturbations that make it smaller and larger.
    sign
        Of the strengths of ``lowers``.
    """

    words: str
    unit: str
    lowers: str
    raises: str
    sign: int


QUANTITIES = {
    "attenuation": Quantity(
        "mean of the median attenuation", "HU", "hu_shift", "hu_shift", -1
    ),
    "mask_radius": Quantity(
        "mean radius of balls of the masks' volumes", "mm", "erode", "dilate", 1
    ),
}

THRESHOLD_RANGE = table(
    {
        "classifier": text(),
        "quantity": one_of(list(QUANTITIES)),
        "unit": text(),
        "patients": count(),
        "study": number(),
        "new": number(),
        "difference": number(),
        "lower": number(nullable=True),
        "upper": number(nullable=True),
        "range_lower": number(),
        "range_upper": number(),
        "outside": one_of(["yes", "no", "unknown"]),
    },
    unique=["classifier", "quantity"],
)
"""Means over patients of new nodes and of the study's test nodes, their difference with
its interval, and the differences at which the threshold still holds; ``unknown`` where
too few patients give no interval."""


def check_threshold_range(
    *,
    robustness: str | Path,
    nodes: str | Path,
    test: str | Path,
    new_nodes: Iterable[str | Path],
    tolerated_calls: float,
    level: float,
    output: str | Path,
) -> None:
    """Compare new nodes with the test nodes of the study, and warn.

    Parameters
    ----------
    robustness
        ``ROBUSTNESS`` of the study.
    nodes, test
        ``tables.NODES`` of the study, and ``tables.DATASET`` of its test set.
    new_nodes
        ``tables.NODES`` of the new nodes, of all shards.
    tolerated_calls
        Share of changed calls up to which a threshold holds.
    level
        Confidence level.
    output
        ``THRESHOLD_RANGE``.
    """
    frame = tables.read(robustness, ROBUSTNESS)
    tested = tables.read(test, tables.DATASET)["node_id"]
    known = tables.read(nodes, tables.NODES).set_index("node_id").loc[tested]
    new = pd.concat([tables.read(path, tables.NODES) for path in new_nodes])
    rows = list(_rows(frame, known, new, tolerated_calls, level))
    for row in rows:
        if row["outside"] == "yes":
            logger.warning("%s", sentence(row, level))
    columns = list(THRESHOLD_RANGE.columns)
    tables.write(pd.DataFrame(rows, columns=columns), output, THRESHOLD_RANGE)


def sentence(row: Mapping[str, Any], level: float) -> str:
    """Say in a sentence that a threshold does not hold, and what to do.

    Parameters
    ----------
    row
        Of ``THRESHOLD_RANGE``.
    level
        Confidence level.
    """
    words, unit = QUANTITIES[row["quantity"]].words, row["unit"]
    side = "higher" if row["difference"] > 0 else "lower"
    ends = interval(row["lower"], row["upper"], 1)
    holds = interval(row["range_lower"], row["range_upper"], 1)
    return (
        f"{printed(row['classifier'])}: the {words} of the new nodes is "
        f"{written(abs(row['difference']), 1)} {unit} {side} than that of the study's "
        f"test nodes (difference {ci(level)} {ends}), but the threshold holds for "
        f"differences of {holds} {unit}; check calibration and masks, or choose a "
        "threshold on labelled nodes of this cohort"
    )


def holding_range(
    rows: pd.DataFrame, quantity: Quantity, tolerated_calls: float
) -> tuple[float, float]:
    """Return the differences between which a threshold holds.

    Parameters
    ----------
    rows
        ``ROBUSTNESS`` of a classifier.
    quantity
        What is compared.
    tolerated_calls
        Share of changed calls up to which a threshold holds.

    Returns
    -------
    Lower end, at most 0, and upper end. Changed calls are interpolated between the
    strengths; beyond the largest strength nothing is known, so the range ends there.
    """
    ends = []
    for name, sign in ((quantity.lowers, quantity.sign), (quantity.raises, 1)):
        own = rows[(rows["perturbation"] == name) & (sign * rows["strength"] > 0)]
        strengths = np.abs(own["strength"].to_numpy(float))
        ends.append(_reach(strengths, own["calls_changed"], tolerated_calls))
    return -ends[0], ends[1]


def _reach(strengths: FloatArray, changed: pd.Series, tolerated: float) -> float:
    """Return up to which strength few enough calls change."""
    order = np.argsort(strengths)
    at = np.concatenate([[0.0], strengths[order]])
    share = np.concatenate([[0.0], changed.to_numpy(float)[order]])
    beyond = np.flatnonzero(~(share <= tolerated))
    if not len(beyond):
        return float(at[-1])
    first = int(beyond[0])
    low, high = share[first - 1], share[first]
    part = (tolerated - low) / (high - low)
    return float(at[first - 1] + part * (at[first] - at[first - 1]))


def _rows(
    frame: pd.DataFrame,
    known: pd.DataFrame,
    new: pd.DataFrame,
    tolerated_calls: float,
    level: float,
) -> Iterator[dict[str, Any]]:
    """Yield the rows of all CNNs; none without new nodes."""
    if new.empty:
        return
    cnns = frame[frame["classifier"].str.startswith("cnn_")]
    means = {
        name: [_means(cohort, name) for cohort in (known, new)] for name in QUANTITIES
    }
    for classifier, rows in cnns.groupby("classifier", sort=False):
        for name, quantity in QUANTITIES.items():
            ends = holding_range(rows, quantity, tolerated_calls)
            compared = _compared(means[name], level)
            yield {
                "classifier": classifier,
                "quantity": name,
                "unit": quantity.unit,
                **compared,
                "range_lower": ends[0],
                "range_upper": ends[1],
                "outside": _outside(compared, ends),
            }


def _means(cohort: pd.DataFrame, name: str) -> FloatArray:
    """Return the mean of a quantity of each patient's nodes ``(patients,)``."""
    value = cohort["median_hu"]
    if name == "mask_radius":
        value = np.cbrt(cohort["volume_mm3"] * 3 / (4 * np.pi))
    means: FloatArray = value.groupby(cohort["patient_id"]).mean().to_numpy(float)
    return means


def _compared(means: Sequence[FloatArray], level: float) -> dict[str, Any]:
    """Compare two cohorts by means of patients, with unequal variances."""
    study, new = (float(one.mean()) for one in means)
    found: dict[str, Any] = {
        "patients": len(means[1]),
        "study": study,
        "new": new,
        "difference": new - study,
    }
    if min(map(len, means)) >= FEWEST_PATIENTS:
        error = float(np.sqrt(sum(one.var(ddof=1) / len(one) for one in means)))
        ends = wald_interval(new - study, error, level=level)
        found |= dict(zip(("lower", "upper"), ends, strict=True))
    return found


def _outside(compared: Mapping[str, Any], ends: tuple[float, float]) -> str:
    if "lower" not in compared:
        return "unknown"
    outside = compared["lower"] > ends[1] or compared["upper"] < ends[0]
    return "yes" if outside else "no"
