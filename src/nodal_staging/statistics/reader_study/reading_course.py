"""How readers read on the page: agreement with themselves, time, and learning."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from scipy.stats import norm

from nodal_staging import tables
from nodal_staging.classifiers.reader_page.reader_answers import LOG, repeated
from nodal_staging.classifiers.reader_page.reading_plan import ARMS, CASE
from nodal_staging.estimates.logistic import NotIdentifiedError, fit_logistic
from nodal_staging.estimates.patient_bootstrap import BootstrapOptions, PatientBootstrap
from nodal_staging.statistics.reader_study.exports import IMRMC, MRMCAOV, TRUTH
from nodal_staging.statistics.reader_study.inter_reader_agreement import (
    SHARES,
    WEIGHTS,
    kappa,
)
from nodal_staging.statistics.reader_study.ratings import CALLED_FROM, LEVELS
from nodal_staging.study.seeds import named_seed
from nodal_staging.tables.columns import (
    count,
    number,
    one_of,
    optional_number,
    table,
    text,
)
from nodal_staging.tables.document import Document, write_document
from nodal_staging.tables.grid import Grid, lay_out
from nodal_staging.tables.grid_columns import counts
from nodal_staging.tables.intervals import ci, with_interval
from nodal_staging.tables.rounding import number as printed

Row = dict[str, object]

PER_CASES = 50
"""The odds ratio of a correct call is given for so many cases more of experience."""

_KAPPAS = ("kappa_unweighted", "kappa_linear", "kappa_quadratic")

INTRA_READER = table(
    {
        "reader": text(),
        "arm": one_of(ARMS),
        "n": count(),
        "same_rating": optional_number(0, 1),
        "same_call": optional_number(0, 1),
        **{
            f"{name}{end}": optional_number(-1, 1)
            for name in _KAPPAS
            for end in ("", "_lower", "_upper")
        },
        "level": number(0, 1),
        "replicates": count(),
    },
    unique=["reader", "arm"],
)
"""Agreement of a reader with the same reader, on the nodes that were read twice.
Intervals come from drawing patients; a value that is undefined is empty."""

TIMES = table(
    {
        "reader": text(),
        "arm": one_of(ARMS),
        "calls": one_of(["all", "correct", "wrong"]),
        "n": count(),
        "median_s": optional_number(0),
        "lower_quartile_s": optional_number(0),
        "upper_quartile_s": optional_number(0),
        "too_fast": count(),
    },
    unique=["reader", "arm", "calls"],
)
"""Seconds in which somebody looked at a case, by whether the call was correct;
``too_fast`` counts answers of less than a second."""

LEARNING = table(
    {
        "reader": text(),
        "arm": one_of(ARMS),
        "n": count(),
        "n_correct": count(),
        "per_cases": count(),
        "odds_ratio": optional_number(0),
        "lower": optional_number(0),
        "upper": optional_number(0),
        "level": number(0, 1),
    },
    unique=["reader", "arm"],
)
"""Odds ratio of a correct call for ``per_cases`` cases later in the order, by logistic
regression on the position with errors over patients; empty if it has no maximum."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadingFiles:
    """Outputs of ``study_reading``.

    Attributes
    ----------
    intra_reader, times, learning
        ``INTRA_READER``, ``TIMES`` and ``LEARNING``.
    imrmc, mrmcaov
        ``IMRMC`` and ``MRMCAOV``, with the arms as modalities.
    pages
        In Markdown or HTML.
    """

    intra_reader: str | Path
    times: str | Path
    learning: str | Path
    imrmc: str | Path
    mrmcaov: str | Path
    pages: Sequence[str | Path]


