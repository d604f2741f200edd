"""What a study measured, by its names in the scorecard.

A number keeps what it takes to judge it: counts where it is a share of nodes, and
the interval within which another study may lie.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

import pandas as pd

from nodal_staging import tables
from nodal_staging.paper.reference.observed import highest_auc_of_paper
from nodal_staging.paper.scorecard.published import PUBLISHED
from nodal_staging.paper.table_1 import exact_binary_auc
from nodal_staging.statistics.mcnemar import MCNEMAR
from nodal_staging.study.classifier_names import is_reader
from nodal_staging.study.files import read_json

Number = Fraction | float

METRICS = ("accuracy", "sensitivity", "specificity", "ppv", "npv", "f1")


@dataclass(frozen=True, slots=True)
class Measured:
    """A number of ours; ``lower`` and ``upper`` only where it has an interval.

    Shares are fractions of one. ``by_design``: the configuration of a synthetic cohort
    sets this number, so that it is not a finding of the study. ``highest``: not
    measured, but the highest value that the paper's number can have.
    """

    value: Number
    lower: float | None = None
    upper: float | None = None
    by_design: bool = False
    highest: bool = False


def measure_study(
    *,
    flow: str | Path,
    cohort: str | Path,
    nodes: str | Path,
    datasets: Mapping[str, str | Path],
    statistics: Sequence[str | Path],
    comparisons: str | Path,
) -> dict[str, Measured]:
    """Return all numbers of a study by name.

    Parameters
    ----------
    flow, cohort, nodes
        ``cohort/flow.json``, ``tables.EXAMS`` and ``tables.NODES``.
    datasets
        Name to ``tables.DATASET``.
    statistics, comparisons
        JSON of each classifier, and ``mcnemar.MCNEMAR``.
    """
    return (
        measured_cohort(flow, cohort, nodes)
        | measured_datasets(datasets)
        | measured_classifiers(statistics)
        | measured_comparisons(comparisons)
    )


def measured_cohort(
    flow: str | Path, cohort: str | Path, nodes: str | Path
) -> dict[str, Measured]:
    """Return counts and characteristics of the cohort.

    Parameters
    ----------
    flow
        ``cohort/flow.json``.
    cohort, nodes
        ``tables.EXAMS`` and ``tables.NODES``.
    """
    counted = read_json(flow)
    screened, included = (counted[k]["patients"] for k in ("screened", "included"))
    exams = tables.read(cohort, tables.EXAMS)
    exams = exams[exams["included"] == "yes"]
    measured = tables.read(nodes, tables.NODES)
    found = {
        "screened": _count(screened),
        "included": _count(included),
        "excluded": _count(screened - included),
        "nodes": _count(len(measured)),
        "positive": _count(measured["status"].eq("positive").sum()),
        "negative": _count(measured["status"].eq("negative").sum()),
        "locations": _count(len(tables.LOCATIONS)),
    }
    for name in ("age", "psa"):
        if name in exams and exams[name].notna().any():
            found |= dict(_spread(name, exams[name].dropna()))
    found |= dict(
        _spread("nodes_per_patient", measured.groupby("patient_id").size(), True)
    )
    return {f"cohort.{name}": number for name, number in found.items()}


def measured_datasets(datasets: Mapping[str, str | Path]) -> dict[str, Measured]:
    """Return the sizes and the mix of each set.

    Parameters
    ----------
    datasets
        Name to ``tables.DATASET``.
    """
    found: dict[str, Measured | None] = {}
    for name, path in datasets.items():
        members = tables.read(path, tables.DATASET)
        positive = members["status"] == "positive"
        found |= {
            f"{name}.nodes": _count(len(members)),
            f"{name}.positive": _count(positive.sum()),
            f"{name}.negative": _count((~positive).sum()),
        }
        for location in tables.LOCATIONS:
            here = members["location"] == location
            found[f"{name}.{location}"] = _share(here.sum(), len(members), True)
            for status, of_it in (("positive", positive), ("negative", ~positive)):
                found[f"{name}.{location}.{status}"] = _share(
                    (here & of_it).sum(), here.sum(), True
                )
    return {name: number for name, number in found.items() if number is not None}


def measured_classifiers(statistics: Sequence[str | Path]) -> dict[str, Measured]:
    """Return what the statistics say of each classifier, and the mean of the readers.

    Parameters
    ----------
    statistics
        JSON of each classifier.
    """
    found: dict[str, Measured] = {}
    readers = []
    for one in map(read_json, statistics):
        numbers = dict(_classifier(one))
        found |= {f"{one['classifier']}.{k}": v for k, v in numbers.items()}
        if is_reader(one["classifier"]):
            readers.append(numbers)
    if len(readers) > 1:
        for name in ("binary_auc", *METRICS):
            values = [reader[name].value for reader in readers if name in reader]
            if len(values) == len(readers):
                mean = sum(values[1:], values[0]) / len(values)
                found[f"readers.{name}"] = Measured(mean)
    return found


def measured_comparisons(comparisons: str | Path) -> dict[str, Measured]:
    """Return how many pairs of McNemar's tests are significant, as published."""
    tests = tables.read(comparisons, MCNEMAR)
    significant = int(tests["significant"].eq("yes").sum())
    return {"mcnemar.significant": Measured(Fraction(significant))}


def measured_reference(
    published: str | Path, options: Mapping[str, Any]
) -> dict[str, Measured]:
    """Return the highest AUC that errors of PET allow in the paper's study.

    Parameters
    ----------
    published
        The paper's numbers, as ``write_scorecard`` reads them.
    options
        The section ``reference`` of the configuration.
    """
    highest = highest_auc_of_paper(tables.read(published, PUBLISHED), options)
    return {"reference.auc": Measured(highest, highest=True)}


def _classifier(one: Mapping[str, Any]) -> Iterator[tuple[str, Measured]]:
    """Yield the numbers of one classifier."""
    area = one["auc"]
    ends = area["intervals"]["delong"]
    pairs = 2 * one["n"]["positive"] * one["n"]["negative"]
    exact = Fraction(round(area["estimate"] * pairs), pairs)
    yield "auc", Measured(exact, ends["lower"], ends["upper"])
    for end in ("lower", "upper"):
        yield f"auc.{end}", Measured(ends[end])
    n = one["n"]
    yield "binary_auc", Measured(exact_binary_auc(one))
    for name in METRICS:
        share = one["metrics"][name]
        if share["denominator"]:
            yield (
                name,
                Measured(
                    Fraction(share["numerator"], share["denominator"]),
                    share["lower"],
                    share["upper"],
                ),
            )
    attained = one["at_target_sensitivity"]["attained"]
    yield "specificity_at_target", Measured(Fraction(attained["tn"], n["negative"]))


def _count(number: int) -> Measured:
    return Measured(Fraction(int(number)), by_design=True)


def _share(numerator: int, denominator: int, by_design: bool) -> Measured | None:
    """Return a share of nodes, or None where there are none."""
    if not denominator:
        return None
    return Measured(Fraction(int(numerator), int(denominator)), by_design=by_design)


def _spread(
    name: str, values: pd.Series, by_design: bool = False
) -> Iterator[tuple[str, Measured]]:
    """Yield mean, standard deviation and range."""
    numbers = {
        "mean": values.mean(),
        "deviation": values.std(),
        "least": values.min(),
        "most": values.max(),
    }
    for what, number in numbers.items():
        if pd.notna(number):
            yield f"{name}.{what}", Measured(float(number), by_design=by_design)
