"""Which locations go with positive nodes, and whether scores go with them.

Nodes of the same status are compared: their scores should not depend on where they are.
Under that hypothesis every pair is won with probability one half, whatever the mix of
locations is. A classifier that uses the location scores nodes higher at locations where
positive nodes are more frequent.
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd

from nodal_staging.study.arrays import BoolArray, FloatArray, IntArray, TextArray

ADDED = 0.5
"""Added to the nodes of each status and location, so that each has a logarithm."""


@dataclass(frozen=True, eq=False)
class Mix:
    """How many nodes of each status are at each location.

    Attributes
    ----------
    locations
        Names, ascending ``(l,)``.
    counts
        Negative and positive nodes ``(2, l)``.
    """

    locations: TextArray
    counts: FloatArray

    @classmethod
    def of(cls, nodes: pd.DataFrame, locations: TextArray) -> "Mix":
        """Count nodes by their columns ``status`` and ``location``."""
        at = nodes["location"].to_numpy(str)[:, None] == locations
        positive = nodes["status"].eq("positive").to_numpy(bool)
        counts = [at[~positive].sum(axis=0), at[positive].sum(axis=0)]
        return cls(locations, np.array(counts, float))

    @cached_property
    def ratio(self) -> FloatArray:
        """Log-likelihood ratio of positive to negative of each location ``(l,)``."""
        counts = self.counts + ADDED
        shares = counts / counts.sum(axis=1, keepdims=True)
        ratio: FloatArray = np.log(shares[1]) - np.log(shares[0])
        return ratio

    def ratio_at(self, location: TextArray) -> FloatArray:
        """Return the ratio of the location of each node ``(n,)``."""
        places: IntArray = np.searchsorted(self.locations, location)
        return self.ratio[places]


class SameStatus:
    """Pairs of nodes of the same status at locations that differ.

    A pair weighs by the difference of the ratios of its locations, so that locations
    that hardly differ count little; a status weighs by its number of nodes.
    """

    def __init__(
        self, positive: BoolArray, ratio: FloatArray, times: FloatArray
    ) -> None:
        """Pair n nodes by status and by the ratio of their location ``(n,)``.

        ``times`` is how often each node counts ``(replicates, n)``.
        """
        self._parts = []
        for own in (np.flatnonzero(positive), np.flatnonzero(~positive)):
            gap = np.maximum(ratio[own][:, None] - ratio[own][None, :], 0)
            often = times[:, own]
            # Of the two sides of a pair, one is divided by the number of nodes.
            share = often / np.maximum(often.sum(axis=1), 1)[:, None]
            self._parts.append((own, gap, often, share))
        self._total = self._sum([gap for _, gap, _, _ in self._parts])

    def concordance(self, score: FloatArray) -> FloatArray:
        """Return the share of pairs that score higher where the ratio is higher.

        Parameters
        ----------
        score
            ``(n,)``; ties count one half.

        Returns
        -------
        Shares ``(replicates,)``, NaN where a replicate has no pair.
        """
        won = []
        for own, gap, _, _ in self._parts:
            difference = score[own][:, None] - score[own][None, :]
            won.append(gap * ((difference > 0) + 0.5 * (difference == 0)))
        result = np.full(len(self._total), np.nan)
        np.divide(self._sum(won), self._total, out=result, where=self._total > 0)
        return result

    def _sum(self, pairs: list[FloatArray]) -> FloatArray:
        """Sum values of the pairs of each status over the replicates."""
        sums: FloatArray = np.sum(
            [
                np.einsum("ri,ri->r", often @ values, share)
                for (_, _, often, share), values in zip(self._parts, pairs, strict=True)
            ],
            axis=0,
        )
        return sums
