"""How well the latents of a node can be read from its image.

Nodes are rendered as a scan shows them, measured as a reader would, and each latent
is regressed on the measurements by least squares. A latent z that is read with
correlation r is z plus an error of variance 1 / r**2 - 1, so a classifier that has the
measurements alone meets nodes whose shift is r times as large: the realistic ceiling.
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy import ndimage

from nodal_staging.phantom.node import Node, make_node, paint_node
from nodal_staging.phantom.truth import LATENTS, Dials
from nodal_staging.seeds import stream

FloatArray = npt.NDArray[np.float64]

NODES = 300
FAT_HU = -104.0
SUB_SLICES = 3
KERNEL_PX = 0.6
PERCENTILES = [5, 10, 25, 50, 75, 90, 95]


def legibility(
    ct: Mapping[str, Any], dials: Dials, *, seed: int, nodes: int = NODES
) -> dict[str, float]:
    """Return the correlation of each latent with its read-out, within a status.

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
    design = np.column_stack([measured, np.ones(nodes)])
    found = {}
    for name, latent in zip(LATENTS, latents.T, strict=True):
        read, *_ = np.linalg.lstsq(design, latent, rcond=None)
        found[name] = _within(design @ read, latent, y)
    return found


def as_seen(dials: Dials, legible: Mapping[str, float]) -> Dials:
    """Return the dials that a classifier meets that has the measurements alone."""
    seen = {
        f"delta_{name}": getattr(dials, f"delta_{name}") * legible[name]
        for name in LATENTS
    }
    return replace(dials, **seen)


def _within(read: FloatArray, latent: FloatArray, y: npt.NDArray[np.int_]) -> float:
    """Return the correlation over nodes of the same status."""
    centred = []
    for values in (read, latent):
        means = np.array([values[y == status].mean() for status in (0, 1)])
        centred.append(values - means[y])
    return float(np.corrcoef(*centred)[0, 1])


def _scan(
    latents: FloatArray, ct: Mapping[str, Any], rng: np.random.Generator
) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.bool_], float]:
    """Render one node in fat: HU and mask ``(z, y, x)``, and the volume of a voxel."""
    size, attenuation, hilum = latents
    middle = rng.uniform(-0.5, 0.5, 3) * [ct["pixel_mm"]] * 2
    node = make_node(
        np.zeros(3), size=size, attenuation=attenuation, hilum=hilum, rng=rng
    ).moved(middle)
    return scan_node(node, ct, rng)


def scan_node(
    node: Node, ct: Mapping[str, Any], rng: np.random.Generator
) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.bool_], float]:
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
    steps = (np.arange(SUB_SLICES) - (SUB_SLICES - 1) / 2) * gap / SUB_SLICES
    k, z, y, x = np.meshgrid(steps, along, across, across, indexing="ij")
    hu = np.full(z.shape[1:], FAT_HU, dtype=np.float32)
    points = np.stack([x, y, z + k], axis=-1)
    share = paint_node(hu, points, node, FAT_HU, blur_px=ct["blur_mm"] / pixel)
    if ct["noise_hu"] > 0:
        noise = rng.standard_normal(hu.shape, dtype=np.float32)
        noise = ndimage.gaussian_filter(noise, (0, KERNEL_PX, KERNEL_PX), mode="wrap")
        hu += noise * np.float32(ct["noise_hu"] / noise.std())
    mask = share >= min(0.5, float(share.max()))
    return hu, mask, pixel**2 * gap


def _measure(
    hu: npt.NDArray[np.float32], mask: npt.NDArray[np.bool_], voxel_mm3: float
) -> list[float]:
    """Measure a node: volume, moments and percentiles of its attenuation."""
    inside = hu[mask]
    core = float(np.percentile(inside, 85))
    fat = float((inside < (core + FAT_HU) / 2).mean())
    return [
        float(np.log(mask.sum() * voxel_mm3)),
        float(mask.sum() ** (-1 / 3)),
        fat,
        float(inside.mean()),
        *np.percentile(inside, PERCENTILES),
    ]
