"""How a sheet lies in its file, read without pandas, since every run asks first."""

import csv
from collections.abc import Iterator
from pathlib import Path


def separator(path: str | Path) -> str:
    """Choose the separator by the suffix: commas in ``.csv``, tabs elsewhere.

    Examples
    --------
    >>> separator("nodes.csv")
    ','
    """
    return "," if Path(path).suffix == ".csv" else "\t"


def read_rows(path: str | Path) -> Iterator[list[str]]:
    """Yield the header and the rows of a sheet, as ``tables.read`` takes them.

    A byte-order mark and empty lines do not count; what is not UTF-8 is replaced, since
    the check of the sheets says what is wrong.
    """
    with Path(path).open(encoding="utf-8-sig", errors="replace", newline="") as file:
        yield from filter(None, csv.reader(file, delimiter=separator(path)))
