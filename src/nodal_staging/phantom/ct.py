"""One synthetic CT: from habitus and nodes to HU and label volumes."""

from dataclasses import dataclass

import numpy as np
from scipy import ndimage

from nodal_staging.geometry import Lattice
from nodal_staging.phantom.body import Body
from nodal_staging.phantom.habitus import Habitus
from nodal_staging.phantom.node import Node, paint_node, sample_points
from nodal_staging.study.arrays import FloatArray, Int16Array, UInt16Array, Volume

SLAB = 32
"""Slices that are painted at a time, which bounds the memory of an exam."""

NOISE_TILE = 24
"""Slices of noise that are drawn; further slices reuse them shifted in the plane."""

LOWEST_HU, HIGHEST_HU = -1024, 3071


@dataclass(frozen=True, slots=True)
class Grid:
    """Field of view and sampling of a scan, in mm."""

    width_mm: float
    depth_mm: float
    height_mm: float
    pixel_mm: float
    slice_mm: float

    def coordinates(self) -> tuple[Volume, Volume, Volume]:
        """Return x and y from the middle and z from the bottom."""
        columns = round(self.width_mm / self.pixel_mm)
        rows = round(self.depth_mm / self.pixel_mm)
        slices = round(self.height_mm / self.slice_mm)
        x = (np.arange(columns) - (columns - 1) / 2) * self.pixel_mm
        y = (np.arange(rows) - (rows - 1) / 2) * self.pixel_mm
        z = np.arange(slices) * self.slice_mm
        return x.astype(np.float32), y.astype(np.float32), z.astype(np.float32)

    def lattice(self, corner_mm: tuple[float, float, float]) -> Lattice:
        """Return the lattice in the scanner's frame, bottom left corner given."""
        x, y, z = self.coordinates()
        origin = (
            corner_mm[0] + float(x[0]),
            corner_mm[1] + float(y[0]),
            corner_mm[2] + float(z[0]),
        )
        return Lattice(
            (len(z), len(y), len(x)),
            (self.pixel_mm, self.pixel_mm, self.slice_mm),
            origin,
        )


def render_ct(
    grid: Grid,
    habitus: Habitus,
    nodes: list[Node],
    *,
    region_height_mm: float,
    blur_mm: float,
    noise_hu: float,
    rng: np.random.Generator,
) -> tuple[Int16Array, UInt16Array]:
    """Render a CT and the label volume of its nodes, slab by slab.

    Parameters
    ----------
    grid
        Field of view and sampling.
    habitus, nodes
        The patient.
    region_height_mm
        Height of a body region.
    blur_mm, noise_hu
        Standard deviations of the in-plane point spread and of the noise.
    rng
        The exam's stream.

    Returns
    -------
    HU and labels ``(z, y, x)``; node k has label ``k + 1``.
    """
    x, y, z = grid.coordinates()
    body = Body(
        x, y, habitus, region_height_mm=region_height_mm, blur_mm=blur_mm, rng=rng
    )
    noise = Noise((len(y), len(x)), noise_hu, rng=rng)
    hu = np.empty((len(z), len(y), len(x)), dtype=np.int16)
    labels = np.zeros(hu.shape, dtype=np.uint16)
    for start in range(0, len(z), SLAB):
        part = slice(start, start + SLAB)
        slab = body.slab(z[part])
        for number, node in enumerate(nodes, start=1):
            share, box = _paint(slab, node, (x, y, z[part]), grid, habitus, blur_mm)
            inside = (share >= 0.5) & (labels[part][box] == 0)
            labels[part][box][inside] = number
        noise.add(slab)
        np.clip(np.rint(slab, out=slab), LOWEST_HU, HIGHEST_HU, out=slab)
        hu[part] = slab
    _mark_lost(labels, nodes, (x, y, z))
    return hu, labels


def _mark_lost(
    labels: UInt16Array,
    nodes: list[Node],
    axes: tuple[Volume, Volume, Volume],
) -> None:
    """Give a node that falls between coarse voxels the one at its centre."""
    for number, node in enumerate(nodes, start=1):
        x, y, z = (
            int(np.abs(axis - centre).argmin())
            for axis, centre in zip(axes, node.centre_mm, strict=True)
        )
        near = labels[
            max(z - 1, 0) : z + 2, max(y - 1, 0) : y + 2, max(x - 1, 0) : x + 2
        ]
        if not (near == number).any() and not (labels == number).any():
            labels[z, y, x] = number


def _paint(
    slab: Volume,
    node: Node,
    axes: tuple[Volume, Volume, Volume],
    grid: Grid,
    habitus: Habitus,
    blur_mm: float,
) -> tuple[Volume, tuple[slice, slice, slice]]:
    """Paint what a slab holds of a node; return its share of the voxels of a box."""
    box, points = _box(grid, node, axes)
    if points.size == 0:
        return np.zeros(points.shape[1:4], dtype=np.float32), box
    blur_px = blur_mm / grid.pixel_mm
    share = paint_node(slab[box], points, node, habitus.fat_hu, blur_px=blur_px)
    return share, box


def _box(
    grid: Grid, node: Node, axes: tuple[Volume, Volume, Volume]
) -> tuple[tuple[slice, slice, slice], FloatArray]:
    """Return the box around a node, and its sample points through the slices."""
    reach = node.reach_mm + 6
    slices = []
    for axis, centre in zip(axes, node.centre_mm, strict=True):
        low = int(np.searchsorted(axis, centre - reach))
        slices.append(slice(low, int(np.searchsorted(axis, centre + reach))))
    x, y, z = (
        axis[part].astype(float) for axis, part in zip(axes, slices, strict=True)
    )
    points = sample_points(x, y, z, grid.slice_mm)
    return (slices[2], slices[1], slices[0]), points


class Noise:
    """Image noise with the short correlation of a reconstruction kernel.

    Parameters
    ----------
    shape
        Rows and columns of a slice.
    deviation_hu
        Its standard deviation.
    rng
        The exam's stream.
    """

    def __init__(
        self, shape: tuple[int, int], deviation_hu: float, *, rng: np.random.Generator
    ) -> None:
        self._rng = rng
        tile = rng.standard_normal((NOISE_TILE, *shape), dtype=np.float32)
        tile = ndimage.gaussian_filter(tile, (0, 0.6, 0.6), mode="wrap", truncate=3)
        tile *= deviation_hu / max(float(tile.std()), 1e-9)
        self._tile = tile
        self._next = 0

    def add(self, slab: Volume) -> None:
        """Add noise to slices ``(z, y, x)``, in place."""
        for plane in slab:
            tile = self._tile[self._next % NOISE_TILE]
            down, right = self._rng.integers(0, tile.shape)
            rows, columns = len(tile) - down, tile.shape[1] - right
            plane[down:, right:] += tile[:rows, :columns]
            plane[down:, :right] += tile[:rows, columns:]
            plane[:down, right:] += tile[rows:, :columns]
            plane[:down, :right] += tile[rows:, columns:]
            self._next += 1
