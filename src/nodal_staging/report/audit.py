"""Did the CNNs read the node, or its location; and what was there to be read."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from nodal_staging import tables
from nodal_staging.audit.ceiling_comparison import BELOW_Z
from nodal_staging.audit.shortcut import FEWEST_PAIRS, SHORTCUT
from nodal_staging.audit.shortcut_power import POWER
from nodal_staging.report.artefacts import Artefacts, Intervals, intervals
from nodal_staging.report.facts import listed, require
from nodal_staging.report.shared_columns import CLASSIFIER
from nodal_staging.statistics.refits import TrainingSpread, training_spreads
from nodal_staging.study.classifier_names import in_order, printed
from nodal_staging.study.files import read_json
from nodal_staging.tables.ceiling_table import read_ceilings
from nodal_staging.tables.grid import Grid, lay_out
from nodal_staging.tables.grid_columns import decimal_intervals, decimals
from nodal_staging.tables.intervals import (
    percent_interval,
    percent_of,
    with_interval,
)
from nodal_staging.tables.parts import Banner, Heading, Items, Part, Statement
from nodal_staging.tables.rounding import MINUS, count, number

WORDS = {
    "both": "reads both the node and its location",
    "the node": "reads the node",
    "its location": "reads its location",
    "inconclusive": "inconclusive: the sample is too small",
}
REASONS = {
    "few_pairs": f"no verdict: fewer than {FEWEST_PAIRS} pairs of the same location",
    "no_width": "no verdict: an interval has no width",
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


def findings(study: Artefacts) -> list[Statement]:
    """Return the verdict on each CNN in a line."""
    verdict = read_json(study.verdict)["cnns"]
    best, level = best_possible(study), intervals(study).level
    spreads = training_spreads(study.refit_spread)
    rows = tables.read(study.shortcut, SHORTCUT).set_index("classifier")
    return [
        Statement(
            f"{printed(cnn)}: {verdict_in_words(verdict[cnn])}.",
            f"AUC in the test set {_tested(study, cnn, level)}"
            f"{_known(best.get(cnn), spreads.get(cnn))}. "
            f"{_owed(verdict[cnn], rows.loc[cnn], level)}",
        )
        for cnn in in_order(verdict)
    ]


def verdict_in_words(found: Mapping[str, Any]) -> str:
    """Say what a CNN reads, or why there is no verdict (``audit/verdict.json``)."""
    return REASONS[found["reason"]] if found["reason"] else WORDS[found["reads"]]


def _tested(study: Artefacts, cnn: str, level: float) -> str:
    """Write the AUC of Table 1 with its interval."""
    area = read_json(study.statistics[cnn.removeprefix("cnn_")])["auc"]
    ends = area["intervals"]["obuchowski_logit"]
    return with_interval(area["estimate"], ends["lower"], ends["upper"], level=level)


def _known(ceiling: float | None, spread: TrainingSpread | None) -> str:
    """Say what else is known of the AUC in the test set, in brackets."""
    known = [] if ceiling is None else [f"ideal ceiling {number(ceiling)}"]
    known += [] if spread is None else [spread.words]
    return f" ({'; '.join(known)})" if known else ""


def best_possible(study: Artefacts) -> dict[str, float]:
    """Return the ceiling of each classifier; none unless the cohort is synthetic."""
    return read_ceilings(study.ceilings, "ceiling")


def _owed(found: Mapping[str, Any], row: Mapping[Any, Any], level: float) -> str:
    """Say what is left of the AUC among nodes of the same location."""
    nodes = count(row["positive"] + row["negative"])
    whole = (
        f"all {nodes} nodes of the test patients"
        if row["node_set"] == tables.ALL_TEST_NODES
        else f"the {nodes} nodes of the test set"
    )
    auc, matched, worth = (
        _estimated(found[name], level) for name in ("auc", "site_matched_auc", "worth")
    )
    return (
        f"Among {whole} it is {auc}, and "
        f"{matched} among those of the same location; at an equal mix of locations it "
        f"would be lower by {worth}."
    )


def _estimated(found: Mapping[str, Any], level: float) -> str:
    """Write an estimate with its interval, a dash where there is none."""
    bounds = found["interval"] or (None, None)
    return with_interval(found["estimate"], *bounds, level=level)


def audit(study: Artefacts) -> list[Part]:
    """Return the parts of the section."""
    return [
        Heading("Audit: the node, or its location?", "audit"),
        "A CNN reads the node if the interval of its AUC among nodes of the same "
        "location lies above 0.5. It reads its location if two intervals lie above "
        "0.5: that of the AUC of the location alone, and that of the concordance: how "
        "often, among nodes of the same status, it scores those higher whose location "
        "is more often positive. There is no verdict from fewer than "
        f"{FEWEST_PAIRS} pairs of the same location, or from an interval without "
        f"width. {_counting(study.shortcut)}",
        Items((*findings(study), *power(study.power, intervals(study)))),
        shortcut(study.shortcut, intervals(study)),
        location(study.location, intervals(study)),
    ]


def _counting(path: str | Path) -> str:
    """Say which nodes the audit of the CNNs rests on."""
    rows = tables.read(path, SHORTCUT)
    of_cnns = rows[rows["classifier"].str.startswith("cnn_")]
    left_out = of_cnns[of_cnns["node_set"].ne(tables.ALL_TEST_NODES)]["classifier"]
    if left_out.empty:
        return (
            "All nodes of the test patients count, also those that the balanced test "
            "set leaves out."
        )
    return (
        f"Of {listed(map(printed, left_out))} only the nodes of the test set count: "
        "the others have no score."
    )


def power(path: str | Path, of: Intervals) -> list[str]:
    """Say how often the audit finds a shortcut at the size of the study."""
    rows = tables.read(path, POWER)
    own = rows[rows["own_size"].eq("yes") & rows["mix"].eq("study")]
    absent, *present = own.sort_values("worth").to_dict("records")
    size = (
        f"At this size (about {count(round(absent['test_patients']))} test patients "
        f"with {count(round(absent['test_nodes']))} nodes) the audit finds"
    )
    found = [
        f"a shortcut worth {number(row['worth'], 2)} AUC in {_times(row, of)}"
        for row in present
    ]
    none = f"one that is not there in {_times(absent, of)}"
    return [f"{size} {', '.join(found)}, and {none}."]


def _times(row: Mapping[str, Any], of: Intervals) -> str:
    """Say in how many rehearsals a shortcut was found."""
    ends = percent_interval(row["lower"], row["upper"])
    times = f"{count(row['flagged'])} of {count(row['rehearsals'])} rehearsals"
    return f"{times} ({of.ci} {ends}%)"


def shortcut(path: str | Path, of: Intervals) -> Grid:
    """Lay out what each classifier owes to the location."""
    return lay_out(
        "shortcut",
        "What each classifier owes to the location: AUC of the nodes of the test "
        "patients (readers and scores of your own: of the test set); concordance with "
        "the location among nodes of the same status, 0.5 if the location is not used; "
        "worth of the location, which is the AUC less that at an equal mix of "
        f"locations. Each with its {of.ci} (bootstrap of patients, {of.replicates}).",
        [
            CLASSIFIER,
            ("Nodes", lambda row: count(row["positive"] + row["negative"])),
            decimals("AUC", "auc"),
            decimal_intervals(of.ci, "auc_"),
            decimals("Same location", "site_matched_auc"),
            decimal_intervals(of.ci, "site_matched_auc_"),
            decimals("Concordance", "concordance"),
            decimal_intervals(of.ci, "concordance_"),
            decimals("Worth", "worth"),
            decimal_intervals(of.ci, "worth_"),
        ],
        [tables.read(path, SHORTCUT).to_dict("records")],
    )


def location(path: str | Path, of: Intervals) -> Grid:
    """Lay out AUCs over all pairs, and over pairs of the same location."""
    return lay_out(
        "location",
        "The same of the test set alone, on which the claims rest: AUC over all pairs, "
        f"and over pairs of the same location with its {of.ci} (bootstrap of patients, "
        f"{of.replicates}).",
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
    leaks = [printed(one) for one in compared.query("status == 'leak'")["classifier"]]
    without = require(
        not leaks,
        "A result significantly above its ceiling would mean a leak, and would have "
        "failed the study.",
        f"audit/ceilings.tsv has {' and '.join(leaks)} above the ceiling",
    )
    return [
        Heading("Results and their ceilings", "ceilings"),
        "The truth of this cohort is known, so the best AUC that any classifier can "
        f"reach that sees the same is known too. {without} The realistic "
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
