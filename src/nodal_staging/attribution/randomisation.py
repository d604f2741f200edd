"""Does a map depend on what was learned? Weights are drawn anew from the top down.

A map that stays the same while the layers above lose what they learned does not speak
of them. That it changes is no merit by itself: a cascade from the top does not rank
methods (Binder et al.).

References
----------
Adebayo et al., Sanity checks for saliency maps, NeurIPS 2018 (arXiv:1810.03292);
Sixt et al., When explanations lie, ICML 2020 (arXiv:1912.09818); Binder et al.,
Shortcomings of top-down randomization-based sanity checks, CVPR 2023
(arXiv:2211.12486).
"""

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
from scipy.stats import rankdata

from .array_types import Float64Array, FloatArray
from .chain import LinearChain
from .steps import Dense


def cascade(
    trained: LinearChain, fresh: LinearChain, *, levels: int | None = None
) -> Iterator[tuple[str, int, LinearChain]]:
    """Replace the kernel layers of a chain from the logit down, each with its norm.

    Parameters
    ----------
    trained, fresh
        Chains of the same form; ``fresh`` has its first weights.
    levels
        How many stages to stop at, evenly spaced, the last with no trained weight
        left, and one more with all dense layers replaced where that is not among
        them; None for one per kernel layer.

    Yields
    ------
    Name of the lowest layer that was replaced, number of kernel layers replaced, and
    the chain.

    Raises
    ------
    ValueError
        If the chains differ in form.
    """
    if trained.steps != fresh.steps:
        raise ValueError("expected two chains of the same form, found two forms")
    places = trained.kernels[::-1]
    stops = np.arange(1, len(places) + 1)
    if levels is not None and levels < len(places):
        even = np.linspace(1, len(places), levels).round().astype(int)
        dense = sum(isinstance(trained.steps[place], Dense) for place in places)
        stops = np.unique([*even, dense] if dense else even)
    for count in stops:
        place = places[count - 1]
        cut = 0 if count == len(places) else place
        weights = trained.weights[:cut] + fresh.weights[cut:]
        name = trained.steps[place].name
        yield name, int(count), replace(trained, weights=weights)


def rank_correlation(a: FloatArray, b: FloatArray) -> Float64Array:
    """Return Spearman's correlation of the absolute values of two maps, per image.

    Pixels that are zero in both maps of an image are not ranked: where most are, as
    outside the node in masked images, their ties alone would give a correlation near 1.

    Parameters
    ----------
    a, b
        ``(n, y, x)``.

    Returns
    -------
    ``(n,)``; NaN where a map is constant over the pixels that are ranked.
    """
    pairs = zip(np.abs(a), np.abs(b), strict=True)
    return np.array([_rank_correlation(*pair) for pair in pairs], np.float64)


def _rank_correlation(a: FloatArray, b: FloatArray) -> float:
    used = (a > 0) | (b > 0)
    if not used.any():
        return float("nan")
    x, y = (rank - rank.mean() for rank in (rankdata(a[used]), rankdata(b[used])))
    size = np.sqrt((x @ x) * (y @ y))
    return float(x @ y / size) if size > 0 else float("nan")
