"""Replicates of a stratified bootstrap, many at a time.

A replicate is held as counts: how often each distinct score of a class was drawn.
Areas and operating points follow from cumulative counts, in integers, so that all
replicates of a chunk are one pass over a matrix.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from nodal_staging.study.arrays import BoolArray, FloatArray, IntArray

CELLS_AT_ONCE = 400_000
FEW_ROWS = 16
"""Up to which rows are better taken one by one, each in the processor's cache."""


@dataclass(frozen=True, slots=True)
class Replicates:
    """AUC ``(b,)``, sensitivity ``(b, k)`` and specificity ``(b, l)``, unsorted."""

    auc: FloatArray
    sensitivity: FloatArray
    specificity: FloatArray

    @classmethod
    def joined(cls, parts: list["Replicates"]) -> "Replicates":
        """Put chunks together."""
        return cls(
            np.concatenate([part.auc for part in parts]),
            np.concatenate([part.sensitivity for part in parts]),
            np.concatenate([part.specificity for part in parts]),
        )


@dataclass(frozen=True, eq=False)
class Classes:
    """The distinct scores of both classes, and which of them each node has.

    Attributes
    ----------
    cases, controls
        Distinct scores of positive and of negative nodes, ascending ``(p,)``, ``(q,)``.
    case_place, control_place
        Index of each node's score in them, nodes in their own order.
    """

    cases: FloatArray
    controls: FloatArray
    case_place: IntArray
    control_place: IntArray

    @classmethod
    def of(cls, score: FloatArray, positive: BoolArray) -> "Classes":
        """Sort both classes; ``score`` and ``positive`` are ``(n,)``."""
        cases, case_place = np.unique(score[positive], return_inverse=True)
        controls, control_place = np.unique(score[~positive], return_inverse=True)
        return cls(cases, controls, case_place, control_place)

    @property
    def nodes(self) -> int:
        """Number of nodes."""
        return len(self.case_place) + len(self.control_place)

    @cached_property
    def places(self) -> tuple[IntArray | None, IntArray | None]:
        """The places of both classes, None where looking them up is needless."""
        return (
            _unless_in_order(self.case_place, len(self.cases)),
            _unless_in_order(self.control_place, len(self.controls)),
        )

    @cached_property
    def controls_around(self) -> tuple[IntArray, IntArray]:
        """How many control scores lie below each case score, and not above it."""
        return _ranks(self.cases, among=self.controls)

    @cached_property
    def cases_around(self) -> tuple[IntArray, IntArray]:
        """How many case scores lie below each control score, and not above it."""
        return _ranks(self.controls, among=self.cases)

    @cached_property
    def mirrored(self) -> "Classes":
        """The classes in each other's place, and the scores with another sign."""
        return Classes(
            -self.controls[::-1],
            -self.cases[::-1],
            self.control_place,
            self.case_place,
        )

    def replicates(
        self,
        case_draws: IntArray,
        control_draws: IntArray,
        specificities: FloatArray,
        sensitivities: FloatArray,
    ) -> Replicates:
        """Compute replicates from the nodes that were drawn.

        Parameters
        ----------
        case_draws, control_draws
            Which nodes of each class, counted from 0, ``(b, m)`` and ``(b, n)``.
        specificities, sensitivities
            Where the other of the two is read; ``(k,)`` and ``(l,)``.
        """
        case_place, control_place = self.places
        cases = _counts(case_draws, case_place, len(self.cases))
        controls = _counts(control_draws, control_place, len(self.controls))
        passed, missed = _cumulated(controls), _cumulated(cases)
        return Replicates(
            self._areas(cases, passed),
            self._sensitivities(missed, passed, specificities),
            self.specificities(cases, controls, sensitivities),
        )

    def areas(self, cases: IntArray, controls: IntArray) -> FloatArray:
        """Return the AUC of each replicate from counts per distinct score, exactly.

        Parameters
        ----------
        cases, controls
            Counts ``(b, p)`` and ``(b, q)``; their sums may differ between replicates.
        """
        return self._areas(cases, _cumulated(controls))

    def sensitivities(
        self, cases: IntArray, controls: IntArray, specificities: FloatArray
    ) -> FloatArray:
        """Read the curves of all replicates at given specificities ``(b, k)``.

        One that is attained gives the most sensitive point, others are interpolated,
        as in pROC.
        """
        return self._sensitivities(
            _cumulated(cases), _cumulated(controls), specificities
        )

    def _areas(self, cases: IntArray, passed: IntArray) -> FloatArray:
        """Count wins; ``passed`` are cumulated controls."""
        lower, upper = self.controls_around
        twice = np.take(passed, lower, axis=1) + np.take(passed, upper, axis=1)
        wins = np.einsum("bp,bp->b", cases, twice)
        pairs = cases.sum(axis=1) * passed[:, -1]
        return np.asarray(wins / (2.0 * pairs))

    def _sensitivities(
        self, missed: IntArray, passed: IntArray, specificities: FloatArray
    ) -> FloatArray:
        """Read curves from cumulated cases and controls."""
        m, n = int(missed[0, -1]), int(passed[0, -1])
        if not len(specificities):
            return np.empty((len(missed), 0))
        # Smallest count of true negatives that reaches each specificity.
        needed = np.searchsorted(np.arange(n + 1) / n, specificities)
        found = _first_reaching(passed, np.maximum(needed, 1), n)
        reached = np.take_along_axis(passed, found + 1, axis=1)
        lower = np.take_along_axis(passed, found, axis=1)
        less, at_most = self.cases_around
        top = m - np.take_along_axis(missed, at_most[found], axis=1)
        bottom = m - np.take_along_axis(missed, less[found], axis=1)
        weight = (specificities * n - lower) / (reached - lower)
        between = bottom + weight * (top - bottom)
        exact = (needed / n == specificities) & (reached == needed)
        read = np.where(exact, top, between) / m
        return np.asarray(np.where(needed == 0, 1.0, read))

    def specificities(
        self, cases: IntArray, controls: IntArray, sensitivities: FloatArray
    ) -> FloatArray:
        """Read specificities at given sensitivities ``(b, l)``.

        The classes change places and the scores their sign, so that a sensitivity
        that is attained gives the most specific point, as in pROC.
        """
        if not len(sensitivities):
            return np.empty((len(cases), 0))
        return self.mirrored.sensitivities(
            controls[:, ::-1], cases[:, ::-1], sensitivities
        )


