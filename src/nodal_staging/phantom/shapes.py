"""Rounded shapes with soft edges on a raster of pixels.

Arithmetic is in single precision and in the memory of the raster: planes are large, and
a new array for every step would take longer to allocate than to compute.
"""

from bisect import bisect_left
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from nodal_staging.study.arrays import FloatArray, Plane

ROUNDING = 1e-4
"""Radius by which the edge of a rounded shape is widened before roots are taken."""


Coverage = tuple[tuple[slice, slice], Plane]
"""The box that a shape touches, and its share of each pixel there."""


class Stroke(NamedTuple):
    """A shape, the value to blend with it, and the layer of a plane to paint on."""

    layer: int
    shape: "Ellipse"
    value: float


class Beginning(NamedTuple):
    """Strokes of the last plane, and its layers after the first ``kept`` of them."""

    strokes: Sequence[Stroke]
    kept: int
    layers: Sequence[Plane]


class Raster:
    """Where pixels lie, and memory for the arithmetic of one shape at a time.

    Parameters
    ----------
    x_mm, y_mm
        Rising coordinates of columns and rows.
    """

    def __init__(self, x_mm: Plane, y_mm: Plane) -> None:
        self.x_mm, self.y_mm = x_mm, y_mm
        self.pixel_mm = float(x_mm[1] - x_mm[0])
        self._columns, self._rows = x_mm.tolist(), y_mm.tolist()
        self._scratch = np.empty((2, x_mm.size * y_mm.size), dtype=np.float32)
        self._views: dict[tuple[int, int, int], Plane] = {}
        self.beginning = Beginning((), 0, ())
        self._last: dict[Ellipse, Coverage | None] = {}
        self._now: dict[Ellipse, Coverage | None] = {}

    def next_plane(self) -> None:
        """Forget shapes that the last plane did not have; most lie on many planes."""
        self._last, self._now = self._now, {}

    def coverage(self, shape: "Ellipse") -> Coverage | None:
        """Return what a shape covers, computed once for planes that follow."""
        known = self._now.get(shape) or self._last.get(shape)
        if known is None and (found := shape.coverage(self)) is not None:
            known = (found[0], found[1].copy())
        self._now[shape] = known
        return known

    def box(
        self, x: tuple[float, float], y: tuple[float, float]
    ) -> tuple[slice, slice]:
        """Return the rows and columns between two coordinates of either axis."""
        rows, columns = self._rows, self._columns
        return (
            slice(bisect_left(rows, y[0]), bisect_left(rows, y[1])),
            slice(bisect_left(columns, x[0]), bisect_left(columns, x[1])),
        )

    def scratch(self, place: int, rows: int, columns: int) -> Plane:
        """Return memory for the arithmetic of one shape; there are two places."""
        key = (place, rows, columns)
        view = self._views.get(key)
        if view is None:
            view = self._scratch[place, : rows * columns].reshape(rows, columns)
            self._views[key] = view
        return view

    def mix(
        self, plane: Plane, box: tuple[slice, slice], share: Plane, value: float
    ) -> None:
        """Blend a value into a box of a plane by the share of its pixels."""
        within = plane[box]
        change = np.subtract(
            np.float32(value), within, out=self.scratch(1, *within.shape)
        )
        change *= share
        within += change


class Ellipse(NamedTuple):
    """Middle, half axes (mm), turn (radians) and power of a rounded shape."""

    x: float
    y: float
    a: float
    b: float
    turn: float
    power: float

    def shrunk(self, by_mm: float) -> "Ellipse":
        """Return the shape with shorter half axes."""
        return self._replace(a=self.a - by_mm, b=self.b - by_mm)

    def blend(self, raster: Raster, plane: Plane, value: float) -> None:
        """Blend a value into a plane; the edge of the shape is one pixel wide."""
        covered = raster.coverage(self)
        if covered is not None:
            raster.mix(plane, *covered, value)

    def coverage(self, raster: Raster) -> Coverage | None:
        """Return the box that the shape touches and its share of each pixel there.

        The share lies in the memory of the raster, until the next shape is painted.
        """
        turned = (np.cos(self.turn), np.sin(self.turn)) if self.turn else None
        rows, columns = box = self._box(raster, turned)
        if columns.start >= columns.stop or rows.start >= rows.stop:
            return None
        dx = raster.x_mm[columns] - np.float32(self.x)
        dy = raster.y_mm[rows, None] - np.float32(self.y)
        out = raster.scratch(0, len(dy), len(dx))
        edge = np.float32(min(self.a, self.b) / raster.pixel_mm)
        if turned:
            u, v = self._turned(dx, dy, turned, (out, raster.scratch(1, *out.shape)))
        else:
            u, v = dx * np.float32(1 / self.a), dy * np.float32(1 / self.b)
        if self.power != 2:
            return box, _rounded(u, v, self.power, edge, out)
        u *= u
        v *= v
        np.add(u, v, out=out)
        return box, _edge(np.sqrt(out, out=out), edge)

    def _turned(
        self,
        dx: Plane,
        dy: Plane,
        turned: tuple[float, float],
        memory: tuple[Plane, Plane],
    ) -> tuple[Plane, Plane]:
        """Compute coordinates along the axes of the shape, in half axes."""
        (cos, sin), (u, v) = turned, memory
        np.add(dx * np.float32(cos / self.a), dy * np.float32(sin / self.a), out=u)
        np.subtract(dy * np.float32(cos / self.b), dx * np.float32(sin / self.b), out=v)
        return u, v

    def _box(
        self, raster: Raster, turned: tuple[float, float] | None
    ) -> tuple[slice, slice]:
        """Return rows and columns that the shape can touch."""
        reach_x, reach_y = self.a, self.b
        if turned:
            cos, sin = abs(turned[0]), abs(turned[1])
            reach_x = self.a * cos + self.b * sin
            reach_y = self.a * sin + self.b * cos
        reach_x, reach_y = reach_x + raster.pixel_mm, reach_y + raster.pixel_mm
        return raster.box(
            (self.x - reach_x, self.x + reach_x), (self.y - reach_y, self.y + reach_y)
        )


