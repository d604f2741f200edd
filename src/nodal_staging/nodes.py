"""Nodes as a radiologist measures them: volume, axes, attenuation, uptake."""

import logging
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from nodal_staging import scans, tables
from nodal_staging.cohort import apply_criteria
from nodal_staging.geometry import Box, Lattice
from nodal_staging.inspection import ExamIndex, read_index
from nodal_staging.problems import InputError
from nodal_staging.scans import Scan
from nodal_staging.segmentation.label_map import read_label_map
from nodal_staging.sheets import Exam, read_exams

logger = logging.getLogger(__name__)

PEAK_RADIUS_MM = (3 / (4 * np.pi) * 1000) ** (1 / 3)
"""Radius of the 1 ml sphere of SUVpeak."""

DIRECTIONS = 180
"""Directions of the calipers, one degree apart."""


@dataclass(frozen=True, slots=True)
class NodeMask:
    """Voxels of one node in a box of its exam.

    Attributes
    ----------
    mask
        Boolean ``(z, y, x)`` of the box.
    start
        Index ``(z, y, x)`` of the box in the exam's lattice.
    lattice
        Lattice of the box.
    """

    mask: npt.NDArray[np.bool_]
    start: tuple[int, int, int]
    lattice: Lattice

    def points_mm(self) -> npt.NDArray[np.float64]:
        """Return the LPS points ``(n, 3)`` of the voxel centres."""
        return self.lattice.to_points(np.argwhere(self.mask))

    def centroid_mm(self) -> npt.NDArray[np.float64]:
        """Return the mean of the voxel centres, an LPS point."""
        centroid: npt.NDArray[np.float64] = self.points_mm().mean(axis=0)
        return centroid

    def box_centre_mm(self) -> npt.NDArray[np.float64]:
        """Return the centre of the bounding box, an LPS point."""
        return self.lattice.to_points((np.array(self.mask.shape) - 1) / 2)


def included_exams(
    *,
    inspections: str | Path,
    exams: str | Path,
    nodes: str | Path,
    index: str | Path,
    shard: str,
) -> Iterator[tuple[Exam, ExamIndex]]:
    """Yield the included exams of a shard with their indices."""
    judged = apply_criteria(exams, [inspections])
    included = set(judged.loc[judged["included"] == "yes", "exam_id"])
    indices = read_index(index)
    for exam in read_exams(exams=exams, nodes=nodes, shard=shard):
        if exam.exam_id in included:
            yield exam, indices[exam.exam_id]


def node_masks(
    exam: Exam, index: ExamIndex, node_folder: Path
) -> Iterator[tuple[str, NodeMask]]:
    """Yield node_id and mask of every node of an exam."""
    for path, wanted in exam.segmentations(node_folder).items():
        label_map = read_label_map(path, role=exam.role("segmentation"))
        boxes = _boxes(label_map.values)
        for node_id in wanted:
            value = index.labels[node_id]
            box = boxes[value]
            start = (box[0].start, box[1].start, box[2].start)
            mask = label_map.values[box] == value
            yield (
                node_id,
                NodeMask(mask, start, label_map.lattice.crop(start, mask.shape)),
            )


def _boxes(
    values: npt.NDArray[np.integer],
) -> dict[int, tuple[slice, slice, slice]]:
    """Return the bounding box of every label value."""
    where = np.argwhere(values)
    labels = values[tuple(where.T)]
    boxes = {}
    for value in np.unique(labels):
        voxels = where[labels == value]
        low, high = voxels.min(axis=0), voxels.max(axis=0) + 1
        z, y, x = (slice(int(a), int(b)) for a, b in zip(low, high, strict=True))
        boxes[int(value)] = (z, y, x)
    return boxes


def measure_nodes(
    *,
    inspections: str | Path,
    exams: str | Path,
    nodes: str | Path,
    index: str | Path,
    shard: str,
    on_bad_exam: str,
    output: str | Path,
) -> None:
    """Measure every node of the included exams of a shard (``tables.NODES``).

    Raises
    ------
    InputError
        For an exam whose voxels cannot be read, where ``on_bad_exam`` is ``fail``;
        with ``exclude`` its nodes are left out, and the log says so.
    """
    rows: list[dict[str, Any]] = []
    included = included_exams(
        inspections=inspections, exams=exams, nodes=nodes, index=index, shard=shard
    )
    for exam, exam_index in included:
        try:
            rows.extend(_measure_exam(exam, exam_index, Path(nodes).parent))
        except InputError as error:
            if on_bad_exam == "fail":
                raise
            logger.warning("%s (its nodes are left out)", error)
    frame = pd.DataFrame(rows, columns=list(tables.NODES.columns))
    tables.write(frame, output, tables.NODES)


