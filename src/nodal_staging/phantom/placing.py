"""Where the nodes of a patient lie: in the fat of their region, next to its vessels."""

import numpy as np
import pandas as pd

from nodal_staging.phantom.anatomy import REGIONS
from nodal_staging.phantom.body import paint_region, region_span_mm
from nodal_staging.phantom.habitus import Habitus
from nodal_staging.phantom.node import Node, make_node
from nodal_staging.phantom.shapes import Raster
from nodal_staging.study.arrays import FloatArray

LEVELS = 8
"""Heights that are tried for a node, until it is clear of the others."""

CANDIDATES = 24
JITTER_MM = 6.0
EDGE_MM = 4.0
"""Distance of node centres from the border of their region."""

ROOM_MM = 8.0
"""Radius of the disc that should be fat; the same for all nodes, so that the place
says nothing about a node's size or status."""

ROUGH_MM = 2.0
LEAST_GAP_MM = 1.0


def place_nodes(
    nodes: pd.DataFrame,
    habitus: Habitus,
    region_height_mm: float,
    *,
    rng: np.random.Generator,
) -> list[Node]:
    """Put the nodes of a patient at their locations, clear of one another.

    Parameters
    ----------
    nodes
        Columns location and latents.
    habitus, region_height_mm
        The body.
    rng
        The exam's stream.
    """
    placed: list[Node] = []
    for row in nodes.to_dict("records"):
        shaped = make_node(
            np.zeros(3),
            size=row["size"],
            attenuation=row["attenuation"],
            hilum=row["hilum"],
            rng=rng,
        )
        placed.append(
            place_node(
                shaped, row["location"], placed, habitus, region_height_mm, rng=rng
            )
        )
    return placed


def place_node(
    node: Node,
    location: str,
    others: list[Node],
    habitus: Habitus,
    region_height_mm: float,
    *,
    rng: np.random.Generator,
) -> Node:
    """Move a node to its location, clear of others, or with the most clearance.

    Parameters
    ----------
    node, location
        What is placed, and in which region.
    others
        Nodes that are already placed.
    habitus, region_height_mm
        The body.
    rng
        The exam's stream.
    """
    tried = []
    for _ in range(LEVELS):
        for centre in _free_places(location, habitus, region_height_mm, rng):
            gap = _clearance(centre, node, others)
            if gap > LEAST_GAP_MM:
                return node.moved(centre)
            tried.append((gap, centre))
    return node.moved(max(tried, key=lambda entry: entry[0])[1])


def _free_places(
    location: str, habitus: Habitus, region_height_mm: float, rng: np.random.Generator
) -> list[FloatArray]:
    """Draw a height of the region and places there, those in most fat first."""
    low, high = region_span_mm(location, region_height_mm)
    z = rng.uniform(low + EDGE_MM, high - EDGE_MM)
    places = np.array(REGIONS[location].places())
    drawn = places[rng.integers(len(places), size=CANDIDATES)]
    drawn = drawn * [habitus.scale_x, habitus.scale_y]
    drawn += rng.uniform(-JITTER_MM, JITTER_MM, drawn.shape)
    crowded = _crowding(drawn, z, habitus, region_height_mm)
    # Ties and near ties keep the random order of the draw.
    order = np.argsort(np.round(crowded, 1), kind="stable")
    return [np.array([*(drawn[k] + habitus.offset_mm), z]) for k in order]


def _crowding(
    places: FloatArray, z_mm: float, habitus: Habitus, region_height_mm: float
) -> FloatArray:
    """Return the share of the disc around each place ``(x, y)`` that is not fat."""
    reach = np.abs(places).max(axis=0) + ROOM_MM + ROUGH_MM
    x, y = (np.arange(-r, r + ROUGH_MM, ROUGH_MM).astype(np.float32) for r in reach)
    hu = paint_region(Raster(x, y), z_mm, habitus, region_height_mm).hu
    solid = np.abs(hu - habitus.fat_hu) > 60
    away = (x[None, None, :] - places[:, 0, None, None]) ** 2
    away = away + (y[None, :, None] - places[:, 1, None, None]) ** 2
    near = away <= ROOM_MM**2
    share: FloatArray = (near & solid).sum(axis=(1, 2)) / near.sum(axis=(1, 2))
    return share


def _clearance(centre: FloatArray, node: Node, others: list[Node]) -> float:
    """Return the smallest gap between a node and those already placed."""
    gaps = [
        float(np.linalg.norm(centre - other.centre_mm)) - node.reach_mm - other.reach_mm
        for other in others
    ]
    return min(gaps, default=np.inf)
