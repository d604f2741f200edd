"""Mixes of locations, and the weights with which tested nodes stand for them.

A mix is the share of each location among positive and among negative nodes. A node
weighs by how much more frequent its location is in the mix than among the tested nodes
of its status, so that weighted estimates are those of a test set with that mix, if
nodes of one status and location are alike.

References
----------
Shimodaira, Improving predictive inference under covariate shift by weighting the
log-likelihood function, J Stat Plan Inference 2000;90:227.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from nodal_staging.study.arrays import FloatArray, TextArray

REVERSED, BALANCED, UNIFORM = "reversed", "balanced", "uniform"
AS_TESTED, NATURAL = "as_tested", "natural"
BUILT_IN = (REVERSED, BALANCED, UNIFORM, AS_TESTED, NATURAL)
"""From a location that misleads to one that says as much as it does in the cohort."""

WITHOUT_LOCATION = {BALANCED, UNIFORM}
"""Mixes that both classes share: only locations with nodes of both are in them."""

Shares = Mapping[str, Sequence[float]]
"""Location to its share of the positive and of the negative nodes, or its counts."""


@dataclass(frozen=True, slots=True, eq=False)
class TargetMix:
    """A mix of locations.

    Attributes
    ----------
    name
        One of ``BUILT_IN``, or that of a mix of your own.
    shares
        Shares or counts of negative and of positive nodes ``(2, l)``; None where the
        tested nodes decide.
    """

    name: str
    shares: FloatArray | None = None

    def wanted(self, counts: FloatArray) -> FloatArray:
        """Return what the locations count in the mix.

        Parameters
        ----------
        counts
            Tested nodes, negative and positive ones ``(2, l)``.

        Returns
        -------
        Shares up to a factor for each status ``(2, l)``.
        """
        if self.shares is not None:
            return self.shares
        if self.name == REVERSED:
            return counts[::-1]
        if self.name == BALANCED:
            return np.broadcast_to(counts.sum(axis=0), counts.shape)
        if self.name == UNIFORM:
            both = (counts > 0).all(axis=0)
            return np.broadcast_to(both.astype(float), counts.shape)
        return counts


def target_mixes(
    nodes: pd.DataFrame, locations: TextArray, own: Mapping[str, Shares]
) -> list[TargetMix]:
    """Return the mixes of a study, those of its own between the built-in ones.

    Parameters
    ----------
    nodes
        All nodes of the cohort (``tables.NODES``), whose mix is the natural one.
    locations
        Names, ascending ``(l,)``.
    own
        Mixes of the configuration, by name.
    """
    at = nodes["location"].to_numpy(str)[:, None] == locations
    positive = nodes["status"].eq("positive").to_numpy(bool)
    cohort = np.array([at[own].sum(axis=0) for own in (~positive, positive)], float)
    built_in = [
        TargetMix(name, cohort if name == NATURAL else None) for name in BUILT_IN
    ]
    others = [TargetMix(name, _shares(own[name], locations)) for name in sorted(own)]
    return [*built_in[:3], *others, *built_in[3:]]


def _shares(mix: Shares, locations: TextArray) -> FloatArray:
    """Put a mix of the configuration in the order of locations ``(2, l)``."""
    ends = [mix.get(str(location), (0.0, 0.0)) for location in locations]
    positive, negative = np.array(ends, float).T
    return np.array([negative, positive])


@dataclass(frozen=True, slots=True, eq=False)
class CoveredMix:
    """What of a mix the tested nodes can stand for.

    Attributes
    ----------
    counts
        Tested nodes, negative and positive ones ``(2, l)``.
    shares
        Shares of the locations, at which nodes were tested, in the mix ``(2, l)``;
        those of a status sum to 1, or are all 0.
    covered
        Share of the mix, that of the less covered status, that lies at locations with
        tested nodes of the status.
    """

    counts: FloatArray
    shares: FloatArray
    covered: float

    @classmethod
    def of(cls, target: TargetMix, counts: FloatArray) -> "CoveredMix":
        """Leave locations without tested nodes (``counts``) out of a mix."""
        wanted = target.wanted(counts)
        present = counts > 0
        if target.name in WITHOUT_LOCATION:
            present = np.broadcast_to(present.all(axis=0), present.shape)
        shares = wanted * present
        covered = float(_ratio(shares.sum(-1), wanted.sum(-1)).min())
        return cls(counts, _ratio(shares, shares.sum(-1, keepdims=True)), covered)

    def effective(self) -> FloatArray:
        """Return the effective numbers of negative and positive nodes (Kish)."""
        squares = _ratio(self.shares**2, self.counts).sum(axis=1)
        return _ratio(self.shares.sum(axis=1), squares)


def _ratio(above: FloatArray, below: FloatArray) -> FloatArray:
    """Divide arrays of shapes that fit; 0 where something is divided by 0."""
    above, below = np.broadcast_arrays(above, below)
    result: FloatArray = np.zeros(above.shape)
    np.divide(above, below, out=result, where=below > 0)
    return result