def paint(raster: Raster, layers: Sequence[Plane], strokes: Sequence[Stroke]) -> None:
    """Paint strokes one after the other.

    Planes that follow each other often begin with the same strokes, which are painted
    once.

    Parameters
    ----------
    raster
        Where pixels lie; remembers what the plane began with.
    layers
        Values of the plane, changed in place. Every plane of a raster starts with the
        same ones.
    strokes
        What is painted.
    """
    before, count, known = raster.beginning
    same = _equal_strokes(before, strokes)
    if count > same:
        count = 0
    if count:
        for layer, values in zip(layers, known, strict=True):
            layer[...] = values
    for place in range(count, len(strokes)):
        if place == same > count:
            count, known = same, [layer.copy() for layer in layers]
        number, shape, value = strokes[place]
        shape.blend(raster, layers[number], value)
    raster.beginning = Beginning(strokes, count, known)


def _equal_strokes(some: Sequence[Stroke], others: Sequence[Stroke]) -> int:
    """Return with how many equal strokes two planes begin."""
    pairs = enumerate(zip(some, others, strict=False))
    shorter = min(len(some), len(others))
    return next((place for place, (one, other) in pairs if one != other), shorter)


def blend_discs(
    raster: Raster,
    plane: Plane,
    middles: FloatArray,
    radii: FloatArray,
    value: float,
) -> None:
    """Blend a value into a plane at small discs, one after the other, where fat is.

    Parameters
    ----------
    raster, plane
        Where pixels lie, and their values, changed in place.
    middles, radii
        Points ``(x, y)`` of n discs ``(n, 2)``, and their radii ``(n,)``, in mm.
    value
        What is blended.
    """
    if not len(radii):
        return
    rows, y = _squares(raster.y_mm, middles[:, 1], radii, raster.pixel_mm)
    columns, x = _squares(raster.x_mm, middles[:, 0], radii, raster.pixel_mm)
    radius = np.sqrt(y[:, :, None] + x[:, None, :])
    edge = (radii / raster.pixel_mm).astype(np.float32)[:, None, None]
    for *box, share in zip(rows, columns, _edge(radius, edge), strict=True):
        within = plane[box[0], box[1]]
        fat = (within > -150) & (within < -50)
        if fat.any():
            part = share[: within.shape[0], : within.shape[1]] * fat
            raster.mix(plane, (box[0], box[1]), part, value)


def _squares(
    axis_mm: Plane, middles: FloatArray, radii: FloatArray, pixel_mm: float
) -> tuple[list[slice], Plane]:
    """Return the pixels of an axis that discs can touch, and squares of distances.

    Distances are in radii ``(n, m)``, from the first of these pixels on; all discs have
    as many as the widest.
    """
    reach = radii + pixel_mm
    first = np.searchsorted(axis_mm.astype(float), middles - reach)
    last = np.searchsorted(axis_mm.astype(float), middles + reach)
    places = first[:, None] + np.arange((last - first).max())
    away = axis_mm[np.minimum(places, len(axis_mm) - 1)]
    away -= middles.astype(np.float32)[:, None]
    away *= (1 / radii).astype(np.float32)[:, None]
    away *= away
    return [slice(*ends) for ends in zip(first, last, strict=True)], away


def _edge(radius: Plane, edge: np.float32 | Plane) -> Plane:
    """Turn radii, 1 at the border, into shares, in place."""
    np.subtract(1, radius, out=radius)
    radius *= edge
    radius += np.float32(0.5)
    np.maximum(radius, 0, out=radius)
    return np.minimum(radius, 1, out=radius)


def _rounded(u: Plane, v: Plane, power: float, edge: np.float32, out: Plane) -> Plane:
    """Compute the shares of a rounded shape; roots are taken at its edge alone."""
    np.add(np.abs(u) ** power, np.abs(v) ** power, out=out)
    half = 0.5 / float(edge) + ROUNDING
    low, high = max(1 - half, 0) ** power, (1 + half) ** power
    inside = out < low
    near = np.flatnonzero((out < high) > inside)
    radius = out.ravel()[near] ** np.float32(1 / power)
    out[...] = inside
    out.ravel()[near] = _edge(radius, edge)
    return out
