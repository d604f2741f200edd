"""Which nodes Figures 6 and 7 show: the most typical of a location and a status.

Typical is as in Figure 1, among the test nodes of the location. Where the test set has
no such node, the nearest rule is followed, and the figure says so.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import pandas as pd

from nodal_staging import tables
from nodal_staging.nodes.example_nodes import ranked_by_typicality

SINGLE = (("retroperitoneal", "positive"), ("inguinal", "negative"))
"""The nodes of Figure 6: where nodes are mostly positive, and mostly negative."""
PAIRED = "inguinal"
"""The location of Figure 7, which shows a positive and a negative node."""


@dataclass(frozen=True, slots=True, eq=False)
class Example:
    """A node of ``tables.NODES``, and a remark on its location."""

    node: pd.Series
    remark: str = ""


def single_examples(candidates: pd.DataFrame) -> list[Example]:
    """Return the nodes of Figure 6 (``SINGLE``).

    A node that is missing is one of the same status from the location that has most
    of that status; of several the first in the order of every table.

    Parameters
    ----------
    candidates
        ``tables.NODES`` of the test set.

    Raises
    ------
    NoExampleError
        If the test set has no node of a status.
    """
    return [_typical(candidates, location, status) for location, status in SINGLE]


def paired_examples(candidates: pd.DataFrame) -> list[Example]:
    """Return the positive and the negative node of Figure 7.

    Where the configured location lacks one of them, both come from the location whose
    rarer status has the most nodes; where no location has both, each comes from where
    ``single_examples`` would find it.
    """
    shared = _shared_location(candidates)
    remark = "" if shared == PAIRED else LACKING
    found = [
        _typical(candidates, shared, status) for status in ("positive", "negative")
    ]
    return [Example(one.node, one.remark or remark) for one in found]


LACKING = (
    f"The test set has not both a positive and a negative {PAIRED} node; the location "
    "whose rarer status has the most test nodes is shown instead."
)


def rule(examples: Sequence[Example]) -> str:
    """Say how the nodes were chosen, as far as the test set let the rule go."""
    known = all(pd.notna(one.node["suv_max"]) for one in examples)
    measures = "volume and SUVmax" if known else "volume"
    words = (
        "The nodes were chosen by rule: of the test nodes of a location and status the "
        f"one nearest to their median {measures}, as in Figure 1."
    )
    return " ".join(dict.fromkeys([words, *(e.remark for e in examples if e.remark)]))


def _typical(candidates: pd.DataFrame, location: str, status: str) -> Example:
    """Return the most typical node of a status at a location, or the nearest thing."""
    own = candidates[candidates["status"] == status]
    counts = _ordered(own["location"].value_counts())
    place = location if counts.get(location, 0) or counts.empty else counts.idxmax()
    among = own[own["location"] == place]
    remark = (
        ""
        if place == location
        else f"The test set has no {status} {location} node; one of the location "
        f"{place} is shown instead."
    )
    return Example(ranked_by_typicality(among, status).iloc[0], remark)


def _shared_location(candidates: pd.DataFrame) -> str:
    """Return the location that has both, the configured one if possible."""
    counts = candidates.groupby(["location", "status"]).size().unstack(fill_value=0)
    rarer = _ordered(counts.reindex(columns=tables.STATUS, fill_value=0).min(axis=1))
    if rarer.get(PAIRED, 0) or not rarer.max():
        return PAIRED
    return str(rarer.idxmax())


def _ordered(counts: "pd.Series[int]") -> "pd.Series[int]":
    """Put counts by location in the order of every table."""
    return counts.reindex([name for name in tables.LOCATIONS if name in counts])
