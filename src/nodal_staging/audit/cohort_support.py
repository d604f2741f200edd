"""What a cohort can support before any training: sizes, widths, and the audit's power.

The split is drawn as the study draws it, so sizes are those of the study unless patches
cannot be cut. Widths assume independent nodes: those of one patient resemble each
other, so a study reaches such a width or a larger one.
"""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pandas as pd

from nodal_staging import tables
from nodal_staging.audit.shortcut import FEWEST_PAIRS
from nodal_staging.audit.shortcut_power import Plan, rehearse_size
from nodal_staging.cohort.given_split import SplitError
from nodal_staging.cohort.support import SUPPORT
from nodal_staging.datasets.split import (
    DatasetError,
    draw_sides,
    draw_training_sets,
    with_folds,
)
from nodal_staging.datasets.test_patients import draw_all_test_nodes
from nodal_staging.estimates.proportions import normal_quantile
from nodal_staging.statistics.precision.area import expected_error
from nodal_staging.statistics.result_remarks import FEW_NODES, FEW_PATIENTS
from nodal_staging.tables.intervals import ci
from nodal_staging.tables.rounding import counted, setting_percent

AREA, LOWER_AREA = 0.85, 0.75
"""An AUC like those that were published, and one that a study should tell from it."""

WIDEST = AREA - LOWER_AREA
"""Half-width of an interval around ``AREA`` that does not reach ``LOWER_AREA``."""

FEW_OF_A_STATUS = 10
"""Nodes of a status in a fold; with fewer, one node moves a sensitivity by more than 10
percentage points."""

LEAST_POWER = 0.8

MOST_PATIENTS = 600
"""Of a cohort that is rehearsed here: rehearsals of a larger one take minutes."""

MOST_REHEARSALS = 40

Row = dict[str, object]


def assess_cohort(*, nodes: str | Path, plan: Plan, output: str | Path) -> None:
    """Write what a cohort can support.

    Parameters
    ----------
    nodes
        ``tables.NODES``.
    plan
        How the study would be split, and its audit rehearsed: once, at its own size,
        with a shortcut of the configured worth.
    output
        ``SUPPORT``.
    """
    rows = list(support_of(tables.read(nodes, tables.NODES), plan))
    tables.write(pd.DataFrame(rows, columns=list(SUPPORT.columns)), output, SUPPORT)


def support_of(nodes: pd.DataFrame, plan: Plan) -> Iterator[Row]:
    """Yield rows of ``SUPPORT`` of measured nodes (``tables.NODES``)."""
    if not len(nodes):
        return
    try:
        test, pool, _ = draw_sides(nodes, plan.split, plan.folds)
    except (DatasetError, SplitError) as error:
        yield _row("split", sentence=f"No test set can be drawn: {error}.", remark=True)
        return
    yield from test_set_rows(test)
    yield from _precision(test, nodes, plan.bootstrap.level)
    yield from _locations(test)
    yield from _pairs(draw_all_test_nodes(nodes, plan.split, plan.folds))
    for name, training in draw_training_sets(pool, seed=plan.split.seed).items():
        yield fold_row(name, training, plan)
    yield from _power(nodes, plan)


def test_set_rows(test: pd.DataFrame) -> Iterator[Row]:
    """Yield how many nodes and patients a test set has, against the limits."""
    nodes, patients = len(test), int(test["patient_id"].nunique())
    positive = int(test["status"].eq("positive").sum())
    yield _row(
        "test_nodes",
        value=nodes,
        limit=FEW_NODES,
        remark=nodes < FEW_NODES,
        sentence=f"The test set has {counted(nodes, 'node', 'nodes')} of "
        f"{counted(patients, 'patient', 'patients')}: {positive} positive and "
        f"{nodes - positive} negative."
        + f" With fewer than {FEW_NODES} nodes, all results are imprecise; enlarge the "
        "cohort or datasets.test_share." * (nodes < FEW_NODES),
    )
    if patients < FEW_PATIENTS:
        yield _row(
            "test_patients",
            value=patients,
            limit=FEW_PATIENTS,
            remark=True,
            sentence=f"The test set has {counted(patients, 'patient', 'patients')}; "
            f"with fewer than {FEW_PATIENTS}, intervals that account for nodes of the "
            "same patient are unstable.",
        )


def half_width(n_positive: int, n_negative: int, level: float) -> float:
    """Return the half-width to be expected of the interval of an AUC of ``AREA``.

    For normal scores of equal variance and independent nodes (``expected_error``).
    """
    error = expected_error(AREA, n_positive, n_negative, model="binormal")
    return normal_quantile(level) * error


def nodes_per_status(level: float) -> int:
    """Return how many test nodes of each status give a half-width of ``WIDEST``."""
    n = 2
    while half_width(n, n, level) > WIDEST:
        n += 1
    return n


