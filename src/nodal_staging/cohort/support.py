"""What a cohort can support before any training: its table, and its lines."""

from pathlib import Path

import pandas as pd

from nodal_staging import tables
from nodal_staging.tables.columns import number, one_of, table, text
from nodal_staging.tables.parts import Items, Part, Subheading

MEASURES = (
    "split",
    "test_nodes",
    "test_patients",
    "auc_half_width",
    "test_location",
    "location_pairs",
    "fold_nodes",
    "audit_power",
)

SUPPORT = table(
    {
        "measure": one_of(list(MEASURES)),
        "of": text(),
        "value": number(nullable=True),
        "limit": number(nullable=True),
        "remark": one_of(["yes", "no"]),
        "sentence": text(),
    },
    unique=["measure", "of"],
)
"""What a cohort can support: a ``value`` with the ``limit`` that it should reach (empty
without one, or where the value cannot be computed), and a remark if it does not. ``of``
is a location, a training set, an AUC, or ``-``. Values are nodes, patients or pairs;
half the width of an interval; of ``fold_nodes``, nodes of the rarer status in the
smallest fold; of ``audit_power``, a share of rehearsals."""

SHOWN = ("test_nodes", "auc_half_width")
"""Measures that the terminal shows also without a remark."""


def read_support(path: str | Path | None) -> pd.DataFrame:
    """Read ``SUPPORT``; without a path, the cohort was not assessed."""
    if path is None:
        return pd.DataFrame(columns=list(SUPPORT.columns))
    return tables.read(path, SUPPORT)


def support_lines(support: pd.DataFrame) -> list[str]:
    """Return lines for the terminal: sizes, and all remarks (``SUPPORT``)."""
    shown = support[support["measure"].isin(SHOWN) | support["remark"].eq("yes")]
    if not len(shown):
        return []
    lines = [
        f"  {'REMARK: ' * (row['remark'] == 'yes')}{row['sentence']}"
        for row in shown.to_dict("records")
    ]
    return ["What this cohort can support, at the configured split:", *lines]


SUPPORT_TITLE = "What this cohort can support"


def support_parts(support: pd.DataFrame) -> list[Part]:
    """Return a section of a page: remarks first, then other lines (``SUPPORT``)."""
    if not len(support):
        return []
    ordered = support.sort_values("remark", ascending=False, kind="stable")
    return [
        Subheading(SUPPORT_TITLE),
        "Sizes are those of the test set and the folds that the configuration "
        "(datasets, seed) draws from the nodes that could be measured.",
        Items(
            tuple(
                f"{'Remark: ' * (row['remark'] == 'yes')}{row['sentence']}"
                for row in ordered.to_dict("records")
            )
        ),
    ]
