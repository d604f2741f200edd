"""Ranks of values."""

import numpy as np

from nodal_staging.study.arrays import FloatArray


def average_ranks(values: FloatArray) -> FloatArray:
    """Rank values from 1 up; equal values share the mean of their ranks.

    Parameters
    ----------
    values
        ``(n,)``, none of them NaN.

    Examples
    --------
    >>> average_ranks(np.array([0.2, 0.7, 0.2])).tolist()
    [1.5, 3.0, 1.5]
    """
    _, place, counts = np.unique(values, return_inverse=True, return_counts=True)
    ranks: FloatArray = (np.cumsum(counts) - (counts - 1) / 2)[place]
    return ranks
