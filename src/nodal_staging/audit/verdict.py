"""The verdict on each CNN, by a declared rule.

A CNN reads *the node* if the interval of its site-matched AUC, which is over pairs of
the same location, lies above 0.5. It reads *its location* if its scores go with the
location among nodes of the same status and the location says something about the status
(``shortcut.reads_location``). Both may hold; where neither does, the verdict is
inconclusive.

There is no verdict from fewer than 20 pairs of the same location, or from an interval
without width. How often the rule errs is measured in ``shortcut_power.py``.

A null cohort is a synthetic one in which nothing was planted: no latent is shifted and
location is not biased. The intervals of all classifiers should cover 0.5 there, each
with its confidence level.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from nodal_staging import tables
from nodal_staging.audit.shortcut import (
    FEWEST_PAIRS,
    SHORTCUT,
    Bounded,
    reads_location,
)
from nodal_staging.estimates.auc_intervals import logit_interval
from nodal_staging.estimates.delong import ClusteredArea
from nodal_staging.estimates.interval import Interval
from nodal_staging.study.files import read_json, write_json

WEAKNESSES = {
    ("protocol", "node"): (
        "nodes of one patient stand on both sides of the split (published protocol)"
    ),
    ("threshold_source", "test"): (
        "thresholds are chosen on the test set, which flatters accuracy "
        "(published protocol)"
    ),
}

NO_VERDICT = "no verdict"

BOUNDED = ("auc", "site_matched_auc", "concordance", "location_auc", "worth")
"""Columns of ``SHORTCUT`` that have an interval."""

SIGNALS = ("location_bias", "delta_size", "delta_attenuation", "delta_hilum")
"""The dials that plant something."""


def write_verdict(
    *,
    shortcut: str | Path,
    ceilings: str | Path | None,
    truth: str | Path | None,
    protocol: str,
    threshold_source: str,
    confidence_level: float,
    output: str | Path,
) -> None:
    """Write ``audit/verdict.json``.

    Parameters
    ----------
    shortcut, ceilings, truth
        ``SHORTCUT``; ``tables.CEILINGS`` and ``truth.json`` of a synthetic study.
    protocol, threshold_source, confidence_level
        As configured.
    output
        The verdict.
    """
    table = tables.read(shortcut, SHORTCUT)
    cnns = table[table["classifier"].str.startswith("cnn_")]
    verdicts = {row["classifier"]: _verdict(row) for row in cnns.to_dict("records")}
    leak, null = None, None
    if ceilings is not None and truth is not None:
        compared = tables.read(ceilings, tables.CEILINGS)
        leak = bool((compared["status"] == "leak").any())
        dials = read_json(truth)["dials"]
        if not any(dials[name] for name in SIGNALS):
            null = _null(compared, confidence_level)
    options = {"protocol": protocol, "threshold_source": threshold_source}
    write_json(
        output,
        {
            "cnns": verdicts,
            "leak": leak,
            "null": null,
            "weaknesses": [WEAKNESSES[o] for o in options.items() if o in WEAKNESSES],
        },
    )


def _null(compared: pd.DataFrame, level: float) -> dict[str, object]:
    """Say whose interval covers 0.5 in a cohort without signal."""
    found: dict[str, list[str]] = {"covers": [], "misses": []}
    for row in compared.to_dict("records"):
        area = ClusteredArea(row["auc"], row["standard_error"])
        lower, upper = logit_interval(area, level=level)
        interval = Interval.of(lower, upper)
        misses = interval.above(0.5) or interval.below(0.5)
        found["misses" if misses else "covers"].append(row["classifier"])
    return {"level": level, **found}


def _verdict(row: Mapping[str, Any]) -> dict[str, object]:
    """Apply the rule to one CNN; each interval is written with its own estimate."""
    found = {name: Bounded.read(row, name) for name in BOUNDED}
    reads, reason = decide(
        found["site_matched_auc"],
        reads_location(found["concordance"], found["location_auc"]),
        pairs=int(row["pairs"]),
    )
    equal_mix = row["equal_mix_auc"]
    return {
        "reads": reads,
        "reason": reason,
        "node_set": row["node_set"],
        "patients": int(row["patients"]),
        "nodes": int(row["positive"] + row["negative"]),
        "pairs": int(row["pairs"]),
        "equal_mix_auc": None if np.isnan(equal_mix) else equal_mix,
        **{name: _described(value) for name, value in found.items()},
    }


def decide(
    matched: Bounded, location: bool | None, *, pairs: int
) -> tuple[str, str | None]:
    """Say what a CNN reads, and the reason if there is no verdict.

    Parameters
    ----------
    matched
        Its site-matched AUC.
    location
        Whether it uses the location, as ``shortcut.reads_location`` has it.
    pairs
        Pairs of the same location.
    """
    if pairs < FEWEST_PAIRS:
        return NO_VERDICT, "few_pairs"
    node = matched.above(0.5)
    if location is None or (node is None and not location):
        return NO_VERDICT, "no_width"
    words = {
        (True, True): "both",
        (True, False): "the node",
        (False, True): "its location",
        (False, False): "inconclusive",
    }
    return words[bool(node), location], None


def _described(found: Bounded) -> dict[str, object]:
    """Pair an estimate with its interval."""
    bounds = None if found.lower is None else [found.lower, found.upper]
    return {"estimate": found.value, "interval": bounds}
