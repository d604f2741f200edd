"""What a radiologist looks at before a cohort is trusted: nodes on CT, CT on PET."""

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
from scipy import ndimage

from nodal_staging import scans
from nodal_staging.files import replacing_folder, write_json
from nodal_staging.geometry import Box, Lattice
from nodal_staging.inspection import ExamIndex, read_index
from nodal_staging.isolation import isolated
from nodal_staging.nodes import NodeMask, node_masks
from nodal_staging.problems import InputError
from nodal_staging.scans import Scan
from nodal_staging.sheets import Exam, read_exams

logger = logging.getLogger(__name__)

FloatArray = npt.NDArray[np.float32]

MOST_NODES = 8
"""Nodes in one picture, the largest ones."""


@dataclass(frozen=True, slots=True)
class NodeView:
    """One axial slice through a node.

    Attributes
    ----------
    node_id
        Whose.
    hu
        The slice of the CT ``(y, x)``.
    suv
        The PET at the same points, NaN beyond it; None without PET.
    mask, others
        Voxels of the node and of the exam's other nodes in the slice.
    spacing_mm
        Distance of columns and of rows.
    centre
        Column and row of the node's middle.
    """

    node_id: str
    hu: FloatArray
    suv: FloatArray | None
    mask: npt.NDArray[np.bool_]
    others: npt.NDArray[np.bool_]
    spacing_mm: tuple[float, float]
    centre: tuple[float, float]


def picture_exams(
    *,
    exams: str | Path,
    nodes: str | Path,
    index: str | Path,
    shard: str,
    output: str | Path,
) -> None:
    """Draw the usable exams of a shard, each in a process of its own.

    Parameters
    ----------
    exams, nodes
        The input sheets.
    index
        How the files of each usable exam are read.
    shard
        Name of the shard.
    output
        Folder of the pictures; ``pictures.json`` gives the file of each exam_id.
        Files are numbered, for an exam_id may hold what a file name may not.
    """
    indices = read_index(index)
    names: dict[str, str] = {}
    with replacing_folder(output) as folder:
        for exam in read_exams(exams=exams, nodes=nodes, shard=shard):
            exam_index = indices.get(exam.exam_id)
            if exam_index is None:
                continue
            name = f"{len(names) + 1:05}.png"
            role = f"patient {exam.patient_id}, exam {exam.exam_id}"
            try:
                isolated(
                    _picture_exam,
                    exam,
                    exam_index,
                    Path(nodes).parent,
                    folder / name,
                    role=role,
                )
            except InputError as error:
                logger.warning("%s (no picture of this exam)", error)
                continue
            names[exam.exam_id] = name
        write_json(folder / "pictures.json", names)


def _picture_exam(exam: Exam, index: ExamIndex, folder: Path, path: Path) -> None:
    """Draw one exam, in a child process."""
    from nodal_staging.figures.exam_picture import draw_exam  # noqa: PLC0415

    masks = node_masks(exam, index, folder)
    draw_exam(node_views(exam, index, masks), total=len(masks), output=path)


def node_views(
    exam: Exam, index: ExamIndex, masks: dict[str, NodeMask]
) -> list[NodeView]:
    """Return the slice in which each of the largest nodes is widest."""
    lattice = index.ct.lattice
    largest = sorted(masks, key=lambda name: -int(masks[name].mask.sum()))[:MOST_NODES]
    chosen = [name for name in masks if name in set(largest)]
    planes = [_widest_slice(masks[name]) for name in chosen]
    _, height, width = lattice.shape
    boxes: list[Box] = [((plane, 0, 0), (1, height, width)) for plane in planes]
    slices = scans.read_boxes(exam.ct, index.ct, boxes, role=exam.role("ct"))
    uptakes = _uptakes(exam, index.pet, [lattice.crop(*box) for box in boxes])
    return [
        _view(name, masks, plane, hu[0], suv, lattice)
        for name, plane, hu, suv in zip(chosen, planes, slices, uptakes, strict=True)
    ]


def _widest_slice(node: NodeMask) -> int:
    return node.start[0] + int(np.argmax(node.mask.sum(axis=(1, 2))))


def _view(
    name: str,
    masks: dict[str, NodeMask],
    plane: int,
    hu: FloatArray,
    suv: FloatArray | None,
    lattice: Lattice,
) -> NodeView:
    own = _in_plane(masks[name], plane, lattice)
    others = np.zeros_like(own)
    for other, node in masks.items():
        if other != name:
            others |= _in_plane(node, plane, lattice)
    rows, columns = np.nonzero(own)
    column_mm, row_mm, _ = lattice.spacing_mm
    middle = (float(columns.mean()), float(rows.mean()))
    return NodeView(name, hu, suv, own, others, (column_mm, row_mm), middle)


def _in_plane(node: NodeMask, plane: int, lattice: Lattice) -> npt.NDArray[np.bool_]:
    """Return a node's voxels in one slice of the CT ``(y, x)``."""
    cut = np.zeros(lattice.shape[1:], dtype=bool)
    within = plane - node.start[0]
    if 0 <= within < node.mask.shape[0]:
        (_, y, x), (_, height, width) = node.start, node.mask.shape
        cut[y : y + height, x : x + width] = node.mask[within]
    return cut


def _uptakes(
    exam: Exam, scan: Scan | None, planes: Sequence[Lattice]
) -> list[FloatArray | None]:
    """Sample the PET on slices of the CT."""
    if scan is None or exam.pet is None:
        return [None] * len(planes)
    indices = [_pet_index(plane, scan.lattice) for plane in planes]
    boxes = [_crossed(index, scan.lattice) for index in indices]
    read = scans.read_boxes(exam.pet, scan, boxes, role=exam.role("pet"))
    return [
        _sampled(suv, index - np.array(start)[:, None, None])
        for suv, index, (start, _) in zip(read, indices, boxes, strict=True)
    ]


def _pet_index(plane: Lattice, pet: Lattice) -> npt.NDArray[np.float64]:
    """Return the continuous PET index ``(3, y, x)`` of every pixel of a slice."""
    _, height, width = plane.shape
    rows, columns = np.meshgrid(np.arange(height), np.arange(width), indexing="ij")
    index = np.stack([np.zeros_like(rows), rows, columns], axis=-1)
    return np.moveaxis(pet.to_index(plane.to_points(index)), -1, 0)


def _crossed(index: npt.NDArray[np.float64], pet: Lattice) -> Box:
    """Return the part of the PET that a slice crosses, at least one voxel."""
    last = np.array(pet.shape) - 1
    low = np.clip(np.floor(index.min(axis=(1, 2))).astype(int), 0, last)
    high = np.clip(np.ceil(index.max(axis=(1, 2))).astype(int), low, last)
    z, y, x = (int(value) for value in low)
    depth, height, width = (int(value) for value in high - low + 1)
    return (z, y, x), (depth, height, width)


def _sampled(suv: FloatArray, index: npt.NDArray[np.float64]) -> FloatArray:
    """Interpolate linearly; half a voxel beyond the PET still counts as in it."""
    beyond = (index < -0.5) | (index > np.array(suv.shape)[:, None, None] - 0.5)
    values = ndimage.map_coordinates(suv, index, order=1, mode="nearest")
    values[beyond.any(axis=0)] = np.nan
    sampled: FloatArray = values
    return sampled
