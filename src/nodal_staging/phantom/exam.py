"""One synthetic exam: from habitus and nodes to HU, label and SUV volumes."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy import ndimage

from nodal_staging.geometry import Lattice
from nodal_staging.phantom import body
from nodal_staging.phantom.body import Habitus
from nodal_staging.phantom.node import Node, make_node, paint_node

FloatArray = npt.NDArray[np.float64]
Volume = npt.NDArray[np.float32]

TRIES = 300
JITTER_MM = 4.0
EDGE_MM = 4.0
"""Distance of node centres from the border of their region."""

SUB_SLICES = 3
NOISE_TILE = 24
"""Slices of noise that are drawn; further slices reuse them shifted in the plane."""

BACKGROUND_SUV = 0.5
POSITIVE_SUV_MEDIAN = 9.0
POSITIVE_SUV_LOG_SD = 0.5
NEGATIVE_SUV = 1.0
PET_SPREAD_MM = 3.0
PHYSIOLOGICAL = [
    ("perirectal", 0, -40, 16, 30.0),
    ("retroperitoneal", 70, 20, 14, 25.0),
    ("retroperitoneal", -70, 20, 14, 25.0),
    ("cervical", 30, -24, 6, 8.0),
    ("cervical", -30, -24, 6, 8.0),
]
"""Bladder, kidneys and salivary glands: region, x, y and radius in mm, SUV."""


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


def place_nodes(
    nodes: pd.DataFrame,
    habitus: Habitus,
    region_height_mm: float,
    *,
    rng: np.random.Generator,
) -> list[Node]:
    """Put the nodes of a patient at their locations, clear of one another.

    The place within a location is drawn without regard to status.
    """
    placed: list[Node] = []
    for row in nodes.to_dict("records"):
        candidates = [
            _centre(row["location"], habitus, region_height_mm, rng)
            for _ in range(TRIES)
        ]
        shaped = make_node(
            candidates[0],
            size=row["size"],
            attenuation=row["attenuation"],
            hilum=row["hilum"],
            rng=rng,
        )
        clearances = [_clearance(centre, shaped, placed) for centre in candidates]
        free = [place for place, gap in enumerate(clearances) if gap > 1]
        best = free[0] if free else int(np.argmax(clearances))
        placed.append(_moved(shaped, candidates[best]))
    return placed


def _moved(node: Node, centre_mm: FloatArray) -> Node:
    """Return the node at another place."""
    return Node(
        centre_mm,
        node.axes,
        node.radius_mm,
        node.reach_mm,
        node.core_hu,
        node.hilum_share,
        node.hilum,
    )


def _centre(
    location: str, habitus: Habitus, region_height_mm: float, rng: np.random.Generator
) -> FloatArray:
    """Draw a place near one of the location's anchors, on either side."""
    anchors = body.ANCHORS[location]
    x, y = anchors[int(rng.integers(len(anchors)))]
    side = rng.choice([-1.0, 1.0])
    low, high = body.region_span_mm(location, region_height_mm)
    jitter = rng.uniform(-JITTER_MM, JITTER_MM, 2)
    return np.array(
        [
            side * x * habitus.scale + jitter[0] + habitus.offset_mm[0],
            y * habitus.scale + jitter[1] + habitus.offset_mm[1],
            rng.uniform(low + EDGE_MM, high - EDGE_MM),
        ]
    )


def _clearance(centre: FloatArray, node: Node, others: list[Node]) -> float:
    """Return the smallest gap between a node and those already placed."""
    gaps = [
        float(np.linalg.norm(centre - other.centre_mm)) - node.reach_mm - other.reach_mm
        for other in others
    ]
    return min(gaps, default=np.inf)


def render_ct(
    grid: Grid,
    habitus: Habitus,
    nodes: list[Node],
    *,
    region_height_mm: float,
    blur_mm: float,
    noise_hu: float,
    rng: np.random.Generator,
) -> tuple[npt.NDArray[np.int16], npt.NDArray[np.uint16]]:
    """Render a CT and the label volume of its nodes.

    Returns
    -------
    HU and labels ``(z, y, x)``; node k has label ``k + 1``.
    """
    x, y, z = grid.coordinates()
    hu = body.paint_body(x, y, z, habitus, region_height_mm)
    labels = np.zeros(hu.shape, dtype=np.uint16)
    for number, node in enumerate(nodes, start=1):
        box, points = _box(grid, node, (x, y, z))
        share = paint_node(hu[box], points, node, habitus.fat_hu)
        inside = share >= min(0.5, float(share.max()))
        labels[box][inside & (labels[box] == 0)] = number
    if blur_mm > 0:
        sigma = blur_mm / grid.pixel_mm
        hu = ndimage.gaussian_filter(hu, (0, sigma, sigma), truncate=3)
    if noise_hu > 0:
        hu += _noise(hu.shape, noise_hu, rng)
    return np.clip(np.rint(hu), -1024, 3071).astype(np.int16), labels


