"""Predictive values of every classifier, at each share of positive nodes."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from nodal_staging.study.classifier_names import printed
from nodal_staging.tables.grid import Column, Grid, lay_out
from nodal_staging.tables.intervals import ci, interval, with_interval
from nodal_staging.tables.rounding import MISSING, number, percent, percentage

Block = dict[str, Any]

PREDICTIVE = ("ppv", "npv")
ORIGINS = {"natural": ", all nodes", "given": ""}


def share_with_interval(share: Mapping[str, Any]) -> str:
    """Write a share in percent with its interval over patients.

    Parameters
    ----------
    share
        A metric of the JSON of a classifier; it is rounded once, from its counts.
    """
    value = percent(share["numerator"], share["denominator"])
    if value == MISSING:
        return MISSING
    drawn = share["patient_bootstrap"]
    return f"{value} ({interval(drawn['lower'], drawn['upper'], 0, scale=100)})"


def predictive_values_grid(statistics: Sequence[Block]) -> Grid:
    """Lay out PPV and NPV in the test set, in the study and where asked for.

    Parameters
    ----------
    statistics
        JSON of each classifier, as for ``table_1_grid``.
    """
    first = statistics[0]
    of_level = ci(first["auc"]["intervals"]["delong"]["level"])
    columns: list[Column] = [("Classifier", lambda one: printed(one["classifier"]))]
    columns += [
        (f"{name.upper()} at {_test_share(first)}%, test set", _at_test(name))
        for name in PREDICTIVE
    ]
    for place, block in enumerate(first["at_prevalence"]):
        share = percentage(block["prevalence"])
        origin = ORIGINS[block["origin"]]
        columns += [
            (f"{name.upper()} at {share}%{origin}", _transferred(name, place))
            for name in PREDICTIVE
        ]
    return lay_out(
        "predictive_values",
        "PPV and NPV in percent at different shares of positive nodes, with the "
        f"{of_level} over patients: in the test set, where it is "
        f"{_test_share(first)}%, and by Bayes' theorem from sensitivity and "
        "specificity where it is another. Where every draw of patients gives the same "
        "value, the interval is not defined.",
        columns,
        [statistics],
    )


MIXES = {"test": "test set", "natural": "all nodes"}


def average_precision_grid(statistics: Sequence[Block]) -> Grid:
    """Lay out average precision at each prevalence, next to its baseline.

    Parameters
    ----------
    statistics
        JSON of each classifier, as for ``table_1_grid``.
    """
    first = statistics[0]["average_precision"]
    of_level = ci(first["test"]["level"])
    columns: list[Column] = [("Classifier", lambda one: printed(one["classifier"]))]
    columns += [
        (f"{words}, baseline {number(first[mix]['prevalence'])}", _area(mix))
        for mix, words in MIXES.items()
        if mix in first
    ]
    return lay_out(
        "average_precision",
        "Average precision, the area under the curve of PPV against sensitivity, with "
        f"the {of_level} over patients. The baseline is what a classifier without "
        "information has: the share of positive nodes, in the test set and among all "
        "nodes, to which the classes are weighted.",
        columns,
        [statistics],
    )


def _area(mix: str) -> Callable[[Mapping[Any, Any]], str]:
    """Return what writes an average precision with its interval."""

    def cell(one: Mapping[Any, Any]) -> str:
        found = one["average_precision"][mix]
        return with_interval(found["estimate"], found["lower"], found["upper"])

    return cell


def _test_share(one: Block) -> str:
    """Write the share of positive nodes in the test set, in percent."""
    n = one["n"]
    return percent(n["positive"], n["positive"] + n["negative"], 1)


def _at_test(name: str) -> Callable[[Mapping[Any, Any]], str]:
    """Return what writes a predictive value of the test set."""
    return lambda one: share_with_interval(one["metrics"][name])


def _transferred(name: str, place: int) -> Callable[[Mapping[Any, Any]], str]:
    """Return what writes a predictive value at one of the prevalences."""

    def cell(one: Mapping[Any, Any]) -> str:
        block = one["at_prevalence"][place][name]
        if block["estimate"] is None:
            return MISSING
        ends = interval(block["lower"], block["upper"], 0, scale=100)
        return f"{percentage(block['estimate'], 0)} ({ends})"

    return cell
