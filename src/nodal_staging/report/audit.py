"""Did the CNNs read the node, or its location; and what was there to be read."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from nodal_staging import tables
from nodal_staging.audit.ceiling_comparison import BELOW_Z, read_ceilings
from nodal_staging.report.artefacts import Artefacts, Intervals, intervals
from nodal_staging.report.shared_columns import CLASSIFIER
from nodal_staging.study.classifier_names import in_order, printed
from nodal_staging.study.files import read_json
from nodal_staging.tables.grid import Grid, lay_out
from nodal_staging.tables.grid_columns import decimal_intervals, decimals
from nodal_staging.tables.intervals import percent_of, with_interval
from nodal_staging.tables.parts import Banner, Heading, Items, Part
from nodal_staging.tables.rounding import MINUS, count, number

WORDS = {
    "both": "reads both the node and its location",
    "the node": "reads the node",
    "its address": "reads its location",
    "cannot be told": "what it reads cannot be told at this size",
}

STATUSES = {
    "below": "significantly below",
    "at": "not significantly below",
    "leak": "significantly above: a leak",
}
VIEWS = {
    "all": "node and location",
    "node_only": "node",
    "location_size": "location and size",
    "location": "location",
    "size": "size",
}
LOCATION_BALANCED = {
    "cnn_location_balanced": "node; trained without location",
    "rf_location_balanced": "size; trained without location",
}


def findings(study: Artefacts) -> list[str]:
    """Return the verdict on each CNN in a line."""
    verdict = read_json(study.verdict)["cnns"]
    best, level = best_possible(study), intervals(study).level
    return [
        _finding(cnn, verdict[cnn], best.get(cnn), level) for cnn in in_order(verdict)
    ]


def best_possible(study: Artefacts) -> dict[str, float]:
    """Return the ceiling of each classifier; none unless the cohort is synthetic."""
    return read_ceilings(study.ceilings, "ceiling")


def _finding(
    cnn: str, found: Mapping[str, Any], ceiling: float | None, level: float
) -> str:
    best = "" if ceiling is None else f" (ideal ceiling {number(ceiling)})"
    matched = with_interval(found["site_matched_auc"], *found["interval"], level=level)
    return (
        f"{printed(cnn)}: {WORDS[found['reads']]}; AUC {number(found['auc'])}{best}, "
        f"among nodes of the same location {matched}."
    )


def audit(study: Artefacts) -> list[Part]:
    """Return the parts of the section."""
    return [
        Heading("Audit: the node, or its location?", "audit"),
        "A CNN reads the node if the interval of its AUC among nodes of the same "
        "location lies above 0.5, and its location if its AUC exceeds that one by more "
        "than half of the interval’s width.",
        Items(tuple(findings(study))),
        location(study.location, intervals(study)),
    ]


def location(path: str | Path, of: Intervals) -> Grid:
    """Lay out AUCs over all pairs, and over pairs of the same location."""
    return lay_out(
        "location",
        f"AUC over all pairs, and over pairs of the same location with its {of.ci} "
        f"(bootstrap of patients, {of.replicates}).",
        [
            CLASSIFIER,
            decimals("AUC", "auc"),
            decimals("Same location", "site_matched_auc"),
            decimal_intervals(of.ci),
            ("Pairs", lambda row: count(row["pairs"])),
        ],
        [tables.read(path, tables.SITE_MATCHED).to_dict("records")],
    )


def ceilings(study: Artefacts) -> list[Part]:
    """Return results and their ceilings; nothing unless the cohort is synthetic."""
    if study.ceilings is None:
        return []
    null = read_json(study.verdict)["null"]
    compared = tables.read(study.ceilings, tables.CEILINGS)
    return [
        Heading("Results and their ceilings", "ceilings"),
        "The truth of this cohort is known, so the best AUC that any classifier can "
        "reach that sees the same is known too. A result significantly above its "
        "ceiling would mean a leak, and would have failed the study. The realistic "
        "ceiling is that of a classifier that reads the node from the scan as well as "
        "measurements can, blur and noise included.",
        *([_null(null)] if null else []),
        lay_out(
            "ceilings",
            "AUC and ceiling. Significantly below: z under "
            f"{MINUS}{number(-BELOW_Z, 2)}, of the difference of logits; standard "
            "errors with nodes nested in patients. A classifier trained without "
            "location sees it, but was shown as many positive as negative nodes of "
            "each location.",
            [
                CLASSIFIER,
                (
                    "It may know of",
                    lambda row: _known_to(row["classifier"], row["ceiling_of"]),
                ),
                decimals("AUC", "auc"),
                decimals("Standard error", "standard_error"),
                decimals("Ceiling", "ceiling"),
                decimals("Realistic", "realistic_ceiling"),
                decimals("Difference", "difference"),
                ("z", lambda row: number(row["z"], 1)),
                ("Status", lambda row: STATUSES[row["status"]]),
            ],
            [compared.to_dict("records")],
        ),
    ]


def _known_to(classifier: str, view: str) -> str:
    """Say what a classifier may know of, where training hides the location too."""
    return LOCATION_BALANCED.get(classifier, VIEWS[view])


def _null(null: Mapping[str, Any]) -> Banner:
    """Say whose interval covers 0.5 where nothing was planted."""
    covers, misses = null["covers"], null["misses"]
    missed = f"; not those of {', '.join(map(printed, misses))}" if misses else ""
    return Banner(
        "Null cohort: nothing was planted, no classifier can know more than chance.",
        f"The {percent_of(null['level'])} intervals (Obuchowski, logit) of "
        f"{len(covers)} of {len(covers) + len(misses)} classifiers cover 0.5{missed}.",
    )
