"""The paper's numbers as they are printed."""

from nodal_staging.tables.columns import one_of, optional_text, table, text
from nodal_staging.tables.rounding import half_up, truncated

UNITS = ["count", "number", "percent"]
ROUNDING = {"half up": half_up, "truncation": truncated}

PUBLISHED = table(
    {
        "section": text(),
        "quantity": text(),
        "printed": text(),
        "unit": one_of(UNITS),
        "rounding": one_of(list(ROUNDING)),
        "ours": text(),
        "contradiction": optional_text(),
        "note": optional_text(),
    },
    unique=["section", "quantity"],
)
"""The paper's numbers as they are printed; ``ours`` names the number that is
compared with one, and ``rounding`` the rule of the paper there: Table 1 truncates its
shares, as the recovery of its counts shows."""
