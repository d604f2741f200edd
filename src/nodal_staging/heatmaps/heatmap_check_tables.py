"""What the checks of heatmaps write, node by node."""

import pandera.pandas as pa

from nodal_staging.tables.columns import count, number, one_of, table, text

CHECKS = [
    "rank_correlation",
    "area_gap",
    "outside_share",
    "logit_difference",
    "completeness_error",
]
PATTERNS = ["fitted", "kept", "none"]
TRAINED, PERMUTED, FRESH = "trained", "labels_permuted", "untrained"

NODE_CHECKS = table(
    {
        "node_id": text(),
        "check": one_of(CHECKS),
        "method": text(),
        "patterns": one_of(PATTERNS),
        "network": text(),
        "layers": count(),
        "value": pa.Column(float, nullable=True, coerce=True),
    },
    unique=["node_id", "check", "method", "patterns", "network"],
)
"""One value per node: ``network`` is ``trained``, ``labels_permuted``,
``untrained_<k>``, or the name of the lowest layer drawn anew, ``layers`` of them."""

CURVES = table(
    {
        "method": text(),
        "share_replaced": number(0, 1),
        "most_first": number(),
        "least_first": number(),
    },
    unique=["method", "share_replaced"],
)
"""Mean support for the side of 0.5 on which the output of each test node lies (logit
times its sign)."""
