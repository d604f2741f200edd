"""What is recovered from a table, gathered for files and for the page."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations

from nodal_staging.paper.recover_counts.consensus import (
    Assignment,
    Consensus,
    assignments_of,
    find_consensus,
    judge_row,
)
from nodal_staging.paper.recover_counts.contradictions import Verdict, judge
from nodal_staging.paper.recover_counts.discordance import (
    SCOPES,
    TESTS,
    Block,
    bounds,
    chance_not_significant,
)
from nodal_staging.paper.recover_counts.fits import RULES, Pair, fits, points_at_target
from nodal_staging.paper.recover_counts.means import MeanCell, compare_means
from nodal_staging.paper.recover_counts.printed import MAIN, Cell, PublishedRow

SHARES = f"{MAIN}: shares"


@dataclass(frozen=True, slots=True)
class Judged:
    """A row under one rounding rule: which of its cells, and what they say."""

    row: PublishedRow
    scope: str
    rule: str
    cells: tuple[Cell, ...]
    verdict: Verdict


@dataclass(frozen=True, slots=True)
class Recovered:
    """A row under the rules on which the table agrees.

    Attributes
    ----------
    row
        As printed.
    counts
        True positives and true negatives under any of the best assignments.
    contradicted
        Name of a cell to the rules under which it is contradicted.
    fewest_removed
        How many cells are contradicted at least.
    points
        Cell of a specificity at a sensitivity, true positives and negatives there.
    """

    row: PublishedRow
    counts: tuple[Pair, ...]
    contradicted: dict[str, tuple[str, ...]]
    fewest_removed: int
    points: tuple[tuple[str, Pair], ...]


@dataclass(frozen=True, slots=True)
class Findings:
    """All findings on the counts of a published table."""

    judged: tuple[Judged, ...]
    consensus: Consensus
    recovered: tuple[Recovered, ...]
    means: tuple[MeanCell, ...]
    bounds: tuple[Block, ...]


def find(rows: Sequence[PublishedRow], *, significance: float) -> Findings:
    """Recover the counts of a table and what follows from them.

    Parameters
    ----------
    rows
        From ``read_published``.
    significance
        Level of McNemar's tests.
    """
    counted = [row for row in rows if not row.mean_of and row.cells]
    consensus = find_consensus(counted)
    recovered = [_recover(row, consensus) for row in counted]
    known = {one.row.classifier: one.counts for one in recovered}
    return Findings(
        judged=tuple(one for row in counted for one in _judge(row)),
        consensus=consensus,
        recovered=tuple(recovered),
        means=tuple(compare_means(rows, known)),
        bounds=tuple(_bounds(recovered, significance)),
    )


def _judge(row: PublishedRow) -> Iterator[Judged]:
    """Judge the shares of the table, and all cells of the row, by each rule alone."""
    shares = tuple(cell for cell in row.cells if cell.convention == SHARES)
    for scope, cells in (("shares", shares), ("all", row.cells)):
        for rule in RULES if cells else ():
            masks = [fits(row, cell, rule) for cell in cells]
            yield Judged(row, scope, rule, cells, judge(masks))


def _recover(row: PublishedRow, consensus: Consensus) -> Recovered:
    """Unite what the best assignments say of a row."""
    counts: set[Pair] = set()
    contradicted: dict[str, set[str]] = {}
    removed: list[int] = []
    points: set[tuple[str, Pair]] = set()
    for assignment in assignments_of(consensus, row):
        verdict = judge_row(row, assignment)
        counts.update(verdict.best)
        removed.append(min((len(one.cells) for one in verdict.removals), default=0))
        for cell in _contradicted(row, verdict):
            rules = contradicted.setdefault(cell.name, set())
            rules.add(assignment[cell.convention])
        points.update(_points(row, assignment, verdict.best))
    return Recovered(
        row=row,
        counts=tuple(sorted(counts)),
        contradicted={
            name: tuple(rule for rule in RULES if rule in rules)
            for name, rules in contradicted.items()
        },
        fewest_removed=min(removed),
        points=tuple(sorted(points)),
    )


def _contradicted(row: PublishedRow, verdict: Verdict) -> list[Cell]:
    """Return the cells of the smallest sets to remove."""
    fewest = min((len(one.cells) for one in verdict.removals), default=0)
    places = {
        place
        for one in verdict.removals
        if len(one.cells) == fewest
        for place in one.cells
    }
    return [row.cells[place] for place in sorted(places)]


def _points(
    row: PublishedRow, assignment: Assignment, counts: Sequence[Pair]
) -> Iterator[tuple[str, Pair]]:
    """Yield the operating points that a specificity at a sensitivity allows."""
    for cell in row.cells:
        if cell.target is not None:
            rule = assignment[cell.convention]
            for pair in counts:
                for point in points_at_target(row, cell, rule, pair):
                    yield cell.name, point


def _bounds(recovered: Sequence[Recovered], significance: float) -> Iterator[Block]:
    """Bound McNemar's test for all pairs of rows of the same class sizes."""
    for a, b in combinations(recovered, 2):
        sizes = (a.row.n_positive, a.row.n_negative)
        if sizes != (b.row.n_positive, b.row.n_negative):
            continue
        for scope in SCOPES:
            found = bounds(
                a.counts, b.counts, sizes, scope=scope, significance=significance
            )
            n = {"positives": sizes[0], "negatives": sizes[1]}.get(scope, sum(sizes))
            names = {"classifier_a": a.row.classifier, "classifier_b": b.row.classifier}
            yield (
                names
                | {"scope": scope, "n": n}
                | found
                | _chances(a, b, sizes, scope, significance)
            )


def _chances(
    a: Recovered, b: Recovered, sizes: tuple[int, int], scope: str, significance: float
) -> Block:
    """Return the chance of no significance under independent errors, per test."""
    if scope != "all" or len(a.counts) != 1 or len(b.counts) != 1:
        return {f"chance_{test}_spared": None for test in TESTS}
    return {
        f"chance_{test}_spared": chance_not_significant(
            a.counts[0], b.counts[0], sizes, test=test, significance=significance
        )
        for test in TESTS
    }
