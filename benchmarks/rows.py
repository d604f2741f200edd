"""The contract of benchmarks: rows of the table in docs/performance.md.

A benchmark that belongs in the table is a script of this folder that ends in

    publish([Row("what", ours, "unit", "peer", theirs, bound), ...])

with both figures measured in one run. `make bench` (``collect.py``) finds every script
that imports ``publish`` and gathers their rows.
"""

import json
import os
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

PLACE = "NODAL_STAGING_BENCHMARK_ROWS"
"""Environment variable: the file to which rows are added, one JSON object a line."""


@dataclass(frozen=True, slots=True)
class Row:
    """One comparison.

    Attributes
    ----------
    what
        What was measured.
    ours, theirs
        Our figure and that of the peer or floor, in ``unit``; less is better.
    peer
        Name of the peer, or of the physical floor.
    bound
        The ratio ``ours / theirs`` that we want to stay below; None where the row
        only informs.
    """

    what: str
    ours: float
    unit: str
    peer: str
    theirs: float
    bound: float | None = None

    @property
    def ratio(self) -> float:
        """Ours as a multiple of theirs."""
        return self.ours / self.theirs

    @property
    def kept(self) -> bool:
        """Whether the bound holds."""
        return self.bound is None or self.ratio <= self.bound


def publish(rows: Sequence[Row]) -> None:
    """Print rows, and add them to the file that the collector named."""
    for row in rows:
        bound = "" if row.bound is None else f" (bound {row.bound:g})"
        print(
            f"{row.what}: {row.ours:.4g} {row.unit}, {row.peer} {row.theirs:.4g}, "
            f"ratio {row.ratio:.3g}{bound}"
        )
    if place := os.environ.get(PLACE):
        with Path(place).open("a", encoding="utf-8") as file:
            file.writelines(json.dumps(asdict(row)) + "\n" for row in rows)
