"""Implausible results: tiny test sets, one-sided calls, inverted scores."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from nodal_staging import tables
from nodal_staging.estimates.interval import Interval
from nodal_staging.study.classifier_names import printed
from nodal_staging.study.files import read_json
from nodal_staging.tables.columns import table, text

FEW_NODES = 50
"""Test nodes; with fewer, an interval of an AUC near 0.8 is wider than 0.25."""

FEW_PATIENTS = 20
"""Patients of the test set; with fewer, standard errors by patient are unstable."""

PERCENT = 100

REMARKS = table({"code": text(), "place": text(), "sentence": text()})
"""Implausible results: a code, the set or classifier, and the sentence."""

Remark = tuple[str, str, str]
"""Code, place and sentence."""


def list_remarks(
    *,
    test: str | Path,
    training: Mapping[str, str | Path],
    classifiers: Mapping[str, str | Path],
    output: str | Path,
) -> None:
    """List the implausible results of a study.

    Parameters
    ----------
    test, training
        The test set, and the training sets by name (``tables.DATASET``).
    classifiers
        Statistics of each classifier (JSON).
    output
        ``REMARKS``.
    """
    found = [
        *test_set_remarks(tables.read(test, tables.DATASET)),
        *(
            remark
            for name, path in training.items()
            for remark in training_remarks(name, tables.read(path, tables.DATASET))
        ),
        *(
            remark
            for name, path in classifiers.items()
            for remark in classifier_remarks(name, read_json(path))
        ),
    ]
    frame = pd.DataFrame(found, columns=list(REMARKS.columns))
    tables.write(frame, output, REMARKS)


def test_set_remarks(test: pd.DataFrame) -> Iterator[Remark]:
    """Yield what is remarkable about a test set (``tables.DATASET``)."""
    nodes, patients = len(test), int(test["patient_id"].nunique())
    if nodes < FEW_NODES or patients < FEW_PATIENTS:
        yield (
            "small_test_set",
            "test set",
            f"The test set has {nodes} nodes of {patients} patients; all results are "
            f"imprecise with fewer than {FEW_NODES} nodes or {FEW_PATIENTS} patients. "
            "Enlarge the cohort or datasets.test_share.",
        )


def training_remarks(name: str, training: pd.DataFrame) -> Iterator[Remark]:
    """Yield the locations at which a training set has one class alone."""
    statuses = training.groupby("location")["status"].nunique()
    alone = [place for place in tables.LOCATIONS if statuses.get(place) == 1]
    if alone:
        yield (
            "one_class_at_location",
            name,
            f"The training set {name.replace('_', ' ')} has only positive or only "
            f"negative nodes at {', '.join(alone)}; there the location alone gives the "
            "status.",
        )


def classifier_remarks(name: str, statistics: Mapping[str, Any]) -> Iterator[Remark]:
    """Yield what is remarkable about the statistics of a classifier."""
    called = printed(name)
    for metric in ("sensitivity", "specificity"):
        estimate = statistics["metrics"][metric]["estimate"]
        if estimate in (0, 1):
            yield (
                f"{metric}_{estimate:.0f}",
                name,
                f"{called} has a {metric} of {estimate:.0f} at its threshold on the "
                "test set; this is not a usable operating point.",
            )
    if statistics["threshold"]["weak_folds"]:
        yield (
            "weak_folds",
            name,
            f"The threshold of {called} comes from models of the folds with an AUC of "
            f"{statistics['threshold']['chosen_on_auc']:.3f}, well below that of the "
            "tested model; it may not maximise Youden's index of the tested model.",
        )
    if (high := _like_percentages(statistics["calibration"])) is not None:
        yield (
            "scores_like_percentages",
            name,
            f"The scores of {called} reach {high:g} and look like percentages; divide "
            "them by 100, or set probability: false if they are none.",
        )
    area = statistics["auc"]["estimate"]
    interval = statistics["auc"]["intervals"]["obuchowski_logit"]
    lower, upper = interval["lower"], interval["upper"]
    if area < 0.5 and Interval.of(lower, upper).below(0.5):
        yield (
            "auc_below_chance",
            name,
            f"{called} has an AUC of {area:.3f} ({100 * interval['level']:g}% CI "
            f"{lower:.3f}-{upper:.3f}), below 0.5; check the direction of its scores.",
        )


def _like_percentages(calibration: Mapping[str, Any]) -> float | None:
    """Return the highest score where scores meant as probabilities reach 0 to 100."""
    if calibration["status"] != "outside_0_1":
        return None
    low, high = calibration["lowest"], calibration["highest"]
    return float(high) if low >= 0 and 1 < high <= PERCENT else None
