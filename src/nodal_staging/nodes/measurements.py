"""Nodes as a radiologist measures them: volume, axes, attenuation, uptake."""

from collections.abc import Iterable
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from nodal_staging import tables
from nodal_staging.cohort.exam_index import ExamIndex
from nodal_staging.cohort.inspected_shard import InspectedShard
from nodal_staging.cohort.sheets import Exam
from nodal_staging.exams import scans
from nodal_staging.exams.isolation import IsolatedCalls
from nodal_staging.exams.scans import Scan
from nodal_staging.geometry import Box, Lattice
from nodal_staging.nodes.losses import Loss, losses_of, report_losses, write_losses
from nodal_staging.nodes.mask_quality import MaskQuality, describe_masks
from nodal_staging.nodes.masks import NodeMask, node_masks
from nodal_staging.study.arrays import AnyArray, Float32Array, IntArray
from nodal_staging.study.errors import InputError, naming

PEAK_RADIUS_MM = (3 / (4 * np.pi) * 1000) ** (1 / 3)
"""Radius of the 1 ml sphere of SUVpeak."""

DIRECTIONS = 180
"""Directions of the calipers, one degree apart."""


class MaskError(InputError):
    """A mask covers most of the CT."""

    reason = "covers_ct"


@dataclass(slots=True)
class _Measured:
    """Rows of ``tables.NODES``, and what was lost on the way."""

    rows: list[dict[str, Any]]
    losses: list[Loss]


def measure_nodes(
    *,
    shard: InspectedShard,
    refused_share: float,
    on_bad_exam: str,
    output: str | Path,
    lost: str | Path,
) -> None:
    """Measure every node of the included exams of a shard.

    Exams are read in a child process. If the CT of one or its masks cannot be read,
    its nodes are lost; if its PET cannot be read, their SUV.

    Parameters
    ----------
    shard
        The exams.
    refused_share
        Share of the CT's voxels from which a mask is not a node and is refused.
    on_bad_exam
        ``exclude`` goes on without lost nodes, ``fail`` raises.
    output, lost
        Outputs: the measured nodes (``tables.NODES``) and the lost ones
        (``tables.LOSSES``).

    Raises
    ------
    LostNodeError
        For the first loss, where ``on_bad_exam`` is ``fail``.
    """
    rows: list[dict[str, Any]] = []
    losses: list[Loss] = []
    needs_pet = shard.limits.require_pet
    with closing(IsolatedCalls(_measure_exam, trusted_after_error=False)) as measure:
        for exam, index in shard.included_exams():
            try:
                with naming(exam.name):
                    measured = measure(
                        exam, index, shard.folder, needs_pet, refused_share
                    )
            except InputError as error:
                own = losses_of(exam, index.labels, stage="measurement", error=error)
                measured = _Measured([], own)
            report_losses(measured.losses, on_bad_exam=on_bad_exam)
            rows += measured.rows
            losses += measured.losses
    frame = pd.DataFrame(rows, columns=list(tables.NODES.columns))
    tables.write(frame, output, tables.NODES)
    write_losses(losses, lost)


def gather_nodes(*, shards: Iterable[str | Path], output: str | Path) -> None:
    """Join the nodes of all shards, in the order of node_id."""
    frame = pd.concat([tables.read(path, tables.NODES) for path in shards])
    tables.write(frame.sort_values("node_id"), output, tables.NODES)


def _measure_exam(
    exam: Exam, index: ExamIndex, folder: Path, needs_pet: bool, refused_share: float
) -> _Measured:
    """Measure the nodes of one exam, in a child process."""
    masks = node_masks(exam, index, folder)
    boxes: list[Box] = [(node.start, node.lattice.shape) for node in masks.values()]
    with naming(exam.place("ct")):
        values = scans.read_boxes(exam.ct, index.ct, boxes)
    losses: list[Loss] = []
    try:
        uptakes = _uptakes(exam, index.pet, list(masks.values()))
    except InputError as error:
        if needs_pet:
            raise
        uptakes = [Uptake()] * len(masks)
        losses = losses_of(exam, masks, stage="uptake", error=error)
    described = exam.nodes.set_index("node_id")
    quality = describe_masks(masks, index.ct.lattice)
    refused, refusals = _refused(exam, quality, refused_share)
    rows = [
        {
            "node_id": node_id,
            "patient_id": exam.patient_id,
            "location": described.loc[node_id, "location"],
            "status": described.loc[node_id, "status"],
            **node_size(node),
            **node_attenuation(box[node.mask]),
            **quality[node_id].columns(),
            "suv_max": uptake.suv_max,
            "suv_peak": uptake.suv_peak,
            "flags": uptake.flag,
        }
        for (node_id, node), box, uptake in zip(
            masks.items(), values, uptakes, strict=True
        )
        if node_id not in refused
    ]
    kept = [loss for loss in losses if loss["node_id"] not in refused]
    return _Measured(rows, kept + refusals)


def _refused(
    exam: Exam, quality: dict[str, MaskQuality], share: float
) -> tuple[set[str], list[Loss]]:
    """Return the nodes that cover most of the CT, and their losses."""
    losses: list[Loss] = []
    for node_id, mask in quality.items():
        if mask.ct_share >= share:
            error = MaskError(
                f"{exam.place('segmentation')}: the mask of node {node_id} covers "
                f"{100 * mask.ct_share:.0f} % of the CT, expected one lymph node of "
                f"less than {100 * share:g} %; draw the node alone, or remove both its "
                "label and its row from nodes.tsv"
            )
            losses += losses_of(exam, [node_id], stage="measurement", error=error)
    return {loss["node_id"] for loss in losses}, losses


