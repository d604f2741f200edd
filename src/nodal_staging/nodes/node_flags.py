"""Nodes whose masks are implausible, each with a sentence and the fix."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any, Self

import pandas as pd

from nodal_staging import tables
from nodal_staging.tables.categories import UNKNOWN
from nodal_staging.tables.rounding import counted

NodeRow = Mapping[Any, Any]
"""A row of ``tables.NODES``."""

SPLIT = (
    "give each node a label and a row of its own (in 3D Slicer: Segment Editor, "
    "Islands, Split islands to segments), or erase what does not belong to it"
)
REDRAW = "look at the mask on the CT and draw it again"


@dataclass(frozen=True, slots=True)
class NodeLimits:
    """Limits beyond which a node is remarked; section ``cohort.node_limits``.

    Attributes
    ----------
    components
        Most components of a node.
    stray_share, stray_mm
        Components are stray voxels if each has at most this share of the node's voxels
        and the farthest lies at least so far from the largest component.
    least_voxels
        Fewest voxels.
    largest_cm3
        Largest volume.
    share_of_ct
        Largest share of the CT's voxels.
    extruded_slices
        Number of slices from which a mask of one and the same outline is remarked.
    lowest_hu, highest_hu
        Limits of the mean attenuation.
    overlap_share
        Largest share of a node's voxels that another node may have too.
    fat_hu
        Lowest median attenuation; below it the mask holds fat.
    height_spreads, least_height_share
        How far the height in the CT may lie from the median of the nodes of the same
        location: in robust standard deviations (1.4826 median absolute deviations),
        and at least this share of the CT.
    """

    components: int
    stray_share: float
    stray_mm: float
    least_voxels: int
    largest_cm3: float
    share_of_ct: float
    extruded_slices: int
    lowest_hu: float
    highest_hu: float
    overlap_share: float
    fat_hu: float
    height_spreads: float
    least_height_share: float

    @classmethod
    def of(cls, section: Mapping[str, Any]) -> Self:
        """Build the limits from section ``node_limits`` of the configuration.

        Its ``refused_share_of_ct`` is a limit of ``measurements.measure_nodes``.
        """
        return cls(**{field.name: section[field.name] for field in fields(cls)})


@dataclass(frozen=True, slots=True)
class NodeFlag:
    """A remark on a node: its code, when it applies, what was found, and the fix."""

    code: str
    applies: Callable[[NodeRow, NodeLimits], bool]
    found: Callable[[NodeRow, NodeLimits], str]
    fix: str


def _is_stray(node: NodeRow, limits: NodeLimits) -> bool:
    """Return whether all components but the largest are tiny, and one is far."""
    tiny = node["second_voxels"] <= limits.stray_share * node["n_voxels"]
    return bool(tiny and node["apart_mm"] >= limits.stray_mm)


def _several(node: NodeRow, limits: NodeLimits) -> bool:
    return bool(node["components"] > limits.components)


def _components(node: NodeRow, _: NodeLimits) -> str:
    return (
        f"its {node['n_voxels']} voxels form {node['components']} components that do "
        f"not touch, the second largest of "
        f"{counted(node['second_voxels'], 'voxel', 'voxels')}, up to "
        f"{node['apart_mm']:.1f} mm from the largest"
    )


FLAGS = (
    NodeFlag(
        "several_components",
        lambda node, limits: _several(node, limits) and not _is_stray(node, limits),
        _components,
        SPLIT,
    ),
    NodeFlag(
        "stray_voxels",
        lambda node, limits: _several(node, limits) and _is_stray(node, limits),
        _components,
        "erase the stray voxels (in 3D Slicer: Segment Editor, Islands, Keep largest "
        "island)",
    ),
    NodeFlag(
        "few_voxels",
        lambda node, limits: node["n_voxels"] < limits.least_voxels,
        lambda node, limits: (
            f"{counted(node['n_voxels'], 'voxel', 'voxels')}, expected at least "
            f"{limits.least_voxels}"
        ),
        REDRAW,
    ),
    NodeFlag(
        "large",
        lambda node, limits: node["volume_mm3"] > 1000 * limits.largest_cm3,
        lambda node, limits: (
            f"volume of {node['volume_mm3'] / 1000:.0f} cm3, expected at most "
            f"{limits.largest_cm3:g} cm3"
        ),
        REDRAW,
    ),
    NodeFlag(
        "large_on_ct",
        lambda node, limits: node["ct_share"] > limits.share_of_ct,
        lambda node, limits: (
            f"{100 * node['ct_share']:.0f} % of the CT, expected at most "
            f"{100 * limits.share_of_ct:g} %"
        ),
        REDRAW,
    ),
    NodeFlag(
        "extruded",
        lambda node, limits: (
            node["outlines"] == 1 and node["slices"] >= limits.extruded_slices
        ),
        lambda node, _: f"the same outline on all of its {node['slices']} slices",
        "check the slice thickness of the segmentation, or draw the node on each slice",
    ),
    NodeFlag(
        "like_air",
        lambda node, limits: node["mean_hu"] < limits.lowest_hu,
        lambda node, limits: (
            f"mean of {node['mean_hu']:.0f} HU, as of lung or of air outside of the "
            f"body, expected at least {limits.lowest_hu:g} HU"
        ),
        "check that the segmentation was drawn on this CT, and that the CT is in HU",
    ),
    NodeFlag(
        "like_bone",
        lambda node, limits: node["mean_hu"] > limits.highest_hu,
        lambda node, limits: (
            f"mean of {node['mean_hu']:.0f} HU, as of bone, calcification or metal, "
            f"expected at most {limits.highest_hu:g} HU"
        ),
        "check that the segmentation was drawn on this CT, and that the CT is in HU",
    ),
    NodeFlag(
        "like_fat",
        lambda node, limits: (
            limits.lowest_hu <= node["mean_hu"] and (node["median_hu"] < limits.fat_hu)
        ),
        lambda node, limits: (
            f"median of {node['median_hu']:.0f} HU, as of fat, expected at least "
            f"{limits.fat_hu:g} HU"
        ),
        REDRAW,
    ),
    NodeFlag(
        "touches_edge",
        lambda node, _: node["edge_voxels"] > 0,
        lambda node, _: (
            f"{counted(node['edge_voxels'], 'voxel lies', 'voxels lie')} at the border "
            "of the CT, so the node may be cut off"
        ),
        "leave the node out, or use a CT that covers it",
    ),
    NodeFlag(
        "hole",
        lambda node, _: node["hole_voxels"] > 0,
        lambda node, _: (
            f"its mask encloses {counted(node['hole_voxels'], 'voxel', 'voxels')} that "
            "do not belong to it"
        ),
        "fill the hole (in 3D Slicer: Segment Editor, Smoothing, Fill holes)",
    ),
    NodeFlag(
        "location_implausible",
        lambda node, _: node["height_off"] > 0,
        lambda node, _: (
            f"it lies at {100 * node['height_share']:.0f} % of the height of the CT, "
            f"but most {node['location']} nodes at {100 * node['usual_height']:.0f} %"
        ),
        "check its location in the node sheet, and that its label is the one that is "
        "meant",
    ),
    NodeFlag(
        "outside_pet",
        lambda node, _: node["flags"] == "outside_pet",
        lambda *_: "it lies outside of the PET and has no SUV",
        "check that the PET is complete and of this exam",
    ),
    NodeFlag(
        "overlap",
        lambda node, limits: node["overlap_share"] > limits.overlap_share,
        lambda node, _: (
            f"{100 * node['overlap_share']:.0f} % of its voxels belong to another node "
            "of the exam too"
        ),
        "give each voxel to one node, or remove the row of a node that is listed twice",
    ),
)
"""In the order in which they are listed."""


def flag_nodes(
    *, nodes: Iterable[str | Path], limits: NodeLimits, output: str | Path
) -> None:
    """List the nodes whose masks are implausible; nothing is left out.

    Parameters
    ----------
    nodes
        Measured nodes (``tables.NODES``), of all shards or joined.
    limits
        What is remarked.
    output
        ``tables.NODE_FLAGS``, in the order of node_id.
    """
    measured = pd.concat([tables.read(path, tables.NODES) for path in nodes])
    frame = _with_heights(measured, limits)
    rows = [
        {
            "node_id": node["node_id"],
            "patient_id": node["patient_id"],
            "flag": flag.code,
            "problem": f"node {node['node_id']}: {flag.found(node, limits)}",
            "fix": flag.fix,
        }
        for node in frame.sort_values("node_id").to_dict("records")
        for flag in FLAGS
        if flag.applies(node, limits)
    ]
    columns = list(tables.NODE_FLAGS.columns)
    tables.write(pd.DataFrame(rows, columns=columns), output, tables.NODE_FLAGS)


FEWEST_OF_LOCATION = 10
"""Nodes of a location below which no height is judged."""

NORMAL = 1.4826
"""Standard deviation of a normal distribution with a median absolute deviation of 1."""


def _with_heights(nodes: pd.DataFrame, limits: NodeLimits) -> pd.DataFrame:
    """Add the usual height of each location, and by how much a node is too far off.

    Median and median absolute deviation are hardly moved by the few nodes whose
    location is wrong.
    """
    by_location = nodes.groupby("location")["height_share"]
    usual = by_location.transform("median")
    off = (nodes["height_share"] - usual).abs()
    spread = NORMAL * off.groupby(nodes["location"]).transform("median")
    allowed = (limits.height_spreads * spread).clip(lower=limits.least_height_share)
    judged = by_location.transform("size") >= FEWEST_OF_LOCATION
    beyond = (off - allowed).where(judged & nodes["location"].ne(UNKNOWN), -1.0)
    return nodes.assign(usual_height=usual, height_off=beyond)
