"""How much the results of each CNN owe to the draw of its training."""

from collections.abc import Iterator
from math import isclose

import pandas as pd

from nodal_staging import tables
from nodal_staging.report.artefacts import Artefacts, intervals
from nodal_staging.report.facts import require
from nodal_staging.statistics.refits import REFITS, SPREAD
from nodal_staging.study.classifier_names import printed
from nodal_staging.study.files import read_json
from nodal_staging.tables.grid import Grid, lay_out, records_by
from nodal_staging.tables.grid_columns import decimal_intervals, decimals, percentages
from nodal_staging.tables.intervals import interval
from nodal_staging.tables.parts import Heading, Part
from nodal_staging.tables.rounding import count, number


def refits(study: Artefacts) -> Iterator[Part]:
    """Yield the section; one sentence where each CNN was trained once."""
    yield Heading("Agreement of several trainings", "other_trainings")
    if study.refits is None or study.refit_spread is None:
        yield (
            "Each CNN was trained once. Its intervals cover patients, not trainings: "
            "the same network with other first weights and another order of its images "
            "may give other results. `training.refits` trains it several times."
        )
        return
    spread = tables.read(study.refit_spread, SPREAD)
    yield (
        f"Each CNN was trained {_times(spread)} on the same nodes, with other first "
        "weights, order and augmentation. "
        f"{_first(study, tables.read(study.refits, REFITS))} The interval covers a new "
        "training and new patients; the thresholds are those of the first training."
    )
    ci = intervals(study).ci
    yield spread_grid(spread, ci)
    yield every_training(tables.read(study.refits, REFITS), ci)


def _times(spread: pd.DataFrame) -> str:
    """Say how often; some CNNs may have been trained more often than others."""
    numbers = sorted(set(map(int, spread["trainings"])))
    return f"{' or '.join(map(count, numbers))} times"


def _first(study: Artefacts, trainings: pd.DataFrame) -> str:
    """Say that the results are those of the first training, if they are.

    Raises
    ------
    FactError
        If the first training has another AUC than the statistics of the CNN.
    """
    sentence = "All other results of this report are those of the first training."
    first = trainings[trainings["training"] == 1].set_index("cnn")["auc"]
    for cnn, path in study.statistics.items():
        reported = float(read_json(path)["auc"]["estimate"])
        require(
            isclose(reported, float(first[cnn]), abs_tol=1e-9),
            sentence,
            f"{printed(f'cnn_{cnn}')} has an AUC of {number(reported)} in its "
            f"statistics and of {number(float(first[cnn]))} in statistics/refits.tsv",
        )
    return sentence


def spread_grid(spread: pd.DataFrame, ci: str) -> Grid:
    """Lay out the spread over trainings, a row for each CNN."""
    return lay_out(
        "refit_spread",
        "Spread over the trainings of each CNN, on the test set. SD of the logit: of "
        "one node over the trainings. Calls that differ: nodes that some trainings "
        "call positive and others negative.",
        [
            ("CNN", lambda one: printed(f"cnn_{one['cnn']}")),
            ("Trainings", lambda one: str(one["trainings"])),
            decimals("Mean AUC", "auc_mean"),
            decimals("SD", "auc_sd"),
            ("Range", lambda one: interval(one["auc_lowest"], one["auc_highest"])),
            decimal_intervals(ci),
            decimals("SD of the logit", "logit_sd"),
            percentages("Calls that differ, %", "calls_that_differ"),
        ],
        [spread.to_dict("records")],
    )


def every_training(found: pd.DataFrame, ci: str) -> Grid:
    """Lay out AUC and operating point of every training."""
    return lay_out(
        "refits",
        "Every training: AUC with its interval over patients, and the operating point "
        "at the study’s threshold.",
        [
            ("CNN", lambda one: printed(f"cnn_{one['cnn']}")),
            ("Training", lambda one: str(one["training"])),
            decimals("AUC", "auc"),
            decimal_intervals(ci),
            decimals("Sensitivity", "sensitivity"),
            decimals("Specificity", "specificity"),
        ],
        records_by(found, "cnn"),
    )