def node_size(node: NodeMask) -> dict[str, float]:
    """Return volume, axes and centre of a node, columns of ``tables.NODES``."""
    long_mm, short_mm = axial_axes_mm(node)
    x, y, z = node.centroid_mm()
    return {
        "volume_mm3": float(node.mask.sum() * node.lattice.voxel_volume_mm3),
        "short_axis_mm": short_mm,
        "long_axis_mm": long_mm,
        "centre_x_mm": float(x),
        "centre_y_mm": float(y),
        "centre_z_mm": float(z),
        "n_voxels": int(node.mask.sum()),
    }


def node_attenuation(values_hu: AnyArray) -> dict[str, float]:
    """Return median and mean of the voxels of a node in HU ``(n,)``."""
    return {
        "median_hu": float(np.median(values_hu)),
        "mean_hu": float(np.mean(values_hu, dtype=np.float64)),
    }


def axial_axes_mm(node: NodeMask) -> tuple[float, float]:
    """Measure the axes in the axial slice where the node is largest.

    The long axis is the largest caliper extent in any direction, the short axis the
    extent perpendicular to it, as in RECIST 1.1. An extent is that of the voxel
    centres plus the width of one voxel.

    Returns
    -------
    Long and short axis in mm.
    """
    areas = node.mask.sum(axis=(1, 2))
    rows, columns = np.nonzero(node.mask[int(np.argmax(areas))])
    column_mm, row_mm, _ = node.lattice.spacing_mm
    angles = np.arange(DIRECTIONS) * np.pi / DIRECTIONS
    along = np.outer(np.cos(angles), columns * column_mm) + np.outer(
        np.sin(angles), rows * row_mm
    )
    extents = np.ptp(along, axis=1) + (column_mm + row_mm) / 2
    longest = int(np.argmax(extents))
    across = (longest + DIRECTIONS // 2) % DIRECTIONS
    return float(extents[longest]), float(extents[across])


@dataclass(frozen=True, slots=True)
class Uptake:
    """SUVmax and SUVpeak of a node, NaN where unknown; ``flag`` says why."""

    suv_max: float = float("nan")
    suv_peak: float = float("nan")
    flag: str = "no_suv"


def _uptakes(exam: Exam, scan: Scan | None, nodes: list[NodeMask]) -> list[Uptake]:
    """Measure the uptake of nodes.

    SUVmax is the largest PET voxel that holds a voxel centre of the node; SUVpeak
    the mean of the PET voxels whose centres lie within 1 ml around that voxel.
    """
    if scan is None or exam.pet is None:
        return [Uptake()] * len(nodes)
    places = [_pet_voxels(node, scan.lattice) for node in nodes]
    boxes = [_box_around(own, scan.lattice) for own in places if len(own)]
    with naming(exam.place("pet")):
        read = iter(scans.read_boxes(exam.pet, scan, boxes))
    starts = iter(start for start, _ in boxes)
    return [
        _uptake(next(read), own - next(starts), scan.lattice)
        if len(own)
        else Uptake(flag="outside_pet")
        for own in places
    ]


def _pet_voxels(node: NodeMask, lattice: Lattice) -> IntArray:
    """Return the PET voxels that hold a voxel centre of the node, ``(n, 3)``."""
    index = np.rint(lattice.to_index(node.points_mm())).astype(int)
    places = np.unique(index, axis=0)
    inside = ((places >= 0) & (places < lattice.shape)).all(axis=1)
    held: IntArray = places[inside]
    return held


def _uptake(suv: Float32Array, places: IntArray, lattice: Lattice) -> Uptake:
    """Measure a node in a box of the PET; ``places`` count from its start."""
    values = suv[tuple(places.T)]
    hottest = places[int(np.argmax(values))]
    return Uptake(float(values.max()), _peak(suv, hottest, lattice), "ok")


def _box_around(places: IntArray, lattice: Lattice) -> Box:
    """Return the box of voxels that a sphere around any of the places can reach."""
    spacing = np.array(lattice.spacing_mm)[::-1]
    reach = np.ceil(PEAK_RADIUS_MM / spacing).astype(int)
    low = np.maximum(places.min(axis=0) - reach, 0)
    high = np.minimum(places.max(axis=0) + reach + 1, lattice.shape)
    z, y, x = (int(value) for value in low)
    depth, height, width = (int(value) for value in high - low)
    return (z, y, x), (depth, height, width)


def _peak(suv: Float32Array, centre: IntArray, lattice: Lattice) -> float:
    """Average the voxels of a 1 ml sphere around a voxel ``(z, y, x)``."""
    spacing = np.array(lattice.spacing_mm)[::-1]
    reach = np.ceil(PEAK_RADIUS_MM / spacing).astype(int)
    low = np.maximum(centre - reach, 0)
    high = np.minimum(centre + reach + 1, suv.shape)
    box = tuple(slice(int(a), int(b)) for a, b in zip(low, high, strict=True))
    grid = np.stack(
        np.meshgrid(*(np.arange(s.start, s.stop) for s in box), indexing="ij"), -1
    )
    steps = (grid - centre)[..., ::-1] @ lattice.axes_mm().T
    near = np.linalg.norm(steps, axis=-1) <= PEAK_RADIUS_MM
    return float(suv[box][near].mean(dtype=np.float64))