def study_reading(
    *,
    log: str | Path,
    test: str | Path,
    bootstrap: BootstrapOptions,
    outputs: ReadingFiles,
) -> None:
    """Describe how the readers of the page read.

    Parameters
    ----------
    log, test
        ``LOG`` and ``tables.DATASET``.
    bootstrap
        Of patients; its seed is that of the study.
    outputs
        What is written.
    """
    status = tables.read(test, tables.DATASET)[["node_id", "patient_id", "status"]]
    whole = tables.read(log, LOG)
    first = whole[whole["kind"] == CASE].merge(status, on="node_id")
    positive = first["status"] == "positive"
    first = first.assign(
        positive=positive, correct=(first["four_point"] >= CALLED_FROM) == positive
    )
    pairs = repeated(whole).merge(status, on="node_id")
    intra = _frame(_intra_rows(pairs, bootstrap), list(INTRA_READER.columns))
    times = _frame(_time_rows(first), list(TIMES.columns))
    learning = _frame(_learning_rows(first, bootstrap.level), list(LEARNING.columns))
    tables.write(intra, outputs.intra_reader, INTRA_READER)
    tables.write(times, outputs.times, TIMES)
    tables.write(learning, outputs.learning, LEARNING)
    ratings = arms_frame(first)
    tables.write(ratings, outputs.mrmcaov, MRMCAOV)
    tables.write(_with_truth(ratings), outputs.imrmc, IMRMC)
    write_document(_page(intra, times, learning, bootstrap.level), outputs.pages)


def _frame(rows: Iterator[Row], columns: list[str]) -> pd.DataFrame:
    return pd.DataFrame(list(rows), columns=columns)


def _intra_rows(pairs: pd.DataFrame, bootstrap: BootstrapOptions) -> Iterator[Row]:
    """Yield ``INTRA_READER``."""
    for (reader, arm), own in pairs.groupby(["reader", "arm"]):
        cell = ((own["first"] - 1) * LEVELS + own["second"] - 1).to_numpy()
        whole = np.bincount(cell, minlength=LEVELS**2).reshape(LEVELS, LEVELS)
        seed = named_seed(bootstrap.seed, str(reader), str(arm), "repeats")
        drawn = PatientBootstrap(
            (own["status"] == "positive").to_numpy(),
            own["patient_id"].to_numpy(str),
            replace(bootstrap, seed=seed),
        )
        resampled = drawn.sums([cell == place for place in range(LEVELS**2)])
        row: Row = {
            "reader": reader,
            "arm": arm,
            "n": len(own),
            "level": bootstrap.level,
            "replicates": bootstrap.replicates,
            **{name: whole[same].sum() / len(own) for name, same in SHARES.items()},
        }
        for name in _KAPPAS:
            row[name] = float(kappa(whole, WEIGHTS[name]))
            values = kappa(resampled.reshape(-1, LEVELS, LEVELS), WEIGHTS[name])
            row[f"{name}_lower"], row[f"{name}_upper"] = drawn.interval(values)
        yield row


def _time_rows(first: pd.DataFrame) -> Iterator[Row]:
    """Yield ``TIMES``."""
    for (reader, arm), own in first.groupby(["reader", "arm"]):
        for calls, members in (
            ("all", own),
            ("correct", own[own["correct"]]),
            ("wrong", own[~own["correct"]]),
        ):
            quartiles = members["last_ms"].quantile([0.5, 0.25, 0.75]) / 1000
            yield {
                "reader": reader,
                "arm": arm,
                "calls": calls,
                "n": len(members),
                "median_s": quartiles[0.5],
                "lower_quartile_s": quartiles[0.25],
                "upper_quartile_s": quartiles[0.75],
                "too_fast": int((members["flag"] == "too_fast").sum()),
            }


def _learning_rows(first: pd.DataFrame, level: float) -> Iterator[Row]:
    """Yield ``LEARNING``."""
    reach = float(norm.ppf((1 + level) / 2))
    for (reader, arm), own in first.groupby(["reader", "arm"]):
        row: Row = {
            "reader": reader,
            "arm": arm,
            "n": len(own),
            "n_correct": int(own["correct"].sum()),
            "per_cases": PER_CASES,
            "level": level,
        }
        slope = own["position"].to_numpy(float) / PER_CASES
        try:
            fit = fit_logistic(
                np.column_stack([np.ones(len(own)), slope]),
                own["correct"].to_numpy(float),
                weight=np.ones(len(own)),
                offset=np.zeros(len(own)),
                patient_id=own["patient_id"].to_numpy(str),
            )
        except NotIdentifiedError:
            yield row
            continue
        beta, error = fit.coefficients[1], fit.standard_errors[1]
        ends = {
            "odds_ratio": beta,
            "lower": beta - reach * error,
            "upper": beta + reach * error,
        }
        yield row | {name: float(np.exp(value)) for name, value in ends.items()}


