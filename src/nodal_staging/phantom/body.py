"""The synthetic body: nine regions stacked along z, with texture, strands and table.

Planes are painted every few millimetres and faded into one another, so landmarks
move and change smoothly from slice to slice.
"""

from dataclasses import dataclass

import numpy as np
from scipy import ndimage

from nodal_staging.phantom.anatomy import REGIONS
from nodal_staging.phantom.canvas import AIR, Canvas
from nodal_staging.phantom.habitus import Habitus
from nodal_staging.phantom.shapes import Ellipse, Raster, blend_discs
from nodal_staging.study.arrays import Float32Array, FloatArray, IntArray, Plane

MARGIN_MM = 42.0
"""Body below the first and above the last region, so that patches stay inside."""

PLANE_MM = 5.0
"""Greatest distance of painted planes."""

GRAIN_MM = 3.0
TISSUES_HU = [-990, -930, -850, -500, -150, -60, 150, 300, 800]
GRAIN_HU = [0, 15, 45, 15, 5, 4, 5, 45, 60]
"""Standard deviation of the texture by tissue: lung and bone are coarse, fat fine."""

STRANDS_PER_CM = 3.0
STRAND_HU = 70.0
TABLE_HU, TABLE_FOAM_HU = -250.0, -930.0
TABLE_MM = 3.0


@dataclass(frozen=True, slots=True)
class Strands:
    """Small vessels and septa in the fat: tilted lines; mm in the body's frame.

    Attributes
    ----------
    middles, tilts
        Points ``(x, y, z)`` and slopes ``(x, y)`` of n strands ``(n, ...)``.
    radii, half_lengths
        ``(n,)``.
    """

    middles: FloatArray
    tilts: FloatArray
    radii: FloatArray
    half_lengths: FloatArray

    def paint(self, canvas: Canvas) -> None:
        """Paint those that the plane cuts, where they find fat."""
        along = canvas.z_mm - self.middles[:, 2]
        cut = np.abs(along) < self.half_lengths
        places = self.middles[cut, :2] + self.tilts[cut] * along[cut, None]
        blend_discs(canvas.raster, canvas.hu, places, self.radii[cut], STRAND_HU)


class Body:
    """A body that is painted slab by slab.

    Parameters
    ----------
    x_mm, y_mm
        Coordinates of columns and rows from the middle of the field of view.
    habitus
        The patient.
    region_height_mm
        Height of a region.
    blur_mm
        Standard deviation of the in-plane point spread.
    rng
        The exam's stream; draws grain and strands.
    """

    def __init__(
        self,
        x_mm: Plane,
        y_mm: Plane,
        habitus: Habitus,
        *,
        region_height_mm: float,
        blur_mm: float,
        rng: np.random.Generator,
    ) -> None:
        self._x = (x_mm - habitus.offset_mm[0]).astype(np.float32)
        self._y = (y_mm - habitus.offset_mm[1]).astype(np.float32)
        self._raster = Raster(self._x, self._y)
        self._habitus = habitus
        self._height = region_height_mm
        self._blur_px = blur_mm / float(x_mm[1] - x_mm[0])
        self._step = region_height_mm / np.ceil(region_height_mm / PLANE_MM)
        self._strands = _draw_strands(habitus, body_height_mm(region_height_mm), rng)
        self._grain = Grain(self._x, self._y, body_height_mm(region_height_mm), rng=rng)
        self._outside = self._table()
        self._planes: dict[int, Plane] = {}

    def slab(self, z_mm: Float32Array) -> Plane:
        """Paint the slices at these rising heights; HU ``(z, y, x)``."""
        height = (z_mm - MARGIN_MM) / self._step - 0.5
        lower = np.floor(height).astype(int)
        weight = (height - lower).astype(np.float32)
        hu = np.empty((len(z_mm), len(self._y), len(self._x)), dtype=np.float32)
        for place, number in enumerate(lower):
            below, above = self._plane(int(number)), self._plane(int(number) + 1)
            np.subtract(above, below, out=hu[place])
            hu[place] *= weight[place]
            hu[place] += below
        self._planes = {k: v for k, v in self._planes.items() if k >= lower[-1]}
        return hu

    def _plane(self, number: int) -> Plane:
        """Paint one plane, or take it from those just painted."""
        if number not in self._planes:
            self._planes[number] = self._paint(number)
        return self._planes[number]

    def _paint(self, number: int) -> Plane:
        z_mm = (number + 0.5) * self._step + MARGIN_MM
        canvas = paint_region(self._raster, z_mm, self._habitus, self._height)
        self._strands.paint(canvas)
        canvas.dress(self._outside)
        hu = ndimage.gaussian_filter(canvas.hu, self._blur_px, truncate=3)
        self._grain.add(hu, canvas.z_mm)
        painted: Plane = hu
        return painted

    def _table(self) -> Plane:
        """Paint the table of the scanner under the body."""
        plane = np.full((len(self._y), len(self._x)), AIR, dtype=np.float32)
        half_width = 1.25 * self._habitus.half_width_mm
        top = self._habitus.half_depth_mm + 26
        for by, hu in ((0.0, TABLE_HU), (TABLE_MM, TABLE_FOAM_HU)):
            a, b = half_width - by, 22 - by
            Ellipse(0, top, a, b, 0.0, 4.0).blend(self._raster, plane, hu)
        return plane


