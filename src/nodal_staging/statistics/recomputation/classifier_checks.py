"""The statistics of one classifier, computed a second time from its scores."""

from collections.abc import Mapping
from typing import Any

import pandas as pd

from nodal_staging.statistics.recomputation.calibration_checks import (
    check_average_precision,
    check_calibration,
)
from nodal_staging.statistics.recomputation.curve_checks import (
    check_benefit,
    check_curve,
    check_groups,
    leave_band,
)
from nodal_staging.statistics.recomputation.decision_checks import check_decisions
from nodal_staging.statistics.recomputation.ledger import Ledger, Written
from nodal_staging.statistics.recomputation.scored_nodes import Nodes, Scores
from nodal_staging.statistics.recomputation.second_draws import Draws
from nodal_staging.statistics.recomputation.threshold_checks import (
    check_area,
    check_optimism,
    check_target,
    check_threshold,
)
from nodal_staging.statistics.recomputation.ways import COUNTS, Block

JSON = "statistics/<classifier>.json"


def check_classifier(
    scores: Scores,
    tables: Mapping[str, pd.DataFrame],
    natural: float | None,
    account: tuple[Ledger, Draws],
) -> None:
    """Compare all statistics of a classifier.

    Parameters
    ----------
    scores
        Scores and statistics.
    tables
        ``roc``, ``band``, ``calibration``, ``decision_curve``, as far as there are.
    natural
        Share of positive nodes among all nodes of the study, None where unknown.
    account
        What takes the comparisons, and second draws of patients.

    Raises
    ------
    RecomputationError
        If a number differs.
    """
    one, (ledger, draws) = scores.statistics, account
    written = Written.of_json(ledger, JSON, scores.name, one)
    written.ignore([*written.below("agreement/"), *_remarks(written)])
    test = scores.nodes("test")
    drawn = draws.of(test.positive, test.patient)
    for name, number in test.sizes().items():
        written.same(f"n/{name.removeprefix('n_')}", number, COUNTS)
    check_area(written, one, test)
    check_threshold(written, scores)
    check_optimism(written, scores)
    check_target(written, one, test)
    check_decisions(written, one, test, drawn)
    check_calibration(written, one, test, drawn)
    check_average_precision(written, one, test, drawn)
    if "roc" in tables:
        check_curve(tables["roc"], scores.name, test, ledger)
    if "band" in tables:
        leave_band(tables["band"], scores.name, one, ledger)
    if "calibration" in tables:
        check_groups(tables["calibration"], scores, test, ledger)
    if "decision_curve" in tables:
        useful = check_benefit(tables["decision_curve"], scores, test, ledger, drawn)
        for path, value in useful.items():
            written.same(path, value, "counts at each threshold (NumPy)")
    for path in written.below(""):
        if path.endswith("prevalence") and natural is not None:
            written.same(path, _prevalence(path, one, natural, test), "counts of nodes")
    written.close()


def _remarks(written: Written) -> list[str]:
    """Return the paths of remarks, which are words or nothing."""
    return [path for path in written.numbers if path.rpartition("/")[2] == "note"]


def _prevalence(path: str, one: Block, natural: float, test: Nodes) -> Any:
    """Return the prevalence that a path should have; given ones are settings."""
    usable = 0 < natural < 1
    if path.startswith("at_prevalence/"):
        block = one["at_prevalence"][int(path.split("/")[1])]
        return natural if block["origin"] == "natural" else block["prevalence"]
    if path.startswith("decision_curve/") and not usable:
        return float(test.positive.mean())
    return natural
