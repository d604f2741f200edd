"""Printed means of several rows, with those of the counts recovered for them."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import product

import numpy as np

from nodal_staging.paper.recover_counts.fits import RULES, Pair, Rule, ratio
from nodal_staging.paper.recover_counts.printed import Cell, PublishedRow

Member = tuple[PublishedRow, Sequence[Pair]]
"""A row and the counts that it can have."""


@dataclass(frozen=True, slots=True)
class MeanCell:
    """A printed mean of several rows, and the rules that give it.

    ``least`` and ``greatest`` bound the mean of the exact shares; ``rules`` give the
    cell from exact shares, ``rules_of_printed`` from the shares as printed.
    """

    row: PublishedRow
    cell: Cell
    least: Fraction
    greatest: Fraction
    rules: tuple[str, ...]
    rules_of_printed: tuple[str, ...]


def compare_means(
    rows: Sequence[PublishedRow], counts: Mapping[str, Sequence[Pair]]
) -> Iterator[MeanCell]:
    """Compare printed means with those of the counts recovered for their rows.

    Parameters
    ----------
    rows
        The whole table.
    counts
        Classifier to the counts that it can have.
    """
    found = {row.classifier: row for row in rows}
    for row in rows:
        if row.mean_of and all(name in counts for name in row.mean_of):
            members = [(found[name], counts[name]) for name in row.mean_of]
            for cell in row.cells:
                if cell.target is None:
                    yield _mean(row, cell, members)


def _mean(row: PublishedRow, cell: Cell, members: Sequence[Member]) -> MeanCell:
    """Compare one printed mean with all means that the counts allow."""
    exact = {
        sum(shares, Fraction()) / len(shares)
        for shares in product(*(_shares(*member, cell.metric) for member in members))
    }
    printed = [_printed(member, cell.metric) for member, _ in members]
    known = [share for share in printed if share is not None]
    of_printed = {sum(known, Fraction()) / len(known)} if known == printed else set()
    return MeanCell(
        row=row,
        cell=cell,
        least=min(exact),
        greatest=max(exact),
        rules=_rules_giving(cell, exact),
        rules_of_printed=_rules_giving(cell, of_printed),
    )


def _shares(row: PublishedRow, counts: Sequence[Pair], metric: str) -> set[Fraction]:
    """Return a metric of a row for each of its counts."""
    numerator, denominator = ratio(metric, row.n_positive, row.n_negative)
    return {
        Fraction(int(numerator[pair]), int(denominator[pair]))
        for pair in counts
        if denominator[pair]
    }


def _printed(row: PublishedRow, metric: str) -> Fraction | None:
    """Return what the table itself prints of a metric."""
    for cell in row.cells:
        if cell.name == metric:
            return Fraction(cell.printed, cell.scale)
    return None


def _rules_giving(cell: Cell, values: set[Fraction]) -> tuple[str, ...]:
    """Return the rules that round one of the values to the cell."""
    return tuple(
        name
        for name, rule in RULES.items()
        if any(_rounded(rule, value * cell.scale) == cell.printed for value in values)
    )


def _rounded(rule: Rule, value: Fraction) -> int:
    """Round one fraction."""
    numerator, denominator = value.as_integer_ratio()
    return int(rule(np.array(numerator), np.array(denominator)))
