"""Average precision: the area under the curve of PPV against sensitivity.

The sum over distinct scores of the gain of sensitivity times the PPV there, without
interpolation. A classifier that knows nothing has the prevalence as average precision.

References
----------
Davis and Goadrich, ICML 2006;233. Saito and Rehmsmeier, PLoS One 2015;10:e0118432.
"""

import numpy as np

from nodal_staging.study.arrays import BoolArray, FloatArray

AT_ONCE = 2_000_000
"""Weights in memory at a time."""


def average_precision(
    score: FloatArray, positive: BoolArray, times: FloatArray, prevalence: float
) -> FloatArray:
    """Return the average precision at a prevalence, of each draw ``(draws,)``.

    Parameters
    ----------
    score, positive
        ``(n,)``, both classes present.
    times
        How often each node is in each draw ``(draws, n)``; each class at least once.
    prevalence
        Share of positive nodes to which the classes are weighted, in (0, 1).

    Examples
    --------
    >>> score, positive = np.array([0.1, 0.4, 0.8]), np.array([False, True, True])
    >>> average_precision(score, positive, np.ones((1, 3)), 0.5).tolist()
    [1.0]
    """
    order = np.argsort(-score, kind="stable")
    last = np.append(np.flatnonzero(np.diff(score[order])), len(score) - 1)
    rows = max(1, AT_ONCE // len(score))
    parts = [
        _areas(times[start : start + rows, order], positive[order], last, prevalence)
        for start in range(0, len(times), rows)
    ]
    return np.concatenate(parts)


def _areas(
    times: FloatArray, positive: BoolArray, last: FloatArray, prevalence: float
) -> FloatArray:
    """Return the areas of draws whose nodes are sorted, highest score first."""
    hits = np.cumsum(times * positive, axis=1)[:, last]
    alarms = np.cumsum(times * ~positive, axis=1)[:, last]
    found = hits / hits[:, -1:] * prevalence
    false = alarms / alarms[:, -1:] * (1 - prevalence)
    called = found + false
    ppv = np.divide(found, called, out=np.zeros_like(found), where=called > 0)
    gains = np.diff(found, axis=1, prepend=0.0) / prevalence
    return np.asarray((gains * ppv).sum(axis=1))
