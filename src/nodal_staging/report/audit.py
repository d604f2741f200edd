"""Did the CNNs read the node, or its location; and what was there to be read."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from nodal_staging import tables
from nodal_staging.audit.ceilings import BELOW_Z
from nodal_staging.report.artefacts import Artefacts, Intervals, intervals
from nodal_staging.report.parts import (
    Banner,
    Heading,
    Items,
    Part,
    count,
    interval,
    number,
)
from nodal_staging.study.classifier_names import in_order, printed
from nodal_staging.study.files import read_json
from nodal_staging.tables.grid import Grid, Row
from nodal_staging.tables.rounding import MINUS, setting_percent

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
    best = best_possible(study)
    return [_finding(cnn, verdict[cnn], best.get(cnn)) for cnn in in_order(verdict)]


def best_possible(study: Artefacts) -> dict[str, float]:
    """Return the ceiling of each classifier; none unless the cohort is synthetic."""
    if study.ceilings is None:
        return {}
    frame = tables.read(study.ceilings, tables.CEILINGS)
    return dict(zip(frame["classifier"], frame["ceiling"], strict=True))


def _finding(cnn: str, found: Mapping[str, Any], ceiling: float | None) -> str:
    beside = "" if ceiling is None else f" (ideal ceiling {number(ceiling)})"
    return (
        f"{printed(cnn)}: {WORDS[found['reads']]}; AUC {number(found['auc'])}{beside}, "
        f"among nodes of the same location {number(found['site_matched_auc'])} "
        f"({interval(*found['interval'])})."
    )


def audit(study: Artefacts) -> list[Part]:
    """Return the parts of the section."""
    return [
        Heading("audit", "Audit: the node, or its location?"),
        "A CNN reads the node if the interval of its AUC among nodes of the same "
        "location lies above 0.5, and its location if its AUC exceeds that one by more "
        "than half of the interval’s width.",
        Items(tuple(findings(study))),
        location(study.location, intervals(study)),
    ]


def location(path: str | Path, of: Intervals) -> Grid:
    """Lay out AUCs over all pairs, and over pairs of the same location."""
    rows = tuple(
        (
            printed(row["classifier"]),
            number(row["auc"]),
            number(row["site_matched_auc"]),
            interval(row["lower"], row["upper"]),
            count(row["pairs"]),
        )
        for row in tables.read(path, tables.SITE_MATCHED).to_dict("records")
    )
    return Grid(
        "location",
        "AUC over all pairs, and over pairs of the same location with its "
        f"{of.level} interval (bootstrap of patients, {of.replicates}).",
        (
            "Classifier",
            "AUC",
            "Same location",
            f"{of.level} interval",
            "Pairs",
        ),
        (rows,),
    )


def ceilings(study: Artefacts) -> list[Part]:
    """Return results beside their ceilings; nothing unless the cohort is synthetic."""
    if study.ceilings is None:
        return []
    null = read_json(study.verdict)["null"]
    compared = tables.read(study.ceilings, tables.CEILINGS)
    return [
        Heading("ceilings", "Results beside their ceilings"),
        "The truth of this cohort is known, so the best AUC that any classifier can "
        "reach that sees the same is known too. A result significantly above its "
        "ceiling would mean a leak, and would have failed the study. The realistic "
        "ceiling is that of a classifier that reads the node from the scan as well as "
        "measurements can, blur and noise included.",
        *([_null(null)] if null else []),
        Grid(
            "ceilings",
            "AUC and ceiling. Significantly below: z under "
            f"{MINUS}{number(-BELOW_Z, 2)}, of the difference of logits; standard "
            "errors with nodes nested in patients. A classifier trained without "
            "location sees it, but was shown as many positive as negative nodes of "
            "each location.",
            (
                "Classifier",
                "It may know of",
                "AUC",
                "Standard error",
                "Ceiling",
                "Realistic",
                "Difference",
                "z",
                "Status",
            ),
            (tuple(_compared(row) for row in compared.to_dict("records")),),
        ),
    ]


def _compared(row: Mapping[Any, Any]) -> Row:
    return (
        printed(row["classifier"]),
        _known_to(row["classifier"], row["ceiling_of"]),
        *(number(row[key]) for key in ("auc", "standard_error")),
        *(number(row[key]) for key in ("ceiling", "realistic_ceiling", "difference")),
        number(row["z"], 1),
        STATUSES[row["status"]],
    )


def _known_to(classifier: str, view: str) -> str:
    """Say what a classifier may know of, where training hides the location too."""
    return LOCATION_BALANCED.get(classifier, VIEWS[view])


def _null(null: Mapping[str, Any]) -> Banner:
    """Say whose interval covers 0.5 where nothing was planted."""
    covers, misses = null["covers"], null["misses"]
    missed = f"; not those of {', '.join(map(printed, misses))}" if misses else ""
    return Banner(
        "Null cohort: nothing was planted, no classifier can know more than chance.",
        f"The {setting_percent(null['level'])} % intervals (Obuchowski, logit) of "
        f"{len(covers)} of {len(covers) + len(misses)} classifiers cover 0.5{missed}.",
    )
