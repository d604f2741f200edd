"""Draws of patients in which also locations with few nodes vary.

A bootstrap of n nodes has (n - 1) / n of the variance of their mean, and none if n is
1. Where a mix gives a single node much weight, its intervals would be far too narrow.
In each draw the scores of all nodes of one status and location are therefore shifted
by a normal number, whose variance is what the bootstrap lacks: the variance within
locations, pooled over the locations of a status, divided by the square of n. A location
that a draw lacks keeps its own nodes, and its shift has the whole variance over n.

Scores are shifted on the scale of their normal quantiles, so that no order-preserving
change of the scores changes a result. Equal scores are taken to be spread evenly
between their neighbours: after a shift one of them is the higher with the probability
that this implies, which is one half without a shift.

References
----------
Smoothed bootstrap: Silverman and Young, Biometrika 1987;74:469.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from scipy.special import ndtri

from nodal_staging.estimates.patient_bootstrap import PatientBootstrap
from nodal_staging.estimates.ranks import average_ranks
from nodal_staging.study.arrays import BoolArray, FloatArray, IntArray
from nodal_staging.study.seeds import stream


@dataclass(frozen=True, eq=False)
class SmoothedDraws:
    """Scored nodes in draws of their patients; the nodes as they are come first.

    Attributes
    ----------
    score
        Of each node ``(n,)``.
    called
        Whether it is called positive: whether it exceeds a threshold ``(n,)``.
    location
        Number of its location, from 0 ``(n,)``.
    drawn
        Draws of the patients.
    """

    score: FloatArray
    called: BoolArray
    location: IntArray
    drawn: PatientBootstrap

    @cached_property
    def cell(self) -> IntArray:
        """Number of status and location of each node ``(n,)``: odd if positive."""
        return np.asarray(2 * self.location + self.drawn.positive, int)

    @cached_property
    def nodes(self) -> FloatArray:
        """Number of nodes of each cell ``(c,)``, an even number of cells."""
        size = 2 * (int(self.location.max()) + 1)
        return np.bincount(self.cell, minlength=size).astype(float)

    @cached_property
    def lacking(self) -> BoolArray:
        """Which cells with nodes a draw of patients lacks ``(1 + replicates, c)``."""
        return np.asarray((self._counts == 0) & (self.nodes > 0))

    def measures(self, share: FloatArray) -> list[Mapping[str, FloatArray]]:
        """Weigh the cells, and return the measures in every draw.

        Parameters
        ----------
        share
            Shares of the cells in k mixes ``(k, c)``; those of a status sum to 1.

        Returns
        -------
        Of each mix ``auc``, ``sensitivity`` and ``specificity``,
        ``(1 + replicates,)`` each.
        """
        cases = np.flatnonzero(self.drawn.positive)
        controls = np.flatnonzero(~self.drawn.positive)
        found = np.empty((len(self._within), 3, len(share)))
        for place, (within, shift) in enumerate(
            zip(self._within, self._shifts, strict=True)
        ):
            weight = share[:, self.cell] * within
            a, b = weight[:, cases], weight[:, controls]
            moved = shift[self.cell]
            called = self._called(moved)
            found[place] = (
                ((a @ self._wins(cases, controls, moved)) * b).sum(axis=1),
                a @ called[cases],
                b @ ~called[controls],
            )
        names = ("auc", "sensitivity", "specificity")
        # Sums of weights are 1 but for rounding.
        found = np.clip(found, 0, 1)
        return [
            dict(zip(names, found[:, :, mix].T, strict=True))
            for mix in range(len(share))
        ]

    @cached_property
    def _times(self) -> FloatArray:
        """How often each node is in a draw ``(1 + replicates, n)``."""
        again = self.drawn.times[:, self.drawn.patient]
        return np.vstack([np.ones(len(self.cell)), again])

    @cached_property
    def _counts(self) -> FloatArray:
        """Nodes of each cell in a draw ``(1 + replicates, c)``."""
        one_hot = self.cell[:, None] == np.arange(len(self.nodes))
        return np.asarray(self._times @ one_hot.astype(float))

    @cached_property
    def _within(self) -> FloatArray:
        """Weight of each node in its cell ``(1 + replicates, n)``."""
        lacking = self.lacking
        times = self._times + lacking[:, self.cell]
        counts = np.where(lacking, self.nodes, self._counts)
        weight: FloatArray = times / counts[:, self.cell]
        return weight

    @cached_property
    def _quantile(self) -> FloatArray:
        """Normal quantile of each score ``(n,)``."""
        return np.asarray(ndtri((average_ranks(self.score) - 0.5) / len(self.score)))

    @cached_property
    def _spread(self) -> FloatArray:
        """How far scores that equal each node's are spread ``(n,)``."""
        n = len(self.score)
        _, place, counts = np.unique(
            self.score, return_inverse=True, return_counts=True
        )
        above = np.cumsum(counts)
        ends = np.clip(np.array([above - counts, above]) / n, 0.5 / n, 1 - 0.5 / n)
        low, high = ndtri(ends)
        spread: FloatArray = (high - low)[place]
        return spread

    @cached_property
    def _cut(self) -> float:
        """The threshold, half-way between the nodes next to it."""
        above = self._quantile[self.called].min(initial=np.inf)
        below = self._quantile[~self.called].max(initial=-np.inf)
        return float((above + below) / 2)

    @cached_property
    def _shifts(self) -> FloatArray:
        """By how much the scores of each cell are shifted ``(1 + replicates, c)``."""
        held = np.maximum(self.nodes, 1)
        variance = np.tile(self._variances(), len(held) // 2)
        missing = np.where(self.lacking, variance / held, variance / held**2)
        rng = stream(self.drawn.options.seed, "smoothed")
        drawn = rng.standard_normal(missing.shape) * np.sqrt(missing)
        drawn[0] = 0
        return np.asarray(drawn)

    def _variances(self) -> FloatArray:
        """Return the variance within locations of negative and positive nodes.

        Where all nodes of a status are at locations of their own, that of the status.
        """
        total = np.bincount(self.cell, self._quantile, len(self.nodes))
        mean = total / np.maximum(self.nodes, 1)
        found = []
        for own in (~self.drawn.positive, self.drawn.positive):
            freedom = own.sum() - len(np.unique(self.cell[own]))
            centre = mean[self.cell[own]]
            if not freedom:
                freedom, centre = max(own.sum() - 1, 1), self._quantile[own].mean()
            squares = (self._quantile[own] - centre) ** 2
            found.append(squares.sum() / freedom)
        return np.array(found)

    def _wins(
        self, cases: IntArray, controls: IntArray, moved: FloatArray
    ) -> FloatArray:
        """Return how probably a case is the higher ``(cases, controls)``."""
        apart = (self._quantile + moved)[cases][:, None]
        apart = apart - (self._quantile + moved)[controls][None, :]
        ties = self.score[cases][:, None] == self.score[controls][None, :]
        wins: FloatArray = (apart > 0).astype(float)
        if ties.any():
            spread = np.broadcast_to(self._spread[cases][:, None], ties.shape)[ties]
            step = np.clip(apart[ties] / np.maximum(spread, 1e-300), -1, 1)
            # Of two uniform numbers, one of them shifted by a part of their range.
            wins[ties] = 0.5 + step - step * np.abs(step) / 2
        return wins

    def _called(self, moved: FloatArray) -> BoolArray:
        """Return which nodes exceed the threshold when they are moved ``(n,)``."""
        return np.where(moved == 0, self.called, self._quantile + moved > self._cut)
