"""Uptake and status: where PET and readers disagree.

Disagreements are listed for a second look. Nothing is relabelled: the status of a
node is the readers' consensus, and an SUV is no reference standard.
"""

from pathlib import Path

import pandas as pd

from nodal_staging import tables


def check_uptake(*, nodes: str | Path, cutoff_suv: float, output: str | Path) -> None:
    """List nodes whose SUVmax lies on the other side of the cut-off than their status.

    Parameters
    ----------
    nodes
        Measured nodes (``tables.NODES``); those without SUV or status are left out.
    cutoff_suv
        SUVmax above which a node is expected to be positive.
    output
        ``tables.DISAGREEMENTS``, positive nodes first, the most striking on top.
    """
    frame = tables.read(nodes, tables.NODES)
    found = disagreements(frame, cutoff_suv)
    tables.write(found, output, tables.DISAGREEMENTS)


def disagreements(nodes: pd.DataFrame, cutoff_suv: float) -> pd.DataFrame:
    """Return positive nodes at or below the cut-off, and negative ones above it."""
    known = nodes[nodes["suv_max"].notna() & nodes["status"].ne(tables.UNKNOWN)]
    hot, positive = known["suv_max"] > cutoff_suv, known["status"] == "positive"
    cold_positive = known[positive & ~hot].sort_values(["suv_max", "node_id"])
    hot_negative = known[~positive & hot].sort_values(
        ["suv_max", "node_id"], ascending=[False, True]
    )
    listed = [
        cold_positive.assign(disagreement="positive_without_uptake"),
        hot_negative.assign(disagreement="negative_with_uptake"),
    ]
    return pd.concat(listed)[list(tables.DISAGREEMENTS.columns)]
