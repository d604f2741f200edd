"""Area and volume inside the surface of a mask: marching cubes at 0.5.

The vertices of the surface of a binary mask are the middles of those edges between
neighbouring voxel centres that cross it. A cube of eight voxel centres has 256 cases;
area and volume are sums over the cases that a mask contains, so no mesh is built. The
polygons of a case are fans around their centroids. Unlike a table of triangles they
are the same in all rotated and mirrored cases.
"""

from collections.abc import Iterator
from functools import lru_cache

import numpy as np

from nodal_staging.study.arrays import FloatArray, Mask, UInt8Array

CORNERS = 8
"""Corner ``n`` of a cube lies at ``((n >> 2) & 1, (n >> 1) & 1, n & 1)``, (z, y, x)."""

FACES = (
    (0, 1, 3, 2),
    (4, 6, 7, 5),
    (0, 4, 5, 1),
    (2, 3, 7, 6),
    (0, 2, 6, 4),
    (1, 5, 7, 3),
)
"""Corners of each face, in one sense of rotation seen from outside."""

Edge = frozenset[int]
Cases = tuple[FloatArray, FloatArray, FloatArray]


def mesh_area_and_volume(
    mask: Mask, spacing_mm: tuple[float, float, float]
) -> tuple[float, float]:
    """Measure the surface of a mask and the volume that it encloses.

    Parameters
    ----------
    mask
        Voxels of the node ``(z, y, x)``; beyond the array there are none.
    spacing_mm
        Distance of the voxels ``(z, y, x)``.

    Returns
    -------
    Area in mm2 and volume in mm3.

    References
    ----------
    Lorensen and Cline, Marching cubes, SIGGRAPH 1987. IBSI reference manual, section
    3.1 (volume RNU0 and surface area C0JK).
    """
    codes = _codes(mask)
    areas, directions, fluxes = _cases(spacing_mm)
    counts = np.bincount(codes.ravel(), minlength=1 << CORNERS)
    place = np.argwhere((codes > 0) & (codes < (1 << CORNERS) - 1))
    direction = directions[codes[tuple(place.T)]]
    offset = np.sum(place * np.array(spacing_mm) * direction)
    return float(counts @ areas), float((counts @ fluxes + offset) / 3)


def surface_points_mm(mask: Mask, spacing_mm: tuple[float, float, float]) -> FloatArray:
    """Return the vertices of the surface in mm from the first voxel ``(n, 3)``."""
    padded = np.pad(mask, 1)
    points = []
    for axis in range(padded.ndim):
        place = np.argwhere(np.diff(padded, axis=axis)).astype(float) - 1
        place[:, axis] += 0.5
        points.append(place)
    vertices: FloatArray = np.concatenate(points) * spacing_mm
    return vertices


def _codes(mask: Mask) -> UInt8Array:
    """Return the case of each cube of voxel centres."""
    padded = np.pad(mask, 1).astype(np.uint8)
    depth, height, width = (length - 1 for length in padded.shape)
    codes = np.zeros((depth, height, width), np.uint8)
    for corner in range(CORNERS):
        z, y, x = _corner(corner)
        codes |= padded[z : z + depth, y : y + height, x : x + width] << corner
    return codes


def _corner(number: int) -> tuple[int, int, int]:
    return (number >> 2) & 1, (number >> 1) & 1, number & 1


@lru_cache
def _cases(spacing_mm: tuple[float, float, float]) -> Cases:
    """Return area ``(256,)``, area vector ``(256, 3)`` and flux of position ``(256,)``.

    The area vectors point out of the node. The divergence of the position is 3.
    """
    areas = np.zeros(1 << CORNERS)
    directions = np.zeros((1 << CORNERS, 3))
    fluxes = np.zeros(1 << CORNERS)
    for code in range(1 << CORNERS):
        for loop in _polygons(code):
            points = np.array([_middle(edge) for edge in loop]) * spacing_mm
            after, centre = np.roll(points, -1, axis=0), points.mean(axis=0)
            normals = np.cross(points - centre, after - centre) / 2
            areas[code] += np.linalg.norm(normals, axis=1).sum()
            directions[code] += normals.sum(axis=0)
            fluxes[code] += np.sum((points + after + centre) / 3 * normals)
    return areas, directions, fluxes


def _middle(edge: Edge) -> FloatArray:
    first, second = (np.array(_corner(number), float) for number in edge)
    middle: FloatArray = (first + second) / 2
    return middle


def _polygons(code: int) -> Iterator[list[Edge]]:
    """Yield the polygons of a case: the edges of the cube that they cross, in order."""
    following = dict(line for face in FACES for line in _lines(face, code))
    while following:
        start, edge = following.popitem()
        loop = [start]
        while edge != start:
            loop.append(edge)
            edge = following.pop(edge)
        yield loop


def _lines(face: tuple[int, ...], code: int) -> Iterator[tuple[Edge, Edge]]:
    """Yield the lines of the surface across a face.

    Each line cuts off one run of inside corners, so that two diagonal corners inside
    are separated. Neighbouring cubes draw the same lines on their common face.
    """
    inside = [bool(code >> corner & 1) for corner in face]
    size = len(face)
    edges = [frozenset((face[k], face[(k + 1) % size])) for k in range(size)]
    for first in range(size):
        if inside[first] and not inside[first - 1]:
            last = first
            while inside[(last + 1) % size]:
                last += 1
            yield edges[first - 1], edges[last % size]
