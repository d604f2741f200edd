"""Ranks are those of SciPy."""

import numpy as np
from scipy.stats import rankdata

from nodal_staging.estimates.ranks import average_ranks


def test_ranks_with_ties_are_those_of_scipy():
    rng = np.random.default_rng(8)
    for size, distinct in [(0, 1), (1, 1), (50, 7), (500, 10_000)]:
        values = rng.integers(distinct, size=size) / 8 - 1
        np.testing.assert_array_equal(average_ranks(values), rankdata(values))