def arms_frame(first: pd.DataFrame) -> pd.DataFrame:
    """Return ``MRMCAOV`` with the arms as treatments, of nodes that all have read.

    Parameters
    ----------
    first
        First readings (``LOG``) with a column ``positive``.
    """
    readings = first.groupby(["reader", "arm"]).ngroups
    often = first.groupby("node_id")["code"].transform("size")
    whole = first[often == readings].sort_values(["reader", "arm", "node_id"])
    return pd.DataFrame(
        {
            "reader": whole["reader"],
            "treatment": whole["arm"],
            "case": whole["node_id"],
            "truth": whole["positive"].astype(np.int64),
            "rating": whole["rating"],
        }
    )


def _with_truth(ratings: pd.DataFrame) -> pd.DataFrame:
    """Return ``IMRMC`` of ``MRMCAOV``."""
    cases = ratings.drop_duplicates("case").sort_values("case")
    truth = pd.DataFrame(
        {
            "readerID": TRUTH,
            "caseID": cases["case"],
            "modalityID": TRUTH,
            "score": cases["truth"].astype(float),
        }
    )
    renamed = ratings.rename(
        columns={
            "reader": "readerID",
            "case": "caseID",
            "treatment": "modalityID",
            "rating": "score",
        }
    )
    return pd.concat([truth, renamed[list(IMRMC.columns)]], ignore_index=True)


def _page(
    intra: pd.DataFrame, times: pd.DataFrame, learning: pd.DataFrame, level: float
) -> Document:
    """Lay out the three tables."""
    parts = [_times_grid(times), _learning_grid(learning, ci(level))]
    if len(intra):
        parts.insert(0, _intra_grid(intra, ci(level)))
    return Document("How the readers read", tuple(parts))


READER = ("Reader", lambda row: str(row["reader"]))
ARM = ("Arm", lambda row: str(row["arm"]))


def _intra_grid(intra: pd.DataFrame, of_level: str) -> Grid:
    def measure(name: str) -> Any:
        return lambda row: with_interval(
            row[name], row[f"{name}_lower"], row[f"{name}_upper"], 2
        )

    return lay_out(
        "intra-reader",
        "Intra-reader agreement: kappa of the two ratings of nodes that were read "
        f"twice, each with its {of_level} from a bootstrap of patients.",
        [
            READER,
            ARM,
            counts("Nodes", "n"),
            ("Unweighted κ", measure("kappa_unweighted")),
            ("Linear κ", measure("kappa_linear")),
            ("Quadratic κ", measure("kappa_quadratic")),
        ],
        [intra.to_dict("records")],
    )


def _times_grid(times: pd.DataFrame) -> Grid:
    return lay_out(
        "reading-times",
        "Seconds per case, without pauses of more than a minute: median and quartiles.",
        [
            READER,
            ARM,
            ("Calls", lambda row: str(row["calls"])),
            counts("Nodes", "n"),
            (
                "Median (quartiles)",
                lambda row: with_interval(
                    row["median_s"], row["lower_quartile_s"], row["upper_quartile_s"], 1
                ),
            ),
            counts("Below 1 s", "too_fast"),
        ],
        [times.to_dict("records")],
    )


def _learning_grid(learning: pd.DataFrame, of_level: str) -> Grid:
    return lay_out(
        "reading-learning",
        f"Learning: odds ratio of a correct call for {PER_CASES} cases more of "
        "experience; 1 means none.",
        [
            READER,
            ARM,
            counts("Nodes", "n"),
            (
                "Correct",
                lambda row: printed(100 * row["n_correct"] / row["n"], 0) + " %",
            ),
            (
                f"Odds ratio ({of_level})",
                lambda row: with_interval(
                    row["odds_ratio"], row["lower"], row["upper"], 2
                ),
            ),
        ],
        [learning.to_dict("records")],
    )
