"""How the numbers were made: who computed them, and who computed them again."""

from collections.abc import Iterator, Mapping
from typing import Any

import pandas as pd

from nodal_staging import tables
from nodal_staging.report.artefacts import Artefacts, intervals
from nodal_staging.report.facts import listed, of_all, shared
from nodal_staging.statistics.recomputation.ledger import RECOMPUTATION
from nodal_staging.study.classifier_names import in_order, printed
from nodal_staging.study.files import read_json
from nodal_staging.tables.grid import Grid, lay_out, records_by
from nodal_staging.tables.grid_columns import counts
from nodal_staging.tables.intervals import percent_of
from nodal_staging.tables.parts import Folded, Heading, Part
from nodal_staging.tables.rounding import MISSING, count

SHARES = {
    "wilson": "Wilson’s intervals from integer counts",
    "patient_bootstrap": "percentile intervals over patients",
}
CLUSTERED = {
    "obuchowski_logit": "Obuchowski’s variance over patients, on the logit scale",
    "exact_bound_patients": "an exact bound over independent pairs of patients, where "
    "the AUC is 0 or 1",
    "delong_logit": "DeLong’s variance on the logit scale, where too few patients "
    "leave Obuchowski’s not positive",
}
STATUSES = {
    "recomputed": "computed again",
    "drawn_again": "drawn again",
    "checked_before": "compared before",
    "not_recomputed": "not recomputed",
}
FILES = {
    "statistics/<classifier>.json": "the statistics of the classifiers",
    "statistics/roc/<classifier>.tsv": "the ROC curves",
    "statistics/band/<classifier>.tsv": "the bands of the ROC curves",
    "statistics/calibration/<classifier>.tsv": "the reliability groups",
    "statistics/decision_curve/<classifier>.tsv": "the decision curves",
    "statistics/mcnemar.tsv": "McNemar’s tests",
    "statistics/auc_differences.tsv": "the differences of AUCs",
    "statistics/over_simple.tsv": "the CNNs and the best simple classifiers",
    "statistics/simple_choice.tsv": "the choice of the best simple classifiers",
    "statistics/subgroups.tsv": "the subgroups",
    "statistics/precision.tsv": "the widths of intervals",
    "statistics/detectable.tsv": "the least detectable differences",
    "statistics/nodes_needed.tsv": "the numbers of nodes needed",
    "statistics/refits.tsv": "the trainings",
    "statistics/refit_spread.tsv": "the spread over trainings",
    "readers/": "the reader study",
    "readers/areas.tsv": "the readers’ areas",
    "readers/operating_points.tsv": "the readers’ operating points",
    "readers/agreement.tsv": "the agreement of readers",
    "readers/contrasts.tsv": "the networks against the readers’ mean",
    "readers/random_readers.tsv": "the same with readers random",
}
"""Files of the account in words."""

ROUNDING = 1e-12
"""Differences below it are those of rounding."""


def methods(study: Artefacts) -> list[Part]:
    """Say which engine, which intervals and which second computation there are."""
    account = tables.read(study.recomputation, RECOMPUTATION)
    return [
        Heading("How the numbers were made", "methods"),
        f"{_engine(study)} {_replicates(study)}",
        _intervals(study),
        " ".join(recomputed(account)),
        Folded(
            "What was computed a second time, and by what", (account_grid(account),)
        ),
        Folded("Seeds of the bootstraps", (seeds(study),)),
    ]


def _bootstrap(one: Mapping[str, Any]) -> Mapping[str, Any]:
    found: Mapping[str, Any] = one["auc"]["intervals"]["bootstrap"]
    return found


def _engine(study: Artefacts) -> str:
    """Name the engine of record and what it computed itself."""
    engine = shared(
        "the engine", of_all(study.classifiers, lambda one: _bootstrap(one)["engine"])
    )
    return (
        f"Engine of record: {engine}. It computed the AUCs, DeLong’s intervals, the "
        "ROC curves and the paired tests of AUCs."
    )


def _replicates(study: Artefacts) -> str:
    """Say who drew and who computed the replicates of bootstrap intervals."""
    own = shared(
        "who computed the bootstrap",
        of_all(
            study.classifiers,
            lambda one: _bootstrap(one)["computed_by"] == _bootstrap(one)["engine"],
        ),
    )
    of = intervals(study)
    what = (
        f"the bootstrap intervals (stratified by status, {of.replicates}, level "
        f"{percent_of(of.level)}) and the bands of the ROC curves"
    )
    if own:
        method = shared(
            "the method of the bootstrap",
            of_all(study.classifiers, lambda one: _bootstrap(one)["method"]),
        )
        return (
            f"It also computed all replicates of {what}, and reports “{method}” as "
            "their method."
        )
    blocks = of_all(study.classifiers, lambda one: one["agreement"])
    largest = max(block["replay_difference"] for block in blocks.values())
    repeated = shared(
        "the number of repeated replicates",
        {name: block["repeated_replicates"] for name, block in blocks.items()},
    )
    return (
        f"For {what}, R drew the nodes, with the generator and the seeds that pROC "
        "would have used; the package computed the replicates from these draws. "
        f"pROC repeated the first {count(repeated)} of each; the largest difference "
        f"was {_tiny(largest)}."
    )


