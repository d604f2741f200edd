"""The rounding rules on which all rows of a table agree best.

Cells of one source that are alike (AUCs, or shares) are taken to be rounded alike in
every row: a convention. Every assignment of rules to conventions is tried; the best
contradicts the fewest cells of the table. Several may tie.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import product

import numpy as np

from nodal_staging.paper.recover_counts.contradictions import Verdict, judge
from nodal_staging.paper.recover_counts.fits import RULES, fits
from nodal_staging.paper.recover_counts.printed import PublishedRow, PublishedTableError
from nodal_staging.study.arrays import IntArray

Assignment = Mapping[str, str]
"""Convention to rounding rule."""

MOST_CONVENTIONS = 6


@dataclass(frozen=True, slots=True)
class Consensus:
    """How well rounding rules explain a table.

    Attributes
    ----------
    best
        Assignments that contradict the fewest cells.
    contradicted
        How many cells these contradict.
    least
        Convention and rule to the fewest contradicted cells with this rule there.
    """

    best: tuple[Assignment, ...]
    contradicted: int
    least: Mapping[tuple[str, str], int]

    def rules(self, convention: str) -> list[str]:
        """Return the rules of a convention in the best assignments."""
        return [rule for rule in RULES if any(a[convention] == rule for a in self.best)]


def find_consensus(rows: Sequence[PublishedRow]) -> Consensus:
    """Try every assignment of rules to conventions on all rows with counts.

    Raises
    ------
    PublishedTableError
        If the table has more conventions than can be tried.
    """
    conventions = sorted({cell.convention for row in rows for cell in row.cells})
    if len(conventions) > MOST_CONVENTIONS:
        raise PublishedTableError(
            f"expected at most {MOST_CONVENTIONS} groups of cells that are rounded "
            f"alike, found {', '.join(conventions)}; leave out a source"
        )
    tallies = [_tally(row, conventions) for row in rows]
    costs = {
        chosen: sum(_fewest(tally, chosen) for tally in tallies)
        for chosen in product(range(len(RULES)), repeat=len(conventions))
    }
    fewest = min(costs.values())
    names = list(RULES)
    return Consensus(
        best=tuple(
            dict(zip(conventions, (names[rule] for rule in chosen), strict=True))
            for chosen, cost in costs.items()
            if cost == fewest
        ),
        contradicted=fewest,
        least={
            (convention, name): min(
                cost for chosen, cost in costs.items() if chosen[place] == rule
            )
            for place, convention in enumerate(conventions)
            for rule, name in enumerate(names)
        },
    )


def judge_row(row: PublishedRow, assignment: Assignment) -> Verdict:
    """Judge a row whose cells follow the rules of their conventions."""
    return judge([fits(row, cell, assignment[cell.convention]) for cell in row.cells])


def _tally(row: PublishedRow, conventions: Sequence[str]) -> IntArray:
    """Count the violated cells of a row.

    Returns
    -------
    ``(k, conventions, rules)`` for those of all counts that can be best: a pair that
    violates more cells at its best rules than another at its worst ones is left out.
    """
    shape = (len(conventions), len(RULES), row.n_positive + 1, row.n_negative + 1)
    counts = np.zeros(shape, np.int8)
    for cell in row.cells:
        for place, rule in enumerate(RULES):
            counts[conventions.index(cell.convention), place] += ~fits(row, cell, rule)
    flat = counts.reshape(*shape[:2], -1)
    bound = flat.max(axis=1).sum(axis=0).min()
    kept = flat[:, :, flat.min(axis=1).sum(axis=0) <= bound]
    return np.unique(kept.astype(np.int64), axis=2).transpose(2, 0, 1)


def _fewest(tally: IntArray, chosen: Sequence[int]) -> int:
    """Return the fewest violated cells of a row under the rules of an assignment."""
    places = range(len(chosen))
    return int(tally[:, list(places), list(chosen)].sum(axis=1).min())


def assignments_of(consensus: Consensus, row: PublishedRow) -> Iterator[Assignment]:
    """Yield what the best assignments say of the conventions of a row, each once."""
    seen = set()
    for assignment in consensus.best:
        own = {cell.convention: assignment[cell.convention] for cell in row.cells}
        key = tuple(sorted(own.items()))
        if key not in seen:
            seen.add(key)
            yield own
