"""Agreement of any number of readers beyond chance: Fleiss' kappa and Gwet's AC1.

Both compare the share of pairs of readers that give a node the same category with the
share expected by chance, and differ in the latter. Fleiss takes the categories' shares
as they are, so that few positive calls make kappa small though readers agree; AC1 takes
the chance that a rating is at random, which is small where one category prevails.

References
----------
Fleiss, Psychol Bull 1971;76:378. Gwet, Br J Math Stat Psychol 2008;61:29.
"""

import numpy as np
import numpy.typing as npt

from nodal_staging.study.arrays import FloatArray, IntArray


def node_columns(given: IntArray, categories: int) -> IntArray:
    """Return what both measures add up over nodes.

    Parameters
    ----------
    given
        Category that each reader gives, from 0 ``(readers, n)``; at least two readers.
    categories
        Number of categories, at least two, whether or not they are used.

    Returns
    -------
    ``(categories + 1, n)``: ratings in each category, and ordered pairs of readers
    with the same one.
    """
    counts = np.stack([(given == one).sum(axis=0) for one in range(categories)])
    return np.concatenate([counts, (counts * (counts - 1)).sum(axis=0, keepdims=True)])


def beyond_chance(sums: npt.ArrayLike, readers: int) -> dict[str, FloatArray]:
    """Return Fleiss' kappa and AC1.

    Parameters
    ----------
    sums
        Columns of ``node_columns``, added over nodes ``(..., categories + 1)``.
    readers
        Their number.

    Returns
    -------
    ``fleiss`` and ``ac1``, ``(...)``. Kappa is NaN where all ratings are the same.
    """
    added = np.asarray(sums, float)
    ratings = added[..., :-1].sum(axis=-1)
    share = added[..., :-1] / ratings[..., None]
    same = added[..., -1] / (ratings * (readers - 1))
    alike = (share**2).sum(axis=-1)
    random = (share * (1 - share)).sum(axis=-1) / (share.shape[-1] - 1)
    used = (added[..., :-1] > 0).sum(axis=-1)
    kappa = np.full(np.shape(same), np.nan)
    np.divide(same - alike, 1 - alike, out=kappa, where=used > 1)
    return {"fleiss": kappa, "ac1": np.asarray((same - random) / (1 - random))}