def gather_nodes(*, shards: Iterable[str | Path], output: str | Path) -> None:
    """Join the nodes of all shards, in the order of node_id."""
    frame = pd.concat([tables.read(path, tables.NODES) for path in shards])
    tables.write(frame.sort_values("node_id"), output, tables.NODES)


def _measure_exam(
    exam: Exam, index: ExamIndex, node_folder: Path
) -> list[dict[str, Any]]:
    """Measure the nodes of one exam."""
    described = exam.nodes.set_index("node_id")
    rows = []
    for node_id, node in node_masks(exam, index, node_folder):
        long_mm, short_mm = axial_axes_mm(node)
        values_hu = _ct_values(exam, index.ct, node)
        suv_max, suv_peak = _uptake(exam, index.pet, node)
        x, y, z = node.centroid_mm()
        rows.append(
            {
                "node_id": node_id,
                "patient_id": exam.patient_id,
                "location": described.loc[node_id, "location"],
                "status": described.loc[node_id, "status"],
                "volume_mm3": node.mask.sum() * node.lattice.voxel_volume_mm3,
                "short_axis_mm": short_mm,
                "long_axis_mm": long_mm,
                "median_hu": float(np.median(values_hu)),
                "mean_hu": float(np.mean(values_hu, dtype=np.float64)),
                "suv_max": suv_max,
                "suv_peak": suv_peak,
                "centre_x_mm": x,
                "centre_y_mm": y,
                "centre_z_mm": z,
                "n_voxels": int(node.mask.sum()),
                "flags": "ok" if index.pet is not None else "no_suv",
            }
        )
    return rows


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


def _ct_values(exam: Exam, scan: Scan, node: NodeMask) -> npt.NDArray[np.float32]:
    """Return the HU of the node's voxels."""
    box = (node.start, node.mask.shape)
    (values,) = scans.read_boxes(exam.ct, scan, [box], role=exam.role("ct"))
    return values[node.mask]


def _uptake(exam: Exam, scan: Scan | None, node: NodeMask) -> tuple[float, float]:
    """Return SUVmax and SUVpeak, NaN where there is no PET.

    SUVmax is the largest PET voxel that holds a voxel centre of the node; SUVpeak
    the mean of the PET voxels whose centres lie within 1 ml around that voxel.
    """
    if scan is None or exam.pet is None:
        return float("nan"), float("nan")
    lattice = scan.lattice
    places = np.unique(np.rint(lattice.to_index(node.points_mm())).astype(int), axis=0)
    inside = ((places >= 0) & (places < lattice.shape)).all(axis=1)
    places = places[inside]
    if not len(places):
        return float("nan"), float("nan")
    start, shape = _box_around(places, lattice)
    (suv,) = scans.read_boxes(exam.pet, scan, [(start, shape)], role=exam.role("pet"))
    places -= start
    values = suv[tuple(places.T)]
    hottest = places[int(np.argmax(values))]
    return float(values.max()), _peak(suv, hottest, lattice)


def _box_around(places: npt.NDArray[np.int_], lattice: Lattice) -> Box:
    """Return the box of voxels that a sphere around any of the places can reach."""
    spacing = np.array(lattice.spacing_mm)[::-1]
    reach = np.ceil(PEAK_RADIUS_MM / spacing).astype(int)
    low = np.maximum(places.min(axis=0) - reach, 0)
    high = np.minimum(places.max(axis=0) + reach + 1, lattice.shape)
    z, y, x = (int(value) for value in low)
    depth, height, width = (int(value) for value in high - low)
    return (z, y, x), (depth, height, width)


def _peak(
    suv: npt.NDArray[np.float32], centre: npt.NDArray[np.int_], lattice: Lattice
) -> float:
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