def paint_region(
    raster: Raster, z_mm: float, habitus: Habitus, region_height_mm: float
) -> Canvas:
    """Paint the landmarks of the region at a height, without skin or texture.

    ``raster`` counts from the middle of the body, ``z_mm`` from the first slice.
    """
    into = (z_mm - MARGIN_MM) / region_height_mm
    place = int(np.clip(into // 1, 0, len(REGIONS) - 1))
    canvas = Canvas(
        raster=raster,
        z_mm=z_mm,
        into=float(np.clip(into - place, 0, 1)),
        habitus=habitus,
        hu=np.full((len(raster.y_mm), len(raster.x_mm)), AIR, dtype=np.float32),
    )
    list(REGIONS.values())[place].paint(canvas)
    canvas.paint()
    return canvas


class Grain:
    """Texture of tissues: smooth noise in the body's frame.

    Parameters
    ----------
    x_mm, y_mm
        Coordinates of columns and rows.
    height_mm
        Height of the body.
    rng
        The exam's stream.
    """

    def __init__(
        self, x_mm: Plane, y_mm: Plane, height_mm: float, *, rng: np.random.Generator
    ) -> None:
        self._x, columns = _interpolation(x_mm)
        self._y, rows = _interpolation(y_mm)
        planes = int(np.ceil(height_mm / GRAIN_MM)) + 3
        self._field = rng.standard_normal((planes, rows, columns), dtype=np.float32)

    def add(self, hu: Plane, z_mm: float) -> None:
        """Add to a plane at that height, in place."""
        place = max(z_mm / GRAIN_MM, 0)
        lower = min(int(place), len(self._field) - 2)
        share = np.float32(place - lower)
        plane = self._field[lower] * (1 - share) + self._field[lower + 1] * share
        texture = self._y.along(np.ascontiguousarray(self._x.along(plane.T).T))
        texture *= np.interp(hu, TISSUES_HU, GRAIN_HU).astype(np.float32)
        hu += texture


@dataclass(frozen=True, slots=True)
class _Between:
    """Linear interpolation from grains to pixels along the first axis.

    Written out, because a matrix product rounds differently from one kind of
    processor to the next.
    """

    lower: IntArray
    share: Plane

    def along(self, grains: Plane) -> Plane:
        between: Plane = np.diff(grains, axis=0)[self.lower]
        between *= self.share
        between += grains[self.lower]
        return between


def _interpolation(axis_mm: Plane) -> tuple[_Between, int]:
    """Return how to get from grains to pixels along an axis, and how many grains."""
    place = (axis_mm - axis_mm[0]) / np.float32(GRAIN_MM)
    lower = place.astype(int)
    share = (place - lower).astype(np.float32)[:, None]
    return _Between(lower, share), int(place[-1]) + 2


def _draw_strands(
    habitus: Habitus, height_mm: float, rng: np.random.Generator
) -> Strands:
    """Draw small vessels and septa all over the body; only fat shows them."""
    drawn = np.array(
        [
            (
                rng.uniform(-0.85, 0.85) * habitus.half_width_mm,
                rng.uniform(-0.85, 0.85) * habitus.half_depth_mm,
                rng.uniform(0, height_mm),
                rng.normal(0, 0.5),
                rng.normal(0, 0.5),
                rng.uniform(0.7, 1.5),
                rng.uniform(8, 25),
            )
            for _ in range(round(STRANDS_PER_CM * height_mm / 10))
        ]
    )
    return Strands(drawn[:, :3], drawn[:, 3:5], drawn[:, 5], drawn[:, 6])


def region_span_mm(location: str, region_height_mm: float) -> tuple[float, float]:
    """Return where a region begins and ends above the first slice."""
    bottom = MARGIN_MM + list(REGIONS).index(location) * region_height_mm
    return bottom, bottom + region_height_mm


def body_height_mm(region_height_mm: float) -> float:
    """Return the height of all regions with the margins."""
    return 2 * MARGIN_MM + len(REGIONS) * region_height_mm