def _box(
    grid: Grid, node: Node, axes: tuple[Volume, Volume, Volume]
) -> tuple[tuple[slice, slice, slice], FloatArray]:
    """Return the box around a node, and its sample points through the slices."""
    reach = node.reach_mm + 5
    slices = []
    for axis, centre in zip(axes, node.centre_mm, strict=True):
        low = int(np.searchsorted(axis, centre - reach))
        high = int(np.searchsorted(axis, centre + reach))
        slices.append(slice(low, max(high, low + 1)))
    x, y, z = (
        axis[part].astype(float) for axis, part in zip(axes, slices, strict=True)
    )
    steps = (np.arange(SUB_SLICES) - (SUB_SLICES - 1) / 2) * grid.slice_mm / SUB_SLICES
    k, zz, yy, xx = np.meshgrid(steps, z, y, x, indexing="ij")
    points = np.stack([xx, yy, zz + k], axis=-1)
    return (slices[2], slices[1], slices[0]), points


def _noise(
    shape: tuple[int, ...], deviation: float, rng: np.random.Generator
) -> Volume:
    """Return noise with the short correlation of a reconstruction kernel."""
    tile = rng.standard_normal(
        (min(NOISE_TILE, shape[0]), *shape[1:]), dtype=np.float32
    )
    tile = ndimage.gaussian_filter(tile, (0, 0.6, 0.6), mode="wrap", truncate=3)
    tile *= deviation / tile.std()
    volume = np.empty(shape, dtype=np.float32)
    for place in range(shape[0]):
        shift = rng.integers(0, shape[1:])
        volume[place] = np.roll(tile[place % len(tile)], shift, axis=(0, 1))
    return volume


def render_pet(
    grid: Grid,
    habitus: Habitus,
    nodes: list[Node],
    peaks_suv: FloatArray,
    *,
    region_height_mm: float,
    rng: np.random.Generator,
) -> Volume:
    """Render the uptake in SUV ``(z, y, x)``; ``peaks_suv`` is that of each node."""
    x, y, z = grid.coordinates()
    xx, yy = np.meshgrid(x - habitus.offset_mm[0], y - habitus.offset_mm[1])
    outline = (xx / habitus.half_width_mm) ** 2 + (yy / habitus.half_depth_mm) ** 2 <= 1
    suv = np.repeat((BACKGROUND_SUV * outline)[None], len(z), axis=0).astype(np.float32)
    zz = z[:, None, None]
    for location, left, back, radius, uptake in PHYSIOLOGICAL:
        middle = np.mean(body.region_span_mm(location, region_height_mm))
        away = (
            (xx - left * habitus.scale) ** 2
            + (yy - back * habitus.scale) ** 2
            + (zz - middle) ** 2
        )
        suv += uptake * np.exp(-away / (2 * (0.6 * radius * habitus.scale) ** 2))
    for node, peak in zip(nodes, peaks_suv, strict=True):
        spread = np.hypot(0.5 * node.radius_mm, PET_SPREAD_MM)
        dx, dy, dz = node.centre_mm
        away = (
            (zz - dz) ** 2 + (y[None, :, None] - dy) ** 2 + (x[None, None, :] - dx) ** 2
        )
        suv += peak * np.exp(-away / (2 * spread**2))
    suv *= 1 + 0.05 * rng.standard_normal(suv.shape, dtype=np.float32)
    return np.maximum(suv, 0)


def draw_peaks(statuses: list[str], *, rng: np.random.Generator) -> FloatArray:
    """Draw the peak uptake of nodes: lognormal if positive, else near background."""
    drawn = np.exp(rng.standard_normal(len(statuses)) * POSITIVE_SUV_LOG_SD)
    positive = np.array(statuses) == "positive"
    return np.where(positive, POSITIVE_SUV_MEDIAN * drawn, NEGATIVE_SUV * drawn**0.4)