def _precision(test: pd.DataFrame, nodes: pd.DataFrame, level: float) -> Iterator[Row]:
    """Yield the half-width of the interval of an AUC, and the cohort that it needs."""
    positive = int(test["status"].eq("positive").sum())
    negative = len(test) - positive
    if not positive or not negative:
        return
    half = half_width(positive, negative, level)
    words = (
        f"An AUC of {AREA:g} would have a {ci(level)} of about {AREA:g} ± {half:.2f}, "
        "or wider if nodes of the same patient resemble each other."
    )
    if half > WIDEST:
        needed = nodes_per_status(level)
        patients = round(nodes["patient_id"].nunique() * needed / positive)
        words += (
            f" It could not be distinguished from {LOWER_AREA:g}: that takes "
            f"{needed} test nodes of each status, or about {patients:,} patients like "
            "these at the configured datasets.test_share."
        )
    yield _row(
        "auc_half_width",
        of=f"{AREA:g}",
        value=half,
        limit=WIDEST,
        remark=half > WIDEST,
        sentence=words,
    )


def _locations(test: pd.DataFrame) -> Iterator[Row]:
    """Yield the test nodes of each location."""
    for location in tables.LOCATIONS:
        own = test.loc[test["location"].eq(location), "status"]
        if len(own):
            positive = int(own.eq("positive").sum())
            yield _row(
                "test_location",
                of=location,
                value=len(own),
                sentence=f"Test nodes, {location}: {positive} positive, "
                f"{len(own) - positive} negative.",
            )


def _pairs(tested: pd.DataFrame) -> Iterator[Row]:
    """Yield the pairs of both statuses at one location, among all test nodes."""
    counts = pd.crosstab(tested["location"], tested["status"])
    counts = counts.reindex(columns=["positive", "negative"], fill_value=0)
    pairs = int((counts["positive"] * counts["negative"]).sum())
    words = (
        "All nodes of the test patients form "
        f"{counted(pairs, 'pair', 'pairs')} of a positive and a negative node of the "
        "same location."
    )
    if pairs < FEWEST_PAIRS:
        words += (
            " The audit gives no verdict on node or location below "
            f"{FEWEST_PAIRS} pairs."
        )
    yield _row(
        "location_pairs",
        value=pairs,
        limit=FEWEST_PAIRS,
        remark=pairs < FEWEST_PAIRS,
        sentence=words,
    )


def fold_row(name: str, training: pd.DataFrame, plan: Plan) -> Row:
    """Return the rarer status in the smallest fold of a training set."""
    called = f"The training set {name.replace('_', ' ')}"
    try:
        folded = with_folds(training, plan.split, plan.folds)
    except DatasetError as error:
        sentence = f"{called} cannot be used: {error}."
        return _row("fold_nodes", of=name, value=0, remark=True, sentence=sentence)
    fewest = int(pd.crosstab(folded["fold"], folded["status"]).to_numpy().min())
    if folded.groupby("fold")["status"].nunique().min() < 2:
        fewest = 0
    words = (
        f"{called} has {counted(len(training), 'node', 'nodes')}, and at least "
        f"{fewest} of each status in each of {plan.folds} folds."
    )
    if fewest < FEW_OF_A_STATUS:
        words += (
            f" With fewer than {FEW_OF_A_STATUS}, one node moves a sensitivity or "
            "specificity of a fold by more than 10 percentage points, and thresholds "
            "are unstable; lower datasets.folds or enlarge the cohort."
        )
    return _row(
        "fold_nodes",
        of=name,
        value=fewest,
        limit=FEW_OF_A_STATUS,
        remark=fewest < FEW_OF_A_STATUS,
        sentence=words,
    )


def _power(nodes: pd.DataFrame, plan: Plan) -> Iterator[Row]:
    """Yield how often the audit would find a shortcut of the configured worth."""
    patients = int(nodes["patient_id"].nunique())
    if patients > MOST_PATIENTS:
        return
    number = min(plan.rehearsals.number, MOST_REHEARSALS)
    rehearsals = replace(plan.rehearsals, number=number, weights=[])
    try:
        found = rehearse_size(nodes, patients, replace(plan, rehearsals=rehearsals))
    except DatasetError:
        yield _row(
            "audit_power",
            remark=True,
            limit=LEAST_POWER,
            sentence="The power of the audit cannot be computed: most cohorts like "
            f"this one, of {counted(patients, 'patient', 'patients')}, have no test "
            "set with two patients of each status.",
        )
        return
    strong = [row for row in found if row["mix"] == "study"][-1]
    share, flagged = float(str(strong["share"])), strong["flagged"]
    if not strong["weight"]:
        yield _row(
            "audit_power",
            limit=LEAST_POWER,
            sentence="The location says too little about the status for a shortcut "
            f"worth {plan.rehearsals.worth:g} of AUC.",
        )
        return
    words = (
        f"The audit would find a shortcut worth {float(str(strong['worth'])):.2f} of "
        f"AUC in {flagged} of {number} cohorts like this one."
    )
    if share < LEAST_POWER:
        words += (
            f" Below {setting_percent(LEAST_POWER)}%, a verdict without a shortcut is "
            "inconclusive (sample too small)."
        )
    yield _row(
        "audit_power",
        value=share,
        limit=LEAST_POWER,
        remark=share < LEAST_POWER,
        sentence=words,
    )


def _row(
    measure: str,
    *,
    sentence: str,
    of: str = "-",
    value: float | None = None,
    limit: float | None = None,
    remark: bool = False,
) -> Row:
    return {
        "measure": measure,
        "of": of,
        "value": value,
        "limit": limit,
        "remark": "yes" if remark else "no",
        "sentence": sentence,
    }
