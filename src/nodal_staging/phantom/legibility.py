"""How well the latents of a node can be read from its image, and what that costs.

Nodes are rendered as a scan shows them and measured as a reader would. Each latent is
regressed on the measurements, and a classifier is trained on what was read; both are
judged on nodes that they have not seen.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy import ndimage
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis
from sklearn.linear_model import Ridge
from sklearn.model_selection import cross_val_predict
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import PolynomialFeatures, StandardScaler

from nodal_staging.phantom.ceilings import BATCHES, VIEWS, Ceiling, rank_auc
from nodal_staging.phantom.node import Node, make_node, paint_node, sample_points
from nodal_staging.phantom.truth import LATENTS, Dials
from nodal_staging.study.arrays import (
    BoolArray,
    Float32Array,
    FloatArray,
    IntArray,
    Mask,
    Volume,
)
from nodal_staging.study.seeds import stream

NODES = 1000
FOLDS = 5
FAT_HU = -104.0
KERNEL_PX = 0.6
PERCENTILES = [5, 10, 25, 50, 75, 90, 95]


@dataclass(frozen=True, slots=True)
class Rendered:
    """Nodes and what was read of them.

    Attributes
    ----------
    y
        Status, 1 positive ``(n,)``.
    latents, read
        As drawn, and as read from the image of nodes that were not learned from
        ``(n, 3)``.
    """

    y: IntArray
    latents: FloatArray
    read: FloatArray

    def legibility(self) -> dict[str, float]:
        """Return the correlation of each latent with its reading, within a status."""
        pairs = zip(LATENTS, self.read.T, self.latents.T, strict=True)
        return {name: _within(read, latent, self.y) for name, read, latent in pairs}


def render_nodes(
    ct: Mapping[str, Any], dials: Dials, *, seed: int, nodes: int = NODES
) -> Rendered:
    """Render nodes in fat, measure them and read their latents.

    Parameters
    ----------
    ct
        ``pixel_mm``, ``slice_mm``, ``noise_hu`` and ``blur_mm`` of the scan.
    dials
        Shifts of the latents.
    seed
        The study's seed.
    nodes
        How many are rendered, half of them positive.
    """
    rng = stream(seed, "phantom", "legibility")
    y = np.arange(nodes) % 2
    latents = rng.standard_normal((nodes, 3)) + np.outer(y, dials.deltas())
    measured = np.array([_measure(*_scan(values, ct, rng)) for values in latents])
    read = cross_val_predict(_reader(), measured, latents, cv=FOLDS)
    return Rendered(y, latents, read)


def realistic_ceilings(
    ideal: Mapping[str, Mapping[str, Ceiling]],
    rendered: Rendered,
    tables: Mapping[str, FloatArray],
    dials: Dials,
    *,
    seed: int,
) -> dict[str, dict[str, Ceiling]]:
    """Return the AUC of classifiers that read the node from its image.

    What the image costs is the difference between the best classifier on the latents
    and one on what was read of them, for the same nodes; it is taken off the ideal.

    Parameters
    ----------
    ideal
        Ceilings by mix and view, see ``ceilings``.
    rendered
        Nodes as a scan shows them.
    tables
        Location table ``(status, location)`` of each mix.
    dials
        Shifts of the latents and label noise.
    seed
        The study's seed.
    """
    seen = {
        names: _ratio(rendered.read[:, _columns(names)], rendered.y)
        for names in dict.fromkeys(names for _, names in VIEWS.values())
        if dials.deltas()[_columns(names)].any()
    }
    located = {
        mix: _location_ratio(rendered.y, table, seed) for mix, table in tables.items()
    }
    return {
        mix: {
            view: _realistic(found, view, rendered, seen, located[mix], dials)
            for view, found in views.items()
        }
        for mix, views in ideal.items()
    }


def _columns(names: Sequence[str]) -> list[int]:
    """Return the places of latents."""
    return [LATENTS.index(name) for name in names]


def _reader() -> Pipeline:
    """Return a regression on the measurements and their second-order terms."""
    terms = PolynomialFeatures(2, include_bias=False)
    return make_pipeline(StandardScaler(), terms, StandardScaler(), Ridge(1.0))


def _realistic(
    ideal: Ceiling,
    view: str,
    rendered: Rendered,
    ratios: Mapping[tuple[str, ...], FloatArray],
    located: FloatArray,
    dials: Dials,
) -> Ceiling:
    """Take off a ceiling what the image costs.

    ``ratios`` are the log-likelihood ratios of what is read of some latents,
    ``located`` those of the locations.
    """
    sees_location, names = VIEWS[view]
    if names not in ratios:
        return ideal
    chosen = _columns(names)
    by_location = located if sees_location else 0.0
    best = rendered.latents[:, chosen] @ dials.deltas()[chosen] + by_location
    seen = ratios[names] + by_location
    cost, error = _cost(best, seen, rendered.y)
    share = dials.label_separation()
    return {
        "auc": min(ideal["auc"] - share * cost, ideal["auc"]),
        "standard_error": float(np.hypot(ideal["standard_error"], share * error)),
    }


def _cost(best: FloatArray, seen: FloatArray, y: IntArray) -> tuple[float, float]:
    """Return how much lower one AUC is than another, and the error of that."""
    pairs = np.arange(len(y)) // 2
    batches = [pairs % BATCHES == batch for batch in range(BATCHES)]
    parts = [
        rank_auc(best[part], y[part]) - rank_auc(seen[part], y[part])
        for part in batches
    ]
    error = float(np.std(parts, ddof=1)) / BATCHES**0.5
    return rank_auc(best, y) - rank_auc(seen, y), error


def _location_ratio(y: IntArray, table: FloatArray, seed: int) -> FloatArray:
    """Draw a location for every node; return its log-likelihood ratio."""
    rng = stream(seed, "phantom", "legibility", "locations")
    places = [rng.choice(table.shape[1], p=table[status]) for status in y]
    with np.errstate(divide="ignore"):
        ratio: FloatArray = (np.log(table[1]) - np.log(table[0]))[places]
    return ratio


def _ratio(read: FloatArray, y: IntArray) -> FloatArray:
    """Estimate the log-likelihood ratio of readings, for nodes not learned from."""
    model = LinearDiscriminantAnalysis()
    ratio: FloatArray = cross_val_predict(
        model, read, y, cv=FOLDS, method="decision_function"
    )
    return ratio


def _within(read: FloatArray, latent: FloatArray, y: IntArray) -> float:
    """Return the correlation over nodes of the same status."""
    centred = []
    for values in (read, latent):
        means = np.array([values[y == status].mean() for status in (0, 1)])
        centred.append(values - means[y])
    return float(np.corrcoef(*centred)[0, 1])


def _scan(
    latents: FloatArray, ct: Mapping[str, Any], rng: np.random.Generator
) -> tuple[Float32Array, BoolArray, float]:
    """Render one node in fat: HU and mask ``(z, y, x)``, and the volume of a voxel."""
    size, attenuation, hilum = latents
    middle = rng.uniform(-0.5, 0.5, 3) * [ct["pixel_mm"]] * 2
    node = make_node(
        np.zeros(3), size=size, attenuation=attenuation, hilum=hilum, rng=rng
    ).moved(middle)
    return scan_node(node, ct, rng)


def scan_node(
    node: Node, ct: Mapping[str, Any], rng: np.random.Generator
) -> tuple[Float32Array, BoolArray, float]:
    """Scan a node that lies in fat.

    Returns
    -------
    HU and mask ``(z, y, x)``, and the volume of a voxel in mm3.
    """
    pixel, gap = ct["pixel_mm"], ct["slice_mm"]
    across, along = (
        np.arange(-np.ceil((node.reach_mm + 6) / step), (node.reach_mm + 6) / step)
        * step
        for step in (pixel, gap)
    )
    points = sample_points(across, across, along, gap)
    hu = np.full(points.shape[1:-1], FAT_HU, dtype=np.float32)
    share = paint_node(hu, points, node, FAT_HU, blur_px=ct["blur_mm"] / pixel)
    if ct["noise_hu"] > 0:
        noise = rng.standard_normal(hu.shape, dtype=np.float32)
        noise = ndimage.gaussian_filter(noise, (0, KERNEL_PX, KERNEL_PX), mode="wrap")
        hu += noise * np.float32(ct["noise_hu"] / noise.std())
    mask = share >= min(0.5, float(share.max()))
    return hu, mask, pixel**2 * gap


def _measure(hu: Volume, mask: Mask, voxel_mm3: float) -> list[float]:
    """Measure a node: volume, moments and percentiles of its attenuation."""
    inside = hu[mask]
    high, *percentiles = np.percentile(inside, [85, *PERCENTILES])
    core = float(high)
    fat = float((inside < (core + FAT_HU) / 2).mean())
    return [
        float(np.log(mask.sum() * voxel_mm3)),
        float(mask.sum() ** (-1 / 3)),
        fat,
        float(inside.mean()),
        *percentiles,
    ]
