"""Who read the nodes; light, since the workflow asks before it runs anything."""

from collections.abc import Sized
from pathlib import Path

from nodal_staging.study.delimited import read_rows


def reader_names(readings: str | Path) -> list[str]:
    """List the readers of a sheet in alphabetical order.

    A sheet without a reader column gives none here; the check of the sheets says
    what is wrong with it.
    """
    rows = read_rows(readings)
    header = next(rows, [])
    if "reader" not in header:
        return []
    place = header.index("reader")
    return sorted({row[place] for row in rows if len(row) > place} - {""})


def readers_of(readers: Sized) -> list[str]:
    """Name the readers as classifiers: ``reader_1``, ``reader_2``, ...

    Parameters
    ----------
    readers
        One entry a reader: what they rated, or the perception noise of simulated ones.
    """
    return [f"reader_{number}" for number in range(1, len(readers) + 1)]