def _intervals(study: Artefacts) -> str:
    """Name the methods of the intervals, from what the files say of them."""
    of_shares = {
        block["method"]
        for metrics in of_all(study.classifiers, lambda one: one["metrics"]).values()
        for name, block in metrics.items()
        if name != "f1"
    }
    of_f1 = shared(
        "the method of F1’s interval",
        of_all(study.classifiers, lambda one: one["metrics"]["f1"]["method"]),
    )
    clustered = {
        _logit(one)["method"]
        for one in of_all(study.classifiers, lambda one: one).values()
    }
    return (
        "The headline interval of an AUC takes nodes as nested in patients: "
        f"{listed(words for key, words in CLUSTERED.items() if key in clustered)}. "
        "Sensitivity and other proportions: "
        f"{listed(words for key, words in SHARES.items() if key in of_shares)}; "
        f"Table 1 prints percentile intervals over patients. F1: {SHARES[of_f1]} "
        f"({intervals(study).replicates})."
    )


def _logit(one: Mapping[str, Any]) -> Mapping[str, Any]:
    found: Mapping[str, Any] = one["auc"]["intervals"]["obuchowski_logit"]
    return found


def recomputed(account: pd.DataFrame) -> Iterator[str]:
    """Say what a second implementation computed, and what it did not.

    Parameters
    ----------
    account
        ``RECOMPUTATION``.
    """
    totals = account.groupby("status")["values"].sum()
    again, drawn, before, left = (int(totals.get(name, 0)) for name in STATUSES)
    if again:
        largest = account["largest_difference"].max()
        yield (
            f"A second implementation, which shares no code with the first, computed "
            f"{count(again)} of the written numbers again from the scores; the largest "
            f"difference, of the larger number or of 1, is {_tiny(largest)}."
        )
    else:
        yield "No number was computed a second time."
    if drawn:
        yield (
            f"{count(drawn)} ends of bootstrap intervals lie within the Monte-Carlo "
            "error of other draws of patients, by another generator."
        )
    if before:
        yield (
            f"{count(before)} ends of intervals from pROC’s draws of nodes were "
            "compared with other draws by the job that wrote them."
        )
    if left:
        rows = account[account["status"].eq("not_recomputed")]
        named = "; ".join(
            f"{count(int(values))} of {_words(file)} ({reason.replace('_', ' ')})"
            for (file, reason), values in rows.groupby(["file", "by"])["values"]
            .sum()
            .items()
        )
        yield f"Not recomputed: {named}."
    yield (
        "The account covers the tables of statistics and of the reader study; numbers "
        "of the audit, of the heatmaps and of figures are not part of it."
    )


def _words(file: str) -> str:
    """Name a file of the account in words."""
    return FILES.get(file, file.rpartition("/")[2].partition(".")[0].replace("_", " "))


def _tiny(difference: float) -> str:
    """Write a difference, or that it is one of rounding."""
    return (
        "that of rounding (below 1e-12)"
        if difference < ROUNDING
        else f"{difference:.0e}"
    )


def account_grid(account: pd.DataFrame) -> Grid:
    """Lay out what was recomputed, by file and by what."""
    grouped = (
        account.groupby(["file", "status", "by"], sort=False)
        .agg(
            quantities=("quantity", "nunique"),
            values=("values", "sum"),
            difference=("largest_difference", "max"),
            allowed=("allowed", "max"),
        )
        .reset_index()
    )
    return lay_out(
        "recomputation",
        "Numbers by file and by the second implementation, or the reason why there is "
        "none. Difference: the largest, of the larger number or of 1.",
        [
            ("Numbers of", lambda row: _words(row["file"])),
            ("", lambda row: STATUSES[row["status"]]),
            ("By", lambda row: str(row["by"])),
            counts("Quantities", "quantities"),
            counts("Numbers", "values"),
            ("Difference", lambda row: _small(row["difference"])),
            ("Allowed", lambda row: _small(row["allowed"])),
        ],
        records_by(grouped, "file"),
    )


def _small(value: float) -> str:
    return MISSING if pd.isna(value) else f"{value:.0e}"


def seeds(study: Artefacts) -> Grid:
    """List the seeds of every classifier’s bootstraps."""
    return lay_out(
        "seeds",
        "Each derived from the seed of the study.",
        [
            ("Classifier", lambda one: printed(one["classifier"])),
            ("Interval of the AUC", lambda one: _seed(_bootstrap(one))),
            ("Band of the curve", lambda one: _seed(one["band"])),
            (
                "Specificity at a sensitivity",
                lambda one: _seed(one["at_target_sensitivity"]["interpolated"]),
            ),
            ("Draws of patients", lambda one: _seed(one["metrics"]["f1"])),
        ],
        [[read_json(study.classifiers[name]) for name in in_order(study.classifiers)]],
    )


def _seed(bootstrap: Mapping[str, Any]) -> str:
    return str(bootstrap.get("seed") or MISSING)
