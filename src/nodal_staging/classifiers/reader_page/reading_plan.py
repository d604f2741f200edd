"""What readers read: codes in place of node_ids, and an order for each reader.

Neither depends on status, location or measurements of a node: codes, orders, repeats
and practice cases are drawn from the seed, the name of the study and sorted node_ids.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from nodal_staging.study.seeds import stream

TRAINING, CASE, REPEAT = "training", "case", "repeat"
KINDS = [TRAINING, CASE, REPEAT]
"""Practice cases, the test nodes, and test nodes that are read a second time."""

ARMS = ["unaided", "aided"]
SCALES = {"likelihood4": (1, 4), "node_rads": (1, 5), "percent": (0, 100)}
"""Lowest and highest rating of each scale."""

LETTERS = "BCDFGHJKLMNPQRSTVWXZ"
"""Without vowels, so that a code is no word."""
CODE_LENGTH = 5

Reading = tuple[str, str]
"""A code and one of ``KINDS``."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PageOptions:
    """How the page of a reader study is made.

    Attributes
    ----------
    study
        Name of the study.
    readers
        Their names.
    arms
        Which of ``ARMS`` the page offers.
    repeats
        Share of the cases that are read twice.
    repeat_distance
        Fewest cases from a case to its repeat.
    training_cases
        Practice cases at the beginning.
    window
        Level and width in HU of the first window.
    scale
        One of ``SCALES``.
    sessions
        Parts with a break in between.
    compressed
        Whether volumes are compressed.
    seed
        Of codes and orders.
    """

    study: str
    readers: tuple[str, ...]
    arms: tuple[str, ...]
    repeats: float
    repeat_distance: int
    training_cases: int
    window: tuple[float, float]
    scale: str
    sessions: int
    compressed: bool
    seed: int

    def rng(self, *names: str) -> np.random.Generator:
        """Open a random stream of this reader study."""
        return stream(self.seed, "reader_page", self.study, *names)


def draw_codes(node_ids: Sequence[str], options: PageOptions) -> dict[str, str]:
    """Return a code of five letters for each node, all different."""
    rng = options.rng("codes")
    size = len(LETTERS) ** CODE_LENGTH
    numbers = rng.choice(size, len(node_ids), replace=False)
    return {
        node_id: _code(int(number))
        for node_id, number in zip(sorted(node_ids), numbers, strict=True)
    }


def _code(number: int) -> str:
    letters = []
    for _ in range(CODE_LENGTH):
        number, place = divmod(number, len(LETTERS))
        letters.append(LETTERS[place])
    return "".join(letters)


def choose_training(node_ids: Sequence[str], options: PageOptions) -> list[str]:
    """Draw the practice cases from the nodes of the training set, whatever they are."""
    count = min(options.training_cases, len(node_ids))
    drawn = options.rng("training").choice(len(node_ids), count, replace=False)
    ordered = sorted(node_ids)
    return [ordered[place] for place in drawn]


def reading_order(
    training: Sequence[str],
    codes: Sequence[str],
    options: PageOptions,
    *,
    reader: str,
    arm: str,
) -> list[Reading]:
    """Return what a reader reads, one after the other.

    Parameters
    ----------
    training, codes
        Codes of the practice cases and of the test nodes.
    options
        Repeats and the seed.
    reader, arm
        Each has an order of its own.

    Returns
    -------
    Practice cases, then cases in random order, with repeats in between that come at
    least ``repeat_distance`` cases after the first reading. Fewer repeats than asked
    for if there are too few cases.
    """
    rng = options.rng("order", reader, arm)
    base = [str(code) for code in rng.permutation(sorted(codes))]
    firsts = np.arange(max(0, len(base) - options.repeat_distance + 1))
    count = min(round(options.repeats * len(base)), len(firsts))
    inserted: dict[int, list[str]] = {}
    for first in rng.choice(firsts, count, replace=False) if count else []:
        slot = int(rng.integers(first + options.repeat_distance, len(base) + 1))
        inserted.setdefault(slot, []).append(base[int(first)])
    order = [(code, TRAINING) for code in training]
    for place, code in enumerate([*base, ""]):
        order += [(again, REPEAT) for again in inserted.get(place, [])]
        order += [(code, CASE)] if code else []
    return order
