"""What the paper prints and what a study found, against the reference test."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import numpy as np
import pandas as pd

from nodal_staging import tables
from nodal_staging.classifiers.labelled_scores import LabelledScores, read_partition
from nodal_staging.estimates.auc import empirical_auc
from nodal_staging.estimates.imperfect_reference import Reference
from nodal_staging.estimates.proportions import confusion
from nodal_staging.paper.reference.assumptions import (
    ReferenceTest,
    Uncertain,
    ends_or,
)
from nodal_staging.study.arrays import FloatArray
from nodal_staging.study.classifier_names import in_order, is_published
from nodal_staging.study.files import read_json

Source = Literal["paper", "study"]

SIMULATED = "set by the simulation"


@dataclass(frozen=True, slots=True, eq=False)
class Observed:
    """A classifier against the reference.

    Attributes
    ----------
    classifier
        Its name.
    auc
        None where only decisions are known.
    sensitivity, specificity
        None where they are not known.
    scores
        Of the test nodes, with the status by the reference; None for the paper's.
    true
        Measure to its value against the true status, where the cohort is synthetic.
    """

    classifier: str
    auc: Uncertain | None
    sensitivity: Uncertain | None
    specificity: Uncertain | None
    scores: LabelledScores | None = None
    true: Mapping[str, float] = field(default_factory=dict)


def printed_numbers(published: pd.DataFrame) -> dict[str, float]:
    """Return the paper's numbers by the names of ours, shares as fractions.

    Parameters
    ----------
    published
        ``scorecard.published.PUBLISHED``; of two rows for one number the later, which
        has more digits, counts.
    """
    scale = {"percent": 100}
    return {
        row["ours"]: float(row["printed"]) / scale.get(row["unit"], 1)
        for row in published.to_dict("records")
    }


def published_classifiers(printed: Mapping[str, float]) -> list[Observed]:
    """Return the classifiers of the paper, in its order.

    Parameters
    ----------
    printed
        From ``printed_numbers``.
    """
    names = [
        name.removesuffix(".sensitivity")
        for name in printed
        if name.endswith(".sensitivity")
    ]
    return [
        Observed(
            name,
            _printed(printed, f"{name}.auc"),
            _printed(printed, f"{name}.sensitivity"),
            _printed(printed, f"{name}.specificity"),
        )
        for name in names
        if is_published(name)
    ]


def share_of_paper(printed: Mapping[str, float]) -> float:
    """Return the share of positive nodes of the paper's cohort."""
    return printed["cohort.positive"] / printed["cohort.nodes"]


def highest_auc_of_paper(published: pd.DataFrame, options: Mapping[str, Any]) -> float:
    """Return the AUC that a perfect classifier would show in the paper's study.

    Parameters
    ----------
    published
        ``scorecard.published.PUBLISHED``.
    options
        The section ``reference`` of the configuration.
    """
    test = ReferenceTest.of(options)
    share = share_of_paper(printed_numbers(published))
    reference = Reference.of(test.sensitivity.value, test.specificity.value, share)
    return float(reference.highest_auc)


def _printed(printed: Mapping[str, float], name: str) -> Uncertain | None:
    """Return a printed number with its printed interval, if there is one."""
    if name not in printed:
        return None
    ends = (printed.get(f"{name}.{end}") for end in ("lower", "upper"))
    return ends_or(printed[name], *ends)


def study_classifiers(
    statistics: Mapping[str, str | Path],
    scores: Mapping[str, str | Path],
    truth: pd.Series | None,
) -> Iterator[Observed]:
    """Yield the classifiers of a study in the order of print.

    Parameters
    ----------
    statistics, scores
        Classifier to its JSON and to ``tables.SCORES``.
    truth
        True status by node, where the cohort is synthetic.
    """
    for name in in_order(statistics):
        found = read_json(statistics[name])
        tested = read_partition(scores[name], "test", classifier=name)
        ends = found["auc"]["intervals"]["obuchowski_logit"]
        yield Observed(
            name,
            ends_or(found["auc"]["estimate"], ends["lower"], ends["upper"]),
            _rate(found["metrics"]["sensitivity"]),
            _rate(found["metrics"]["specificity"]),
            tested,
            {} if truth is None else _against_truth(tested, found, truth),
        )


def _rate(metric: Mapping[str, Any]) -> Uncertain:
    """Return a share of nodes with its interval over patients, Wilson's without one."""
    drawn = metric["patient_bootstrap"]
    found = ends_or(metric["estimate"], drawn["lower"], drawn["upper"])
    if np.isnan(found.lower):
        return ends_or(metric["estimate"], metric["lower"], metric["upper"])
    return found


def _against_truth(
    tested: LabelledScores, found: Mapping[str, Any], truth: pd.Series
) -> dict[str, float]:
    """Return AUC, sensitivity and specificity against the true status."""
    positive = truth.loc[tested.node_id].eq("positive").to_numpy(bool)
    counts = confusion(positive, tested.calls(found["threshold"]["value"]))
    if not 0 < positive.sum() < len(positive):
        return {}
    return {
        "auc": empirical_auc(tested.score, positive),
        "sensitivity": counts.tp / (counts.tp + counts.fn),
        "specificity": counts.tn / (counts.tn + counts.fp),
    }


def labelled_nodes(nodes: str | Path) -> pd.DataFrame:
    """Return ``tables.NODES`` with a known status, by node."""
    measured = tables.read(nodes, tables.NODES).set_index("node_id")
    return measured[measured["status"].isin(["positive", "negative"])]


def simulated_test(labelled: pd.DataFrame, truth: pd.Series) -> ReferenceTest:
    """Return how often the recorded status of a synthetic cohort is right.

    Parameters
    ----------
    labelled
        From ``labelled_nodes``.
    truth
        True status by node.
    """
    recorded = labelled["status"].eq("positive")
    positive = truth.loc[labelled.index].eq("positive")
    return ReferenceTest(
        Uncertain.exactly(float(recorded[positive].mean())),
        Uncertain.exactly(float((~recorded[~positive]).mean())),
        SIMULATED,
    )


def share_of_positives(labelled: pd.DataFrame) -> tuple[FloatArray, float]:
    """Return whether each node is called positive ``(n,)``, and the share."""
    positive = labelled["status"].eq("positive").to_numpy(float)
    return positive, float(positive.mean())
