"""Whether the performance of the frozen CNNs holds for another cohort.

Scores and thresholds are those of the study; nothing is fitted to the other cohort.
The two cohorts have different patients, so the interval of a difference follows from
the two intervals (``independent_difference``). Nodes of a patient resemble each other:
all intervals are over patients.

A CNN is transported if its AUC is equivalent in both cohorts: the interval of the
difference, at the level of two one-sided tests, lies within a margin that was declared
before. It is not if the interval lies below the margin. Else it is undecided, also
where the AUC is higher than in the study: that cohort may be an easier one.

References
----------
Equivalence by an interval of 90 %: Schuirmann, J Pharmacokinet Biopharm 1987;15:657.
"""

import logging
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from nodal_staging import tables
from nodal_staging.classifiers.called_nodes import chosen_threshold
from nodal_staging.classifiers.cnn.predicted_nodes import PREDICTIONS
from nodal_staging.classifiers.labelled_scores import (
    LabelledScores,
    read_partition,
    scarce_class,
)
from nodal_staging.estimates.auc_intervals import logit_interval
from nodal_staging.estimates.independent_difference import difference_interval
from nodal_staging.estimates.interval import Interval
from nodal_staging.estimates.patient_bootstrap import BootstrapOptions, PatientBootstrap
from nodal_staging.statistics.decisions import describe_decisions
from nodal_staging.statistics.probabilities import Prevalences
from nodal_staging.study.arrays import BoolArray
from nodal_staging.study.classifier_names import printed
from nodal_staging.study.files import read_json, write_json
from nodal_staging.study.seeds import named_seed
from nodal_staging.tables.columns import count, estimated, number, one_of, table, text

Block = dict[str, Any]

logger = logging.getLogger(__name__)

EQUIVALENCE_LEVEL = 0.9
"""Of the interval that decides: two one-sided tests at 5 %."""

REVERSED_AUC = 0.35
"""An AUC below it, whose interval lies below 0.5, suggests reversed labels."""

TRANSPORTED, NOT_TRANSPORTED, UNDECIDED = "transported", "not_transported", "undecided"
OK, ONE_CLASS, REVERSED = "ok", "one_class", "labels_may_be_reversed"

RATES = ("sensitivity", "specificity")


TRANSPORT = table(
    {
        "classifier": text(unique=True),
        "positive": count(),
        "negative": count(),
        "patients": count(),
        "without_status": count(),
        "far_share": number(0, 1),
        "threshold": number(),
        **estimated("study_auc", 0, 1),
        **estimated("external_auc", 0, 1),
        **estimated("auc_difference", -1, 1),
        **estimated("study_sensitivity", 0, 1),
        **estimated("external_sensitivity", 0, 1),
        **estimated("sensitivity_difference", -1, 1),
        **estimated("study_specificity", 0, 1),
        **estimated("external_specificity", 0, 1),
        **estimated("specificity_difference", -1, 1),
        "margin": number(0, 1),
        "verdict_lower": number(-1, 1, nullable=True),
        "verdict_upper": number(-1, 1, nullable=True),
        "verdict": one_of([TRANSPORTED, NOT_TRANSPORTED, UNDECIDED]),
        "note": one_of([OK, ONE_CLASS, REVERSED]),
    }
)
"""A CNN in its study and on the nodes of another cohort; differences are external less
study; ``verdict_lower`` and ``verdict_upper`` are the 90 % interval that decides."""


@dataclass(frozen=True, slots=True)
class ExternalFiles:
    """Files of a CNN.

    Attributes
    ----------
    predictions
        Nodes of the other cohort (``PREDICTIONS``).
    scores, statistics
        Of the study: ``tables.SCORES`` and JSON.
    labelled
        Scores of the other cohort with their status, to write (``tables.SCORES``).
    """

    predictions: str | Path
    scores: str | Path
    statistics: str | Path
    labelled: str | Path


@dataclass(frozen=True, slots=True, eq=False)
class Measured:
    """The performance of a CNN on the nodes of one cohort.

    Attributes
    ----------
    auc
        None where a class has too few patients.
    auc_interval, verdict_interval
        Of the AUC, at the level of the study and at that of the verdict.
    rates
        Sensitivity and specificity with their intervals; None where undefined.
    decisions
        As in the statistics of the study; empty where a class has too few patients.
    """

    auc: float | None
    auc_interval: Interval
    verdict_interval: Interval
    rates: Mapping[str, tuple[float | None, Interval]]
    decisions: Block


