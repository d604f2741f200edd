"""Recompute the statistics of a study from its scores, and fail where they differ."""

import json
import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd

from nodal_staging import tables
from nodal_staging.statistics.recomputation.classifier_checks import check_classifier
from nodal_staging.statistics.recomputation.ledger import (
    RECOMPUTATION,
    Ledger,
    RecomputationError,
    Written,
)
from nodal_staging.statistics.recomputation.pair_checks import (
    check_areas,
    check_mcnemar,
    check_simple_choice,
)
from nodal_staging.statistics.recomputation.reader_checks import check_readers
from nodal_staging.statistics.recomputation.scored_nodes import Scores, read_table
from nodal_staging.statistics.recomputation.second_draws import Draws
from nodal_staging.statistics.recomputation.size_checks import (
    check_power,
    check_precision,
    check_refits,
    check_subgroups,
)

File = str | Path

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Results:
    """Files of a study whose numbers are recomputed, and what they come from.

    Attributes
    ----------
    scores, statistics
        By classifier.
    curves
        ``roc``, ``band``, ``calibration``, ``decision_curve``: file by classifier.
    nodes
        All measured nodes.
    mcnemar, auc_differences, over_simple, simple_choice, subgroups, precision,
    detectable, needed
        Tables of ``statistics/``.
    readers
        Names in the tables of the reader study to names of classifiers; empty without
        readers.
    reader_study
        ``areas``, ``points``, ``agreement``, ``fixed``, ``random``, or none.
    refits
        ``statistics/refits.tsv`` and ``statistics/refit_spread.tsv``, or none.
    refit_scores
        Scores of the other trainings by CNN.
    """

    scores: Mapping[str, File]
    statistics: Mapping[str, File]
    curves: Mapping[str, Mapping[str, File]]
    nodes: File
    mcnemar: File
    auc_differences: File
    over_simple: File
    simple_choice: File
    subgroups: File
    precision: File
    detectable: File
    needed: File
    readers: Mapping[str, str]
    reader_study: Mapping[str, File]
    refits: Sequence[File]
    refit_scores: Mapping[str, Sequence[File]]


def recompute_statistics(
    results: Results, *, significance: float, level: float, output: File
) -> None:
    """Compute every statistic a second time and write down how far both agree.

    Parameters
    ----------
    results
        The files.
    significance, level
        Of McNemar's tests, and of the intervals.
    output
        ``RECOMPUTATION``.

    Raises
    ------
    RecomputationError
        If a written number differs from its second computation; the sentence names
        both.
    """
    ledger, draws = Ledger(), Draws()
    scores = {
        name: Scores(
            name,
            read_table(path),
            json.loads(Path(results.statistics[name]).read_text(encoding="utf-8")),
        )
        for name, path in results.scores.items()
    }
    nodes = read_table(results.nodes).set_index("node_id")
    natural = float(nodes["status"].eq("positive").mean())
    for name, one in scores.items():
        curves = {kind: read_table(of[name]) for kind, of in results.curves.items()}
        check = partial(check_classifier, one, curves, natural, (ledger, draws))
        _guarded(ledger, "statistics/<classifier>.json", check)
    _check_tables(results, scores, nodes, (significance, level), ledger)
    if results.reader_study:
        _check_reader_study(results, scores, level, (ledger, draws))
    if results.refits:
        _check_trainings(results, scores, level, ledger)
    frame = ledger.frame()
    tables.write(frame, output, RECOMPUTATION)
    logger.info("recomputed: %s", frame.groupby("status")["values"].sum().to_dict())


def _guarded(ledger: Ledger, kind: str, check: Callable[[], None]) -> None:
    """Run a check; one that cannot be computed is part of the account."""
    try:
        check()
    except RecomputationError:
        raise
    except (ArithmeticError, ValueError, KeyError, np.linalg.LinAlgError) as error:
        logger.warning("%s: the second implementation ended: %r", kind, error)
        failed = Written(ledger, kind, kind, {"the numbers that follow": 0})
        failed.close("the second implementation ended early; see the log")


def _check_tables(
    results: Results,
    scores: Mapping[str, Scores],
    nodes: pd.DataFrame,
    given: tuple[float, float],
    ledger: Ledger,
) -> None:
    """Check the tables of pairs, subgroups and precision."""
    significance, level = given
    read = {
        name: read_table(getattr(results, name))
        for name in (
            "mcnemar",
            "auc_differences",
            "over_simple",
            "simple_choice",
            "subgroups",
            "precision",
            "detectable",
            "needed",
        )
    }
    checks: dict[str, Callable[[], None]] = {
        "mcnemar": lambda: check_mcnemar(
            read["mcnemar"], scores, significance, level, ledger
        ),
        **{
            name: partial(
                check_areas,
                read[name],
                scores,
                level,
                (f"statistics/{name}.tsv", ledger),
            )
            for name in ("auc_differences", "over_simple")
        },
        "simple_choice": lambda: check_simple_choice(
            read["simple_choice"], scores, ledger
        ),
        "subgroups": lambda: check_subgroups(
            read["subgroups"], scores, nodes, level, ledger
        ),
        "precision": lambda: check_precision(read["precision"], scores, level, ledger),
        "detectable": lambda: check_power(read["detectable"], read["needed"], ledger),
    }
    for name, check in checks.items():
        _guarded(ledger, f"statistics/{name}.tsv", check)


def _check_reader_study(
    results: Results,
    scores: Mapping[str, Scores],
    level: float,
    account: tuple[Ledger, Draws],
) -> None:
    """Check the tables of the reader study."""
    read = {name: read_table(path) for name, path in results.reader_study.items()}
    networks = {name: one for name, one in scores.items() if name.startswith("cnn_")}
    readers = {shown: scores[name] for shown, name in results.readers.items()}
    _guarded(
        account[0],
        "readers/",
        lambda: check_readers(read, readers, networks, level, account),
    )


def _check_trainings(
    results: Results, scores: Mapping[str, Scores], level: float, ledger: Ledger
) -> None:
    """Check the other trainings, called at the threshold of the first."""
    trainings = {}
    for cnn, paths in results.refit_scores.items():
        first = scores[f"cnn_{cnn}"]
        others = [Scores(cnn, read_table(path), first.statistics) for path in paths]
        trainings[cnn] = [first, *others]
    each, spread = (read_table(path) for path in results.refits)
    _guarded(
        ledger,
        "statistics/refits.tsv",
        lambda: check_refits((each, spread), trainings, level, ledger),
    )
