"""One synthetic PSMA-PET: physiological uptake by tissue and organ, and the nodes'."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy import ndimage

from nodal_staging.exams.content.outlines import filled_planes
from nodal_staging.phantom.body import region_span_mm
from nodal_staging.phantom.ct import Grid
from nodal_staging.phantom.habitus import Habitus
from nodal_staging.phantom.node import Node
from nodal_staging.study.arrays import FloatArray, Int16Array, Volume

MUSCLE_SUV = 0.6
TISSUES_HU = [-1000, -930, -860, -150, -100, 40, 80, 160, 250, 800]
TISSUES_SUV = [0, 0, 0.25, 0.25, 0.2, MUSCLE_SUV, MUSCLE_SUV, 1.4, 1.2, 0.5]
"""Uptake by attenuation: air, lung, fat, muscle, blood, bone."""

POSITIVE_SUV_MEDIAN = 9.0
POSITIVE_SUV_LOG_SD = 0.5
NEGATIVE_SUV = 1.0
SPREAD_MM = 3.0
NOISE = 0.08


@dataclass(frozen=True, slots=True)
class Organ:
    """Physiological uptake, where the CT shows the organ.

    Attributes
    ----------
    region, low, high
        The region, and from where to where into it the organ reaches.
    x, y, a, b
        Middle and half axes, mm at reference size.
    suv
        Its uptake.
    size
        Factor on the half axes ``(a, b)`` by how far a slice lies into the region.
    """

    region: str
    low: float
    high: float
    x: float
    y: float
    a: float
    b: float
    suv: float
    size: Callable[[float], tuple[float, float]] = lambda into: (1.0, 1.0)


def _thickest_at(height: float) -> Callable[[float], tuple[float, float]]:
    """Return the taper of a kidney, as the CT has it."""
    return lambda into: (1 - 0.5 * abs(into - height),) * 2


ORGANS = [
    Organ("perirectal", 0.0, 1.0, 0, -38, 38, 24, 30.0),
    Organ("retroperitoneal", 0.0, 1.0, 82, 30, 22, 30, 26.0, _thickest_at(0.6)),
    Organ("retroperitoneal", 0.0, 1.0, -84, 34, 22, 30, 26.0, _thickest_at(0.4)),
    Organ(
        "retroperitoneal",
        0.0,
        1.0,
        -88,
        -30,
        40,
        44,
        4.5,
        lambda into: (0.4 + 0.8 * into, 1.0),
    ),
    Organ("retroperitoneal", 0.0, 1.0, -26, -26, 12, 10, 9.0),
    Organ("cervical", 0.45, 1.0, 34, -38, 11, 8, 13.0),
    Organ("cervical", 0.45, 1.0, -34, -38, 11, 8, 13.0),
]
"""Bladder, kidneys, liver, duodenum, submandibular glands."""

BODY_HU = -200
"""What is denser, and what that surrounds, is the body; the table is less dense."""


def draw_peaks(statuses: list[str], *, rng: np.random.Generator) -> FloatArray:
    """Draw the peak uptake of nodes: lognormal if positive, else near background."""
    drawn = np.exp(rng.standard_normal(len(statuses)) * POSITIVE_SUV_LOG_SD)
    positive = np.array(statuses) == "positive"
    return np.where(positive, POSITIVE_SUV_MEDIAN * drawn, NEGATIVE_SUV * drawn**0.4)


def render_pet(
    grid: Grid,
    ct_grid: Grid,
    hu: Int16Array,
    habitus: Habitus,
    nodes: list[Node],
    peaks_suv: FloatArray,
    *,
    region_height_mm: float,
    rng: np.random.Generator,
) -> Volume:
    """Render the uptake.

    Parameters
    ----------
    grid
        Sampling of the PET, over the field of view of the CT.
    ct_grid, hu
        The CT ``(z, y, x)``, from which the tissues are taken.
    habitus, nodes, peaks_suv
        The patient, and the peak uptake of each node.
    region_height_mm
        Height of a body region.
    rng
        The exam's stream.

    Returns
    -------
    SUV ``(z, y, x)``.
    """
    x, y, z = grid.coordinates()
    seen = _nearest(hu, ct_grid, (x, y, z))
    suv: Volume = np.interp(seen, TISSUES_HU, TISSUES_SUV).astype(np.float32)
    suv[~filled_planes(seen > BODY_HU)] = 0  # lungs belong to the body
    suv *= 1 + NOISE * rng.standard_normal(suv.shape, dtype=np.float32)
    for organ in ORGANS:
        _fill(suv, (x, y, z), organ, habitus, region_height_mm)
    ndimage.gaussian_filter(suv, SPREAD_MM / grid.pixel_mm, truncate=3, output=suv)
    for node, peak in zip(nodes, peaks_suv, strict=True):
        _add_node(suv, (x, y, z), node, float(peak))
    return np.maximum(suv, np.float32(0))


def _nearest(
    hu: Int16Array, grid: Grid, points: tuple[Volume, Volume, Volume]
) -> Int16Array:
    """Take the CT at the PET's voxels."""
    places = [
        np.clip(np.rint((wanted - axis[0]) / (axis[1] - axis[0])), 0, len(axis) - 1)
        for wanted, axis in zip(points, grid.coordinates(), strict=True)
    ]
    x, y, z = (place.astype(int) for place in places)
    taken: Int16Array = hu[z][:, y][:, :, x]
    return taken


def _fill(
    suv: Volume,
    axes: tuple[Volume, Volume, Volume],
    organ: Organ,
    habitus: Habitus,
    region_height_mm: float,
) -> None:
    """Raise the uptake inside an organ to its own."""
    x, y, z = axes
    bottom, _ = region_span_mm(organ.region, region_height_mm)
    u = x - habitus.offset_mm[0] - organ.x * habitus.scale_x
    v = y - habitus.offset_mm[1] - organ.y * habitus.scale_y
    for number, height in enumerate(z):
        into = float(height - bottom) / region_height_mm
        if organ.low <= into <= organ.high:
            wide, deep = organ.size(into)
            a, b = organ.a * wide * habitus.scale_x, organ.b * deep * habitus.scale_y
            inside = (u[None, :] / a) ** 2 + (v[:, None] / b) ** 2 <= 1
            suv[number][inside] = organ.suv


def _add_node(
    suv: Volume, axes: tuple[Volume, Volume, Volume], node: Node, peak: float
) -> None:
    """Add the blurred uptake of a node."""
    spread = np.hypot(0.5 * node.radius_mm, SPREAD_MM)
    profiles = [
        np.exp(-((axis - centre) ** 2) / (2 * spread**2))
        for axis, centre in zip(axes, node.centre_mm, strict=True)
    ]
    boxes = [slice(*np.flatnonzero(p > 1e-4)[[0, -1]] + [0, 1]) for p in profiles]
    x, y, z = (p[box] for p, box in zip(profiles, boxes, strict=True))
    blob = z[:, None, None] * y[None, :, None] * x[None, None, :]
    suv[boxes[2], boxes[1], boxes[0]] += (peak * blob).astype(np.float32)
