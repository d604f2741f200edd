"""Areas under empirical ROC curves, as means of placement values.

Variances are in ``delong.py``, intervals in ``auc_intervals.py``.

References
----------
DeLong et al., Biometrics 1988;44:837.
"""

import numpy as np

from nodal_staging.study.arrays import BoolArray, FloatArray


def placements(score: FloatArray, positive: BoolArray) -> tuple[FloatArray, FloatArray]:
    """Return how each node is placed among the nodes of the other class.

    Parameters
    ----------
    score, positive
        ``(n,)``.

    Returns
    -------
    Share of the negatives below each positive ``(m,)``, and share of the positives
    above each negative ``(n - m,)``, ties at one half. Both have the AUC as mean.
    """
    cases, controls = np.sort(score[positive]), np.sort(score[~positive])
    return (
        _share_below(score[positive], controls),
        1 - _share_below(score[~positive], cases),
    )


def empirical_auc(score: FloatArray, positive: BoolArray) -> float:
    """Return the area under the empirical ROC curve, ties at one half.

    Parameters
    ----------
    score, positive
        ``(n,)``; at least one node of each class.
    """
    return float(placements(score, positive)[0].mean())


def _share_below(of: FloatArray, among: FloatArray) -> FloatArray:
    """Return the share of sorted values below each of others, ties at one half."""
    lower = np.searchsorted(among, of, side="left")
    upper = np.searchsorted(among, of, side="right")
    return (lower + upper) / (2 * len(among))
