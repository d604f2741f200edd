"""The verdict on each CNN, by a declared rule.

``site_matched`` is the AUC over pairs of the same location: what is left when the
address is equal. A CNN reads *the node* if the interval of its site-matched AUC lies
above 0.5, and *its address* if its plain AUC exceeds its site-matched AUC by more than
the half-width of that interval; both may hold, and where neither does it cannot be
told at this size.

A null cohort is a synthetic one in which nothing was planted: no latent is shifted and
location is not biased. The intervals of all classifiers should cover 0.5 there, each
with its confidence level.
"""

from collections.abc import Mapping
from pathlib import Path

import pandas as pd

from nodal_staging import tables
from nodal_staging.estimates.auc import ClusteredArea, logit_interval
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


SIGNALS = ("location_bias", "delta_size", "delta_attenuation", "delta_hilum")
"""The dials that plant something."""


def write_verdict(
    *,
    location: str | Path,
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
    location, ceilings, truth
        ``tables.SITE_MATCHED``; ``tables.CEILINGS`` and ``truth.json`` of a synthetic
        study.
    protocol, threshold_source, confidence_level
        As configured.
    output
        The verdict.
    """
    table = tables.read(location, tables.SITE_MATCHED)
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
        found["covers" if lower <= 0.5 <= upper else "misses"].append(row["classifier"])
    return {"level": level, **found}


def _verdict(row: Mapping[str, float]) -> dict[str, object]:
    """Apply the rule to one CNN."""
    reads_node = row["lower"] > 0.5
    half_width = (row["upper"] - row["lower"]) / 2
    reads_address = row["auc"] - row["site_matched_auc"] > half_width
    words = {
        (True, True): "both",
        (True, False): "the node",
        (False, True): "its address",
        (False, False): "cannot be told",
    }
    return {
        "reads": words[bool(reads_node), bool(reads_address)],
        "auc": row["auc"],
        "site_matched_auc": row["site_matched_auc"],
        "interval": [row["lower"], row["upper"]],
    }
