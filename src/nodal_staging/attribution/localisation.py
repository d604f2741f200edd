"""Where a map lies: on the object, on a ring around it, or elsewhere.

References
----------
Arras et al., CLEVR-XAI, Information Fusion 2022 (arXiv:2003.07258), for the relevance
mass and rank accuracies.
"""

from dataclasses import dataclass

import numpy as np
from scipy.ndimage import distance_transform_edt, gaussian_gradient_magnitude

from .array_types import BoolArray, Float64Array, FloatArray, NumberArray

Masks = BoolArray | NumberArray

REGIONS = ("node", "ring", "background")
RING_MM = 5.0


@dataclass(frozen=True, slots=True, eq=False)
class Localisation:
    """Where the maps of n images lie.

    Attributes
    ----------
    share, area
        Share of the absolute relevance, and of the pixels, in each of ``REGIONS``
        ``(n, 3)``; share is NaN where a map is zero.
    rank
        Of the k most relevant pixels, the share on the object, where k is its number
        of pixels ``(n,)``; NaN where it has none. Ties count as if drawn at random.
    """

    share: Float64Array
    area: Float64Array
    rank: Float64Array


def localise(
    maps: FloatArray,
    masks: Masks,
    *,
    pixel_mm: float = 1.0,
    ring_mm: float = RING_MM,
) -> Localisation:
    """Measure where maps lie.

    Parameters
    ----------
    maps
        ``(n, y, x)``; their absolute values count.
    masks
        The object ``(n, y, x)``, true or 1 on it, false or 0 elsewhere.
    pixel_mm, ring_mm
        Side of a pixel; how far the ring reaches from the nearest pixel of the object.

    Raises
    ------
    ValueError
        If masks hold anything else.
    """
    absolute = np.abs(maps).astype(np.float64)
    objects = _objects(masks)
    regions = regions_of(objects, pixel_mm=pixel_mm, ring_mm=ring_mm)
    total = absolute.sum(axis=(1, 2))
    mass = np.einsum("nyx,rnyx->nr", absolute, regions.astype(np.float64))
    share = np.full(mass.shape, np.nan)
    np.divide(mass, total[:, None], out=share, where=total[:, None] > 0)
    area = regions.mean(axis=(2, 3)).T
    pairs = zip(absolute, objects, strict=True)
    rank = np.array([_rank_in_mask(a, mask) for a, mask in pairs])
    return Localisation(share, area, rank)


def regions_of(
    masks: Masks, *, pixel_mm: float = 1.0, ring_mm: float = RING_MM
) -> BoolArray:
    """Return object, ring and background ``(3, n, y, x)``; together every pixel.

    Parameters and errors are those of ``localise``.
    """
    objects = _objects(masks)
    ring = np.zeros(objects.shape, bool)
    for place, mask in enumerate(objects):
        if mask.any():
            distance = distance_transform_edt(~mask, sampling=pixel_mm)
            ring[place] = ~mask & (distance <= ring_mm)
    return np.stack([objects, ring, ~objects & ~ring])


def edge_map(images: FloatArray, *, sigma: float = 1.0) -> Float64Array:
    """Return the gradient magnitude of images, a map without a network ``(n, y, x)``.

    Parameters
    ----------
    images
        One channel ``(n, y, x)``.
    sigma
        Of the Gaussian that smooths, in pixels.
    """
    return np.stack(
        [gaussian_gradient_magnitude(image.astype(float), sigma) for image in images]
    )


def centre_map(shape: tuple[int, int, int], *, deviations: float = 3.0) -> Float64Array:
    """Return a Gaussian about the centre of an image, for n images ``(n, y, x)``.

    Where objects are always in the middle, this is what a map has that depends on
    nothing else, as every network may that sees the middle through most of its units.

    Parameters
    ----------
    shape
        ``(n, y, x)``.
    deviations
        Of the Gaussian, from the centre to the edge. With 3 it fills the image and
        no more: what is wider is cut off at the edge, what is narrower would know of
        the size of the objects.
    """
    rows, columns = (_bell(extent, deviations) for extent in shape[1:])
    return np.tile(np.outer(rows, columns), (shape[0], 1, 1))


def _objects(masks: Masks) -> BoolArray:
    """Return masks as bool; of the zeros and ones of a file ``~`` is no complement."""
    other = np.unique(masks[~np.isin(masks, (0, 1))])
    if len(other):
        raise ValueError(
            "expected masks of true and false or of 0 and 1, received the values "
            f"{', '.join(map(str, other[:3]))}{' and others' if other[3:].size else ''}"
        )
    return masks.astype(bool)


def _bell(extent: int, deviations: float) -> Float64Array:
    place = np.arange(extent) - (extent - 1) / 2
    bell: Float64Array = np.exp(-0.5 * (deviations * place / (extent / 2)) ** 2)
    return bell


def _rank_in_mask(absolute: Float64Array, mask: BoolArray) -> float:
    count = int(mask.sum())
    if not count or not absolute.any():
        return float("nan")
    limit = np.partition(absolute.ravel(), -count)[-count]
    above = absolute > limit
    tied = absolute == limit
    places = count - above.sum()
    hits = (above & mask).sum() + places * (tied & mask).sum() / tied.sum()
    return float(hits / count)
