"""Shapes of the phantom compared with their formula over the whole plane."""

import numpy as np
import pytest

from nodal_staging.phantom.body import paint_region
from nodal_staging.phantom.canvas import Canvas
from nodal_staging.phantom.habitus import draw_habitus
from nodal_staging.phantom.shapes import Ellipse, Raster, blend_discs

X = (np.arange(120) - 59.5).astype(np.float32) * np.float32(0.94)
Y = (np.arange(90) - 44.5).astype(np.float32) * np.float32(0.94)


def canvas():
    rng = np.random.default_rng(5)
    habitus = draw_habitus(110, 80, contrast=True, rng=rng)
    hu = rng.uniform(-1000, 800, (90, 120)).astype(np.float32)
    return Canvas(Raster(X, Y), 0.0, 0.5, habitus, hu)


def blended(hu, shape, value, *, only_fat=False):
    """Blend over the whole plane, every pixel by the formula, in double precision."""
    dx, dy = X.astype(float) - shape.x, Y.astype(float)[:, None] - shape.y
    cos, sin = np.cos(shape.turn), np.sin(shape.turn)
    u = np.abs(dx * cos + dy * sin) / shape.a
    v = np.abs(dy * cos - dx * sin) / shape.b
    radius = (u**shape.power + v**shape.power) ** (1 / shape.power)
    share = np.clip((1 - radius) * min(shape.a, shape.b) / 0.94 + 0.5, 0, 1)
    if only_fat:
        share = share * ((hu > -150) & (hu < -50))
    return hu + share * (value - hu)


SHAPES = [
    Ellipse(0, 0, 50, 35, 0.0, 2.0),
    Ellipse(3.3, -7, 1.1, 0.9, 0.0, 2.0),
    Ellipse(-20, 5, 30, 9, 0.7, 2.0),
    Ellipse(40, 30, 30, 25, -1.2, 2.0),
    Ellipse(0, 0, 54, 40, 0.0, 2.6),
    Ellipse(-35, 10, 60, 30, 0.0, 4.0),
    Ellipse(0, 4, 20, 28, 0.4, 2.2),
    Ellipse(1, 1, 0.4, 0.3, 0.0, 2.3),
    Ellipse(200, 0, 20, 20, 0.0, 2.0),
]


@pytest.mark.parametrize("shape", SHAPES)
def test_a_shape_covers_what_its_formula_says(shape):
    painted = canvas()
    before = painted.hu.astype(float)
    shape.blend(painted.raster, painted.hu, 58.0)
    np.testing.assert_allclose(painted.hu, blended(before, shape, 58.0), atol=0.02)


def test_discs_cover_fat_one_after_the_other():
    """Some lie upon one another, at an edge of the plane or beyond it."""
    rng = np.random.default_rng(7)
    middles, radii = rng.uniform(-1, 1, (60, 2)) * (62, 47), rng.uniform(0.7, 4.5, 60)
    painted = canvas()
    painted.hu[30:60] = -100
    expected = painted.hu.astype(float)
    for (x, y), radius in zip(middles, radii, strict=True):
        disc = Ellipse(x, y, radius, radius, 0.0, 2.0)
        expected = blended(expected, disc, 70.0, only_fat=True)
    blend_discs(painted.raster, painted.hu, middles, radii, 70.0)
    np.testing.assert_allclose(painted.hu, expected, atol=0.02)


def test_an_outline_is_skin_around_fat():
    painted = canvas()
    painted.outline(0, 0, 60, 45)
    painted.paint()
    middle = (45, 60)
    assert painted.hu[middle] == pytest.approx(painted.habitus.fat_hu, abs=1e-3)
    assert painted.skin[middle] == painted.fat[middle] == 1
    assert (painted.skin >= painted.fat).all()
    assert (painted.skin > painted.fat).any()


def test_a_shape_that_is_painted_again_covers_the_same():
    painted, raster = canvas(), Raster(X, Y)
    shape, once = SHAPES[0], painted.hu.copy()
    shape.blend(Raster(X, Y), once, 58.0)
    for _ in range(3):
        raster.next_plane()
        again = painted.hu.copy()
        shape.blend(raster, again, 58.0)
        np.testing.assert_array_equal(again, once)
        SHAPES[1].blend(raster, again, -80.0)


def test_a_plane_is_the_same_whatever_was_painted_before():
    habitus, raster = canvas().habitus, Raster(X, Y)
    heights = [*np.arange(0, 354, 8.0), 350.0, 350.0, 41.0, 44.0, 200.0]
    for z_mm in heights:
        one = paint_region(raster, z_mm, habitus, 30.0)
        other = paint_region(Raster(X, Y), z_mm, habitus, 30.0)
        for name in ("hu", "skin", "fat"):
            painted, alone = getattr(one, name), getattr(other, name)
            np.testing.assert_array_equal(painted, alone)
