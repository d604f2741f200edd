"""Did the CNNs read the node, or its address; and what was there to be read."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from nodal_staging import tables
from nodal_staging.classifier_names import in_order, printed
from nodal_staging.files import read_json
from nodal_staging.grid import Grid, Row
from nodal_staging.report.artefacts import Artefacts
from nodal_staging.report.parts import (
    Banner,
    Heading,
    Items,
    Part,
    interval,
    number,
)

WORDS = {
    "both": "reads both the node and its address",
    "the node": "reads the node",
    "its address": "reads its address",
    "cannot be told": "what it reads cannot be told at this size",
}


def findings(study: Artefacts) -> list[Part]:
    """Return the verdict on each CNN in a line."""
    verdict = read_json(study.verdict)["cnns"]
    return [Items(tuple(_finding(cnn, verdict[cnn]) for cnn in in_order(verdict)))]


def _finding(cnn: str, found: Mapping[str, Any]) -> str:
    return (
        f"{printed(cnn)}: {WORDS[found['reads']]}; AUC {number(found['auc'])}, among "
        f"nodes of the same location {number(found['site_matched_auc'])} "
        f"({interval(*found['interval'])})."
    )


def audit(study: Artefacts) -> list[Part]:
    """Return the parts of the section."""
    return [
        Heading("audit", "Audit: the node, or its address?"),
        "A CNN reads the node if the interval of its AUC among nodes of the same "
        "location lies above 0.5, and its address if its AUC exceeds that one by more "
        "than half of the interval’s width.",
        *findings(study),
        location(study.location),
    ]


def location(path: str | Path) -> Grid:
    """Lay out AUCs over all pairs, and over pairs of the same location."""
    rows = tuple(
        (
            printed(row["classifier"]),
            number(row["auc"]),
            number(row["site_matched_auc"]),
            interval(row["lower"], row["upper"]),
            str(row["pairs"]),
        )
        for row in tables.read(path, tables.SITE_MATCHED).to_dict("records")
    )
    return Grid(
        "location",
        "AUC over all pairs, and over pairs of the same location.",
        (
            "Classifier",
            "AUC",
            "Same location",
            "Interval (bootstrap of patients)",
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
            "AUC and ceiling.",
            (
                "Classifier",
                "It sees",
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
        row["ceiling_of"].replace("_", " "),
        *(number(row[key]) for key in ("auc", "standard_error")),
        *(number(row[key]) for key in ("ceiling", "realistic_ceiling", "difference")),
        number(row["z"], 1),
        f"{row['status']} ceiling",
    )


def _null(null: Mapping[str, Any]) -> Banner:
    """Say whose interval covers 0.5 where nothing was planted."""
    covers, misses = null["covers"], null["misses"]
    missed = f"; not those of {', '.join(map(printed, misses))}" if misses else ""
    return Banner(
        "Null cohort: nothing was planted, no classifier can know more than chance.",
        f"The {100 * null['level']:g} % intervals (Obuchowski, logit) of "
        f"{len(covers)} of {len(covers) + len(misses)} classifiers cover 0.5{missed}.",
    )
