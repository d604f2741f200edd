"""Each classifier of a synthetic cohort and the best AUC that is possible."""

from pathlib import Path

from nodal_staging.tables.columns import number, one_of, table, text
from nodal_staging.tables.contract import read

CEILINGS = table(
    {
        "classifier": text(unique=True),
        "ceiling_of": text(),
        "auc": number(0, 1),
        "standard_error": number(0),
        "ceiling": number(0, 1),
        "ceiling_standard_error": number(0),
        "realistic_ceiling": number(0, 1),
        "difference": number(-1, 1),
        "z": number(),
        "status": one_of(["below", "at", "leak"]),
    },
)
"""AUC of each classifier and the ceiling of what it sees: ``realistic_ceiling`` is that
with the noise and resolution of the images, ``z`` the difference in standard errors."""


def read_ceilings(path: str | Path | None, column: str) -> dict[str, float]:
    """Return a ceiling of each classifier; none where no truth is known.

    Parameters
    ----------
    path
        A table ``CEILINGS``, or None for a cohort without truth.
    column
        ``ceiling``, the ideal one, or ``realistic_ceiling``.
    """
    if path is None:
        return {}
    frame = read(path, CEILINGS)
    return dict(zip(frame["classifier"], frame[column], strict=True))
