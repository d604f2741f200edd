"""What the network itself says when pixels are taken away.

Occlusion takes a window away and looks how far the logit falls; flipping takes pixels
away in the order of a map, most or least relevant first, and so measures the map.

References
----------
Zeiler and Fergus 2014 (arXiv:1311.2901), occlusion; Samek et al. 2017
(arXiv:1509.06321), flipping.
"""

import numpy as np

from .array_types import Float64Array, FloatArray
from .chain import LinearChain
from .gradients import logits
from .images import require_images


def occlusion(
    chain: LinearChain,
    images: FloatArray,
    baseline: FloatArray,
    *,
    size: int = 8,
    stride: int = 4,
) -> Float64Array:
    """Return how far the logit falls where a square is replaced by a baseline.

    Parameters
    ----------
    chain, images
        The network and what to explain ``(n, y, x, channels)``.
    baseline
        What replaces pixels ``(y, x, channels)``, or those of each image
        ``(n, y, x, channels)``.
    size, stride
        Side of the square, and how far it moves, in pixels.

    Returns
    -------
    Maps ``(n, y, x, 1)``: each pixel has the mean fall over the squares that cover it.

    Raises
    ------
    ValueError
        If there are no images, or images or baselines of another shape or with values
        that are not finite.
    """
    before = logits(chain, images)
    instead = np.broadcast_to(baseline, images.shape)
    require_images(instead, chain.image_shape, name="baselines")
    rows, columns = (_starts(extent, size, stride) for extent in images.shape[1:3])
    fall, covered = np.zeros((2, *images.shape[:3]))
    for row in rows:
        for column in columns:
            square = (slice(None), slice(row, row + size), slice(column, column + size))
            without = images.copy()
            without[square] = instead[square]
            fall[square] += (before - logits(chain, without))[:, None, None]
            covered[square] += 1
    return np.asarray((fall / np.maximum(covered, 1))[..., None], np.float64)


def flipping(
    chain: LinearChain,
    images: FloatArray,
    relevance: FloatArray,
    baseline: FloatArray,
    *,
    steps: int,
    ends: tuple[Float64Array, Float64Array] | None = None,
) -> tuple[Float64Array, Float64Array]:
    """Follow the support for the side of zero of the logit while pixels are replaced.

    The support is the logit times its sign for the whole image: it starts above zero
    and passes zero where the output passes 0.5.

    Parameters
    ----------
    chain, images
        The network and its inputs ``(n, y, x, channels)``.
    relevance
        For that side ``(n, y, x)``; ties are broken by place.
    baseline
        What replaces pixels ``(y, x, channels)``, or those of each image
        ``(n, y, x, channels)``.
    steps
        In how many parts all pixels are replaced, see ``shares_replaced``.
    ends
        Logits of the images and of the baselines ``(n,)``, where they are known.

    Returns
    -------
    Support ``(n, steps + 1)`` with the most, and with the least relevant pixels
    replaced first.

    Raises
    ------
    ValueError
        As for ``occlusion``.
    """
    require_images(images, chain.image_shape)
    flat = relevance.reshape(len(images), -1)
    rank = np.argsort(np.argsort(-flat, axis=1, kind="stable"), axis=1)
    rank = rank.reshape(relevance.shape)
    instead = np.broadcast_to(baseline, images.shape).astype(images.dtype)
    require_images(instead, chain.image_shape, name="baselines")
    whole, nothing = ends or (logits(chain, images), logits(chain, instead))
    sign = np.where(whole < 0, -1.0, 1.0)
    counts = np.round(shares_replaced(steps) * flat.shape[1]).astype(int)
    curves = []
    for order in (rank, flat.shape[1] - 1 - rank):
        curve = [whole]
        for count in counts[1:-1]:
            gone = (order < count)[..., None]
            curve.append(logits(chain, np.where(gone, instead, images)))
        curve.append(nothing)
        curves.append(sign[:, None] * np.stack(curve, axis=1))
    return curves[0], curves[1]


def shares_replaced(steps: int) -> Float64Array:
    """Return which shares of the pixels are replaced ``(steps + 1,)``.

    They grow as squares, since what matters is often a small part of an image.
    """
    shares: Float64Array = (np.arange(steps + 1) / steps) ** 2
    return shares


def area_gap(most_first: Float64Array, least_first: Float64Array) -> Float64Array:
    """Return the area between two curves over the share of pixels gone ``(n,)``.

    A map that shows what matters has a gap above zero; a random one has none.
    """
    shares = shares_replaced(most_first.shape[1] - 1)
    return np.asarray(np.trapezoid(least_first - most_first, shares, axis=1))


def _starts(extent: int, size: int, stride: int) -> list[int]:
    """Return where windows start; the last ends at the edge."""
    starts = list(range(0, max(extent - size, 0) + 1, stride))
    if starts[-1] != max(extent - size, 0):
        starts.append(max(extent - size, 0))
    return starts
