"""How a classifier does by location and by size.

A subgroup is rarely large enough to be trusted alone: each row has its counts, and a
word where an area cannot be had. Nothing is tested; the study was not planned for it.
"""

from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from nodal_staging import tables
from nodal_staging.classifiers.called_nodes import CalledNodes, read_called
from nodal_staging.classifiers.labelled_scores import (
    LabelledScores,
    ScoreError,
    scarce_class,
)
from nodal_staging.estimates.auc import empirical_auc
from nodal_staging.estimates.auc_intervals import logit_interval
from nodal_staging.estimates.proportions import confusion, proportion, wilson_interval
from nodal_staging.study.arrays import BoolArray
from nodal_staging.tables.columns import count, one_of, optional_number, table, text

Row = dict[str, Any]

AUC_STATUS = ["ok", "one_class", "too_few", "perfect_separation", "no_variance"]

SUBGROUPS = table(
    {
        "classifier": text(),
        "grouping": one_of(["all", "location", "short_axis"]),
        "subgroup": text(),
        "n": count(),
        "n_positive": count(),
        "n_negative": count(),
        "n_patients": count(),
        "auc": optional_number(0, 1),
        "auc_lower": optional_number(0, 1),
        "auc_upper": optional_number(0, 1),
        "auc_status": one_of(AUC_STATUS),
        "tp": count(),
        "fn": count(),
        "tn": count(),
        "fp": count(),
        **{
            f"{metric}{end}": optional_number(0, 1)
            for metric in ("sensitivity", "specificity")
            for end in ("", "_lower", "_upper")
        },
    },
    unique=["classifier", "grouping", "subgroup"],
)
"""One row per classifier and subgroup that has test nodes. The AUC has its interval
over patients on the logit scale where ``auc_status`` is ok; ``one_class`` has none,
``too_few`` (fewer than two nodes or patients of a class) no interval, nor has
``no_variance``, whose interval would have no width; ``perfect_separation`` has the
exact one of its independent pairs of patients.
Sensitivity and specificity stand with Wilson's limits."""


def compute_subgroups(
    *,
    classifiers: Mapping[str, tuple[str | Path, str | Path]],
    nodes: str | Path,
    bands_mm: Sequence[float],
    confidence_level: float,
    subgroups: str | Path,
) -> None:
    """Evaluate classifiers by location and by short axis.

    Parameters
    ----------
    classifiers
        Name to ``tables.SCORES`` and statistics, whose threshold decides.
    nodes
        ``tables.NODES``, for location and short axis.
    bands_mm
        Where bands of the short axis end, ascending; a node of that size belongs to
        the band above.
    confidence_level
        Of every interval.
    subgroups
        Output, ``SUBGROUPS``.

    Raises
    ------
    ScoreError
        If a test node was not measured.
    """
    measured = tables.read(nodes, tables.NODES).set_index("node_id")
    rows: list[Row] = []
    for name, (scores, statistics) in classifiers.items():
        nodes_called = read_called(name, scores, statistics)
        for grouping, subgroup, members in _subgroups(nodes_called, measured, bands_mm):
            row = _row(nodes_called.only(members), confidence_level)
            place = {"grouping": grouping, "subgroup": subgroup}
            rows.append({"classifier": name} | place | row)
    frame = pd.DataFrame(rows, columns=list(SUBGROUPS.columns))
    tables.write(frame, subgroups, SUBGROUPS)


def band_names(bands_mm: Sequence[float]) -> list[str]:
    """Name the bands of the short axis.

    Examples
    --------
    >>> band_names([5, 8])
    ['< 5 mm', '5 to < 8 mm', '≥ 8 mm']
    """
    inner = [f"{a:g} to < {b:g} mm" for a, b in pairwise(bands_mm)]
    return [f"< {bands_mm[0]:g} mm", *inner, f"≥ {bands_mm[-1]:g} mm"]


def _subgroups(
    called: CalledNodes, measured: pd.DataFrame, bands_mm: Sequence[float]
) -> Iterator[tuple[str, str, BoolArray]]:
    """Yield grouping, subgroup and its members, in the order of every table."""
    tested = called.scores
    unmeasured = np.setdiff1d(tested.node_id, measured.index.to_numpy(str))
    if len(unmeasured):
        raise ScoreError(
            f"scores of {called.classifier}, partition test, node {unmeasured[0]}: not "
            f"among the measured nodes (and {len(unmeasured) - 1} more); score the "
            "nodes of nodes.tsv"
        )
    rows = measured.loc[tested.node_id]
    yield "all", "all", np.ones(len(rows), bool)
    location = rows["location"].to_numpy(str)
    for name in tables.SHOWN_LOCATIONS:
        yield from _present("location", name, location == name)
    band = np.searchsorted(bands_mm, rows["short_axis_mm"].to_numpy(float), "right")
    for number, name in enumerate(band_names(bands_mm)):
        yield from _present("short_axis", name, band == number)


def _present(
    grouping: str, name: str, members: BoolArray
) -> Iterator[tuple[str, str, BoolArray]]:
    """Leave out empty subgroups."""
    if members.any():
        yield grouping, name, members


def _row(members: CalledNodes, level: float) -> Row:
    """Count and evaluate the members of a subgroup."""
    counts = confusion(members.scores.positive, members.called)
    row: Row = {
        "n": len(members.called),
        **members.scores.sizes,
        "tp": counts.tp,
        "fn": counts.fn,
        "tn": counts.tn,
        "fp": counts.fp,
        **_area(members.scores, level),
    }
    for metric in ("sensitivity", "specificity"):
        share = counts.counts()[metric]
        limits = wilson_interval(*share, level=level) or (None, None)
        row[metric] = proportion(*share)
        row[f"{metric}_lower"], row[f"{metric}_upper"] = limits
    return row


def _area(members: LabelledScores, level: float) -> Row:
    """Return the AUC with its interval, as far as there is one."""
    positive = members.positive
    nothing: Row = {"auc": None, "auc_lower": None, "auc_upper": None}
    if positive.all() or not positive.any():
        return nothing | {"auc_status": "one_class"}
    area = empirical_auc(members.score, positive)
    found = nothing | {"auc": area}
    if scarce_class(positive, members.patient_id) is not None:
        return found | {"auc_status": "too_few"}
    status = "perfect_separation" if area in (0, 1) else "ok"
    if status == "ok" and members.area.standard_error == 0:
        return found | {"auc_status": "no_variance"}
    lower, upper = logit_interval(members.area, level=level)
    return found | {"auc_lower": lower, "auc_upper": upper, "auc_status": status}