def measure_transport(
    *,
    networks: Mapping[str, ExternalFiles],
    nodes: Iterable[str | Path],
    frozen: str | Path,
    margin: float,
    bootstrap: BootstrapOptions,
    output: str | Path,
    summary: str | Path,
) -> None:
    """Evaluate frozen CNNs on another cohort, and compare with their study.

    Parameters
    ----------
    networks
        Files of each CNN, by its name among the classifiers.
    nodes
        ``tables.NODES`` of the other cohort, of all shards, with their status.
    frozen
        JSON of ``frozen_study.verify_frozen_study``.
    margin
        Largest difference of the AUC that does not matter.
    bootstrap
        Replicates, confidence level and the seed of the study.
    output, summary
        ``TRANSPORT``, and JSON with counts and predictive values.
    """
    measured = pd.concat([tables.read(path, tables.NODES) for path in nodes])
    status = measured.set_index("node_id")["status"]
    rows, blocks = [], {}
    for name, files in networks.items():
        own = replace(
            bootstrap, seed=named_seed(bootstrap.seed, "external", name, "patients")
        )
        predicted = tables.read(files.predictions, PREDICTIONS)
        labelled = _labelled(predicted, status)
        tables.write(labelled, files.labelled, tables.SCORES)
        threshold = chosen_threshold(files.statistics)
        external_scores = _scores_of(labelled)
        external = measure_cohort(external_scores, threshold, own)
        tested = read_partition(files.scores, "test", classifier=name)
        found = compare_cohorts(
            measure_cohort(tested, threshold, own), external, margin
        )
        rows.append(
            {
                "classifier": name,
                **_sizes(external_scores),
                "without_status": len(predicted) - len(labelled),
                "far_share": float(predicted["far"].eq("yes").mean()),
                "threshold": threshold,
                **found,
            }
        )
        blocks[name] = external.decisions
        _say(name, rows[-1], bootstrap.level)
    columns = list(TRANSPORT.columns)
    tables.write(pd.DataFrame(rows, columns=columns), output, TRANSPORT)
    content = {
        "study": read_json(frozen),
        "margin": margin,
        "equivalence_level": EQUIVALENCE_LEVEL,
        "verdicts": {row["classifier"]: row["verdict"] for row in rows},
        "external": blocks,
    }
    write_json(summary, content)


def measure_cohort(
    scores: LabelledScores, threshold: float, options: BootstrapOptions
) -> Measured:
    """Measure a CNN at a frozen threshold on the nodes of one cohort.

    Parameters
    ----------
    scores
        Nodes with their status.
    threshold
        From which a score is called positive.
    options
        Replicates, level and seed of the intervals over patients.
    """
    called = scores.calls(threshold)
    drawn = PatientBootstrap(scores.positive, scores.patient_id, options)
    if scarce_class(scores.positive, scores.patient_id) is not None:
        nothing = Interval(None, None)
        rates = _rates_of_one_class(drawn, scores, called)
        return Measured(None, nothing, nothing, rates, {})
    prevalence = float(scores.positive.mean())
    decisions = describe_decisions(scores, called, Prevalences(prevalence), drawn)
    return Measured(
        scores.area.estimate,
        Interval.of(*logit_interval(scores.area, level=options.level)),
        Interval.of(*logit_interval(scores.area, level=EQUIVALENCE_LEVEL)),
        _rates(decisions["metrics"]),
        decisions,
    )


def compare_cohorts(study: Measured, external: Measured, margin: float) -> Block:
    """Return both performances, their differences, and the verdict.

    Parameters
    ----------
    study, external
        The same CNN at the same threshold.
    margin
        As of ``measure_transport``.

    Returns
    -------
    Columns of ``TRANSPORT``.
    """
    row = _both("auc", (study.auc, study.auc_interval), _auc_of(external))
    for name in RATES:
        row |= _both(name, study.rates[name], external.rates[name])
    decides = Interval(None, None)
    if study.auc is not None and external.auc is not None:
        decides = difference_interval(
            external.auc,
            external.verdict_interval,
            study.auc,
            study.verdict_interval,
        )
    return row | {
        "margin": margin,
        "verdict_lower": decides.lower,
        "verdict_upper": decides.upper,
        "verdict": verdict(decides, margin),
        "note": _note(external),
    }


