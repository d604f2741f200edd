"""The account of what was recomputed: numbers of files, one by one.

Every number of a file has a path. Whoever recomputes it hands in its own value; numbers
that nobody recomputes stay in the account with the reason.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from math import isinf, isnan
from typing import Any

import pandas as pd

from nodal_staging.tables.columns import count, one_of, optional_number, table, text

EXACT = 1e-9
"""Largest difference of a closed formula, of the larger number or of 1."""

ITERATED = 1e-6
"""Largest difference of what one side finds by iteration."""

STATUSES = ["recomputed", "drawn_again", "checked_before", "not_recomputed"]

RECOMPUTATION = table(
    {
        "file": text(),
        "quantity": text(),
        "status": one_of(STATUSES),
        "by": text(),
        "values": count(),
        "largest_difference": optional_number(0),
        "allowed": optional_number(0),
    },
    unique=["file", "quantity", "status", "by"],
)
"""Numbers of the results and their second implementation. ``recomputed``: equal within
``allowed``, a share of the larger number or of 1. ``drawn_again``: the end of a
bootstrap interval, within the Monte-Carlo error of other draws. ``checked_before``:
by the job that wrote the file. ``not_recomputed``: ``by`` gives the reason."""

SETTINGS = frozenset({"level", "replicates", "seed", "target", "prior", "n_tied"})
"""Last names of paths that are settings of the study, and no results."""

Number = float | int | bool | None


class RecomputationError(RuntimeError):
    """A written number and its second computation differ: one of them is wrong."""


@dataclass
class Ledger:
    """What was compared so far, by file and quantity."""

    rows: dict[tuple[str, str, str, str], list[float]] = field(
        default_factory=lambda: defaultdict(lambda: [0, float("nan"), float("nan")])
    )

    def add(
        self,
        written: "Written",
        quantity: str,
        status: str,
        by: str,
        difference: float = float("nan"),
        allowed: float = float("nan"),
    ) -> None:
        """Count a number under its quantity."""
        row = self.rows[written.kind, quantity, status, by]
        row[0] += 1
        row[1] = difference if isnan(row[1]) else max(difference, row[1])
        row[2] = allowed

    def frame(self) -> pd.DataFrame:
        """Return ``RECOMPUTATION``, sorted."""
        rows = [(*key, *found) for key, found in sorted(self.rows.items())]
        return pd.DataFrame(rows, columns=list(RECOMPUTATION.columns))


@dataclass
class Written:
    """The numbers of a file, or of a row of one, by path; taken out once compared.

    Attributes
    ----------
    ledger
        Where comparisons are counted.
    kind, place
        The kind of file, and which one (and which row), for messages.
    numbers
        Number by path, as ``metrics/f1/lower`` or the name of a column.
    """

    ledger: Ledger
    kind: str
    place: str
    numbers: dict[str, Number]

    @classmethod
    def of_json(
        cls, ledger: Ledger, kind: str, place: str, content: Mapping[str, Any]
    ) -> "Written":
        """Take all numbers of a JSON file; settings are left out."""
        found = {
            path: value
            for path, value in _leaves(content, "")
            if path.rpartition("/")[2] not in SETTINGS
        }
        return cls(ledger, kind, place, found)

    @classmethod
    def of_row(
        cls, ledger: Ledger, kind: str, place: str, row: Mapping[Any, Any]
    ) -> "Written":
        """Take all numbers of a row of a table; empty cells are None."""
        found = {
            str(name): None if pd.isna(value) else value
            for name, value in row.items()
            if not isinstance(value, str) and str(name) not in SETTINGS
        }
        return cls(ledger, kind, place, found)

    def same(
        self, path: str, second: Number, by: str, *, allowed: float = EXACT
    ) -> None:
        """Compare a number with its second computation.

        Parameters
        ----------
        path
            Of the number; one that the file lacks is left out.
        second
            None or NaN where there should be no number.
        by
            What computed it.
        allowed
            Difference, as a share of the larger number or of 1.

        Raises
        ------
        RecomputationError
            Naming the file, the number and both values.
        """
        if path not in self.numbers:
            return
        first = self.numbers.pop(path)
        if _missing(first) or _missing(second):
            if _missing(first) != _missing(second):
                self._refuse(path, first, second, by, allowed)
            self.ledger.add(self, quantity(path), "recomputed", by, 0.0, allowed)
            return
        a, b = float(first or 0), float(second or 0)
        difference = 0.0 if a == b else abs(a - b) / max(abs(a), abs(b), 1.0)
        if not difference <= allowed or isinf(a) != isinf(b):
            self._refuse(path, a, b, by, allowed)
        self.ledger.add(self, quantity(path), "recomputed", by, difference, allowed)

    def within(self, path: str, low: float, high: float, by: str) -> None:
        """Compare the end of a bootstrap interval with where it can lie by chance.

        Raises
        ------
        RecomputationError
            If it lies elsewhere.
        """
        if path not in self.numbers:
            return
        first = self.numbers.pop(path)
        if _missing(first) or not low - EXACT <= float(first or 0) <= high + EXACT:
            raise RecomputationError(
                f"{self.kind}, {self.place}, {path}: {first!r} is written, but other "
                f"draws ({by}) give {low:.6g} to {high:.6g}; one of the two "
                "implementations is wrong, so do not use these results"
            )
        self.ledger.add(self, quantity(path), "drawn_again", by)

    def leave(self, paths: Iterable[str], status: str, reason: str) -> None:
        """Count numbers that are not compared here, with the reason."""
        for path in list(paths):
            if path in self.numbers and self.numbers.pop(path) is not None:
                self.ledger.add(self, quantity(path), status, reason)

    def ignore(self, paths: Iterable[str]) -> None:
        """Take out what is no result: settings, grids, remarks."""
        for path in list(paths):
            self.numbers.pop(path, None)

    def close(self, why: str = "no second implementation") -> None:
        """Count every number that is left as not recomputed."""
        self.leave(list(self.numbers), "not_recomputed", why)

    def below(self, prefix: str) -> list[str]:
        """Return the paths that are left and start with a prefix."""
        return [path for path in self.numbers if path.startswith(prefix)]

    def _refuse(
        self, path: str, first: Number, second: Number, by: str, allowed: float
    ) -> None:
        raise RecomputationError(
            f"{self.kind}, {self.place}, {path}: {first!r} is written, but {by} gives "
            f"{second!r} (allowed difference {allowed:g}); one of the two "
            "implementations is wrong, so do not use these results"
        )


def quantity(path: str) -> str:
    """Return a path without the numbers of places in lists.

    Examples
    --------
    >>> quantity("at_prevalence/0/ppv/lower")
    'at_prevalence/ppv/lower'
    """
    return "/".join(part for part in path.split("/") if not part.isdigit())


def _missing(value: Number) -> bool:
    return value is None or isnan(value)


def _leaves(content: Any, start: str) -> Iterator[tuple[str, Number]]:
    """Yield path and value of every number, and of None."""
    if isinstance(content, Mapping):
        parts: Iterable[tuple[Any, Any]] = content.items()
    elif isinstance(content, list):
        parts = enumerate(content)
    else:
        if not isinstance(content, str):
            yield start, content
        return
    for name, value in parts:
        yield from _leaves(value, f"{start}/{name}" if start else str(name))
