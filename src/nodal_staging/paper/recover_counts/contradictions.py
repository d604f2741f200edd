"""Which cells of a row contradict each other.

Every pair of counts violates some set of cells. The row is consistent if some pair
violates none. Otherwise the sets that are violated, as small as possible, are the
minimal sets whose removal makes the row consistent; a set of cells that meets all of
them contradicts itself. Both are found exhaustively.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np

from nodal_staging.paper.recover_counts.fits import Pair
from nodal_staging.study.arrays import BoolArray, IntArray

Cells = tuple[int, ...]
"""Places of cells in their row."""

MOST_CELLS = 20


@dataclass(frozen=True, slots=True)
class Removal:
    """A minimal set of cells without which counts fit, and these counts."""

    cells: Cells
    counts: tuple[Pair, ...]


@dataclass(frozen=True, slots=True)
class Verdict:
    """What is known of a row under given rounding rules.

    Attributes
    ----------
    counts
        True positives and true negatives that fit all cells.
    removals
        Minimal sets to remove, smallest first; empty if counts fit.
    conflicts
        Minimal sets of cells that no counts fit together; empty if counts fit.
    """

    counts: tuple[Pair, ...]
    removals: tuple[Removal, ...]
    conflicts: tuple[Cells, ...]

    @property
    def best(self) -> tuple[Pair, ...]:
        """Return the counts that contradict the fewest cells, in order."""
        if self.counts:
            return self.counts
        fewest = min(len(removal.cells) for removal in self.removals)
        found = {
            pair
            for removal in self.removals
            if len(removal.cells) == fewest
            for pair in removal.counts
        }
        return tuple(sorted(found))


def judge(masks: Sequence[BoolArray]) -> Verdict:
    """Find the counts that fit all cells, or the cells that contradict each other.

    Parameters
    ----------
    masks
        One per cell: which counts fit it, by true positives and true negatives.
    """
    if len(masks) > MOST_CELLS:
        raise ValueError(f"a row of {len(masks)} cells; at most {MOST_CELLS} are tried")
    violated = np.zeros(masks[0].shape, np.int64)
    for place, mask in enumerate(masks):
        violated |= (~mask).astype(np.int64) << place
    codes = np.unique(violated)
    if not codes[0]:
        return Verdict(_pairs(violated == 0), (), ())
    removals = [
        Removal(_places(code), _pairs(violated == code)) for code in _minimal(codes)
    ]
    removals.sort(key=lambda removal: (len(removal.cells), removal.cells))
    sets = [sum(1 << place for place in removal.cells) for removal in removals]
    return Verdict((), tuple(removals), tuple(_conflicts(sets)))


def _minimal(codes: IntArray) -> list[int]:
    """Return the sets, as bits, that contain no other of them."""
    kept: list[int] = []
    for code in sorted(map(int, codes), key=int.bit_count):
        if not any(code & smaller == smaller for smaller in kept):
            kept.append(code)
    return kept


def _conflicts(removals: Sequence[int]) -> Iterator[Cells]:
    """Yield the minimal sets of cells that share a cell with every removal."""
    cells = [
        place for place in range(MOST_CELLS) if any(r >> place & 1 for r in removals)
    ]
    found: list[int] = []
    for size in range(1, len(cells) + 1):
        for chosen in combinations(cells, size):
            code = sum(1 << place for place in chosen)
            if any(code & smaller == smaller for smaller in found):
                continue
            if all(code & removal for removal in removals):
                found.append(code)
                yield chosen


def _places(code: int) -> Cells:
    """Return the places of the bits that are set."""
    return tuple(place for place in range(code.bit_length()) if code >> place & 1)


def _pairs(mask: BoolArray) -> tuple[Pair, ...]:
    """Return true positives and true negatives of a mask."""
    return tuple((int(tp), int(tn)) for tp, tn in np.argwhere(mask))