def chunks(replicates: int, nodes: int) -> Iterator[int]:
    """Cut a number of replicates so that a chunk of them fits into memory."""
    step = max(1, CELLS_AT_ONCE // nodes)
    for start in range(0, replicates, step):
        yield min(step, replicates - start)


def _ranks(of: FloatArray, *, among: FloatArray) -> tuple[IntArray, IntArray]:
    """Return how many of some ascending values are less, and not more, than others."""
    return (
        np.searchsorted(among, of, side="left"),
        np.searchsorted(among, of, side="right"),
    )


def _counts(draws: IntArray, place: IntArray | None, values: int) -> IntArray:
    """Count in each row how often the score of each place was drawn."""
    places = draws if place is None else place[draws]
    rows = len(draws)
    if rows <= FEW_ROWS:
        counts = np.empty((rows, values), np.int64)
        for row, drawn in enumerate(places):
            counts[row] = np.bincount(drawn, minlength=values)
        return counts
    offset = places + np.arange(rows)[:, None] * values
    return np.bincount(offset.ravel(), minlength=rows * values).reshape(rows, values)


def _cumulated(counts: IntArray) -> IntArray:
    """Return how many were drawn below each value, and in all ``(b, p + 1)``."""
    summed = np.empty((len(counts), counts.shape[1] + 1), np.int64)
    summed[:, 0] = 0
    np.cumsum(counts, axis=1, out=summed[:, 1:])
    return summed


def _first_reaching(passed: IntArray, needed: IntArray, n: int) -> IntArray:
    """Return per row the first value up to which at least ``needed`` were drawn."""
    if len(passed) <= FEW_ROWS:
        return np.stack([np.searchsorted(row[1:], needed) for row in passed])
    rows = np.arange(len(passed))[:, None]
    # One ascending line of all rows: each ends at n and the next begins above.
    flat = (passed[:, 1:] + rows * (n + 1)).ravel()
    found = np.searchsorted(flat, needed + rows * (n + 1))
    return np.asarray(found - rows * (passed.shape[1] - 1))


def _unless_in_order(place: IntArray, values: int) -> IntArray | None:
    """Return None where sorted nodes without ties are their own places."""
    in_order = len(place) == values and bool((np.diff(place) > 0).all())
    return None if in_order else place