def verdict(difference: Interval, margin: float) -> str:
    """Decide whether an AUC is transported.

    Parameters
    ----------
    difference
        Interval of the difference, external less study, at ``EQUIVALENCE_LEVEL``.
    margin
        As of ``measure_transport``.

    Examples
    --------
    >>> [verdict(Interval(low, low + 0.06), 0.05) for low in (-0.03, -0.2, -0.08)]
    ['transported', 'not_transported', 'undecided']
    """
    if difference.above(-margin) and difference.below(margin):
        return TRANSPORTED
    return NOT_TRANSPORTED if difference.below(-margin) else UNDECIDED


def _labelled(predicted: pd.DataFrame, status: pd.Series) -> pd.DataFrame:
    """Return the nodes whose status is known (``tables.SCORES``)."""
    frame = predicted[["node_id", "patient_id", "score"]].assign(
        partition="external",
        status=predicted["node_id"].map(status),
        prediction=None,
    )
    known = frame[frame["status"].isin(tables.STATUS)]
    return known[list(tables.SCORES.columns)].reset_index(drop=True)


def _scores_of(labelled: pd.DataFrame) -> LabelledScores:
    """Take labelled scores, whatever classes they have."""
    rows = labelled.sort_values("node_id")
    return LabelledScores(
        rows["node_id"].to_numpy(str),
        rows["patient_id"].to_numpy(str),
        np.asarray(rows["status"] == "positive", bool),
        rows["score"].to_numpy(float),
        None,
    )


def _sizes(scores: LabelledScores) -> dict[str, int]:
    """Count nodes by status, and patients, under the names of the columns."""
    return {name.removeprefix("n_"): n for name, n in scores.sizes.items()}


def _rates(metrics: Block) -> dict[str, tuple[float | None, Interval]]:
    """Take sensitivity and specificity from the statistics of decisions."""
    found = {}
    for name in RATES:
        ends = metrics[name]["patient_bootstrap"]
        estimate = metrics[name]["estimate"]
        found[name] = (estimate, Interval.of(ends["lower"], ends["upper"]))
    return found


def _rates_of_one_class(
    drawn: PatientBootstrap, scores: LabelledScores, called: BoolArray
) -> dict[str, tuple[float | None, Interval]]:
    """Return the rates of classes that have nodes, with intervals over patients."""
    found: dict[str, tuple[float | None, Interval]] = {}
    for name, right, among in (
        ("sensitivity", called, scores.positive),
        ("specificity", ~called, ~scores.positive),
    ):
        one = drawn.mean(right.astype(float), among)
        estimate = one.value if one.nodes else None
        found[name] = (estimate, Interval.of(one.lower, one.upper))
    return found


def _auc_of(measured: Measured) -> tuple[float | None, Interval]:
    """Return the AUC with its interval."""
    return measured.auc, measured.auc_interval


def _both(
    name: str,
    study: tuple[float | None, Interval],
    external: tuple[float | None, Interval],
) -> Block:
    """Return the columns of a measure in both cohorts, and of their difference."""
    (ours, own), (theirs, other) = study, external
    gap, between = None, Interval(None, None)
    if ours is not None and theirs is not None:
        gap = theirs - ours
        between = difference_interval(theirs, other, ours, own)
    return {
        key: value
        for column, estimate, ends in (
            (f"study_{name}", ours, own),
            (f"external_{name}", theirs, other),
            (f"{name}_difference", gap, between),
        )
        for key, value in (
            (column, estimate),
            (f"{column}_lower", ends.lower),
            (f"{column}_upper", ends.upper),
        )
    }


def _note(external: Measured) -> str:
    """Return what a reader of the row has to know."""
    if external.auc is None:
        return ONE_CLASS
    low = external.auc < REVERSED_AUC and external.auc_interval.below(0.5)
    return REVERSED if low else OK


def _say(name: str, row: Block, level: float) -> None:
    """Log the result of a CNN in a line, and warn of what may be wrong."""
    if row["note"] == ONE_CLASS:
        logger.warning(
            "%s: one status has nodes of fewer than two patients, so that there is no "
            "AUC and no verdict; sensitivity or specificity alone are in transport.tsv",
            printed(name),
        )
        return
    if row["note"] == REVERSED:
        logger.warning(
            "%s: the AUC of the other cohort is %.3f; labels may be reversed: check "
            "the column status of the sheet prediction.nodes",
            printed(name),
            row["external_auc"],
        )
    logger.info(
        "%s: AUC %.3f in the study, %.3f in the other cohort (intervals of level %g "
        "in transport.tsv), %s",
        printed(name),
        row["study_auc"],
        row["external_auc"],
        level,
        row["verdict"].replace("_", " "),
    )
