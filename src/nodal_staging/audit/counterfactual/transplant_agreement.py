"""Transplants compared with the exact effect of the location, where it is known."""

from pathlib import Path

import numpy as np
import pandas as pd

from nodal_staging import tables
from nodal_staging.audit.counterfactual.copied_scores import log_odds
from nodal_staging.audit.counterfactual.effect_tables import (
    CALIBRATION,
    CNN_SCORES,
)
from nodal_staging.estimates.patient_bootstrap import BootstrapOptions, PatientBootstrap
from nodal_staging.estimates.two_way import TwoWay
from nodal_staging.phantom.copies import COPIES
from nodal_staging.study.arrays import FloatArray
from nodal_staging.study.classifier_names import CNNS
from nodal_staging.study.seeds import named_seed


def calibrate_transplants(
    *,
    copies: str | Path,
    scores: str | Path,
    transplants: str | Path,
    transplant_scores: str | Path,
    bootstrap: BootstrapOptions,
    output: str | Path,
) -> None:
    """Compare transplants of copies with the copies themselves.

    Parameters
    ----------
    copies, scores
        ``COPIES`` and ``CNN_SCORES`` of the copies.
    transplants, transplant_scores
        The same of their transplants.
    bootstrap
        Replicates, confidence level and the seed of the study.
    output
        ``CALIBRATION``.
    """
    exact = _joined(copies, scores)
    approximate = _joined(transplants, transplant_scores)
    exact = exact[exact["location"].isin(approximate["location"])]
    nodes = approximate.drop_duplicates("original").set_index("original").sort_index()
    seed = named_seed(bootstrap.seed, "audit", "transplants")
    drawn = PatientBootstrap(
        nodes["status"].eq("positive").to_numpy(bool),
        nodes["patient_id"].to_numpy(str),
        BootstrapOptions(bootstrap.replicates, bootstrap.level, seed),
    )
    rows = [
        {
            "classifier": name,
            **agreement(_cells(exact, name), _cells(approximate, name), drawn),
            "nodes": len(nodes),
        }
        for name in CNNS
        if name in exact
    ]
    tables.write(pd.DataFrame(rows), output, CALIBRATION)


def _joined(copies: str | Path, scores: str | Path) -> pd.DataFrame:
    """Read copies of the first rendering with their scores."""
    frame = tables.read(copies, COPIES).merge(
        tables.read(scores, CNN_SCORES), on="node_id", validate="one_to_one"
    )
    return frame[(frame["changed"] == "location") & (frame["rendering"] == 1)]


def _cells(frame: pd.DataFrame, name: str) -> FloatArray:
    """Return log odds ``(nodes, locations)``, in the order of their names."""
    odds = frame.assign(odds=log_odds(frame[name].to_numpy(float)))
    cells = odds.pivot(index="original", columns="location", values="odds")
    return np.asarray(cells, float)


def agreement(
    exact: FloatArray, approximate: FloatArray, drawn: PatientBootstrap
) -> dict[str, float | None]:
    """Compare the effects of the location on the log odds of the same nodes.

    The effect is the difference from the mean of the node over all locations.

    Parameters
    ----------
    exact, approximate
        Log odds ``(nodes, locations)``.
    drawn
        Draws of the patients of the nodes.

    Returns
    -------
    Columns of ``CALIBRATION``.
    """
    x, y = (cells - cells.mean(axis=1, keepdims=True) for cells in (exact, approximate))
    weights = np.vstack([np.ones(len(x)), drawn.times[:, drawn.patient]])
    xy, xx, yy = (weights @ (a * b).sum(axis=1) for a, b in ((x, y), (x, x), (y, y)))
    found = np.full(len(weights), np.nan)
    np.divide(xy, np.sqrt(xx * yy), out=found, where=(xx > 0) & (yy > 0))
    lower, upper = drawn.interval(found[1:])
    means = x.mean(axis=0), y.mean(axis=0)
    spread = float((means[0] ** 2).sum())
    both = spread * float((means[1] ** 2).sum())
    crossed = float((means[0] * means[1]).sum())
    shares = [
        float(TwoWay.plain(cells[..., None]).shares()[0, 1])
        for cells in (exact, approximate)
    ]
    return {
        "correlation": float(found[0]),
        "lower": lower,
        "upper": upper,
        "correlation_of_locations": crossed / both**0.5 if both > 0 else None,
        "slope_of_locations": crossed / spread if spread > 0 else None,
        "exact_location_share": shares[0],
        "transplanted_location_share": shares[1],
    }
