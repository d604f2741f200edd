"""Slices through the nodes of an exam, as a radiologist looks at them."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from scipy import ndimage

from nodal_staging.cohort.exam_index import ExamIndex
from nodal_staging.cohort.sheets import Exam
from nodal_staging.exams import scans
from nodal_staging.exams.scans import Scan
from nodal_staging.geometry import Box, Lattice, box_of
from nodal_staging.nodes.masks import NodeMask
from nodal_staging.study.arrays import BoolArray, Float32Array, FloatArray

MOST_NODES = 8
"""Nodes in one picture, the largest ones."""

HEAD = 2
"""The axis of the body in LPS."""


@dataclass(frozen=True, slots=True)
class NodeView:
    """One axial slice through a node, turned as radiologists look at it.

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
    hu: Float32Array
    suv: Float32Array | None
    mask: BoolArray
    others: BoolArray
    spacing_mm: tuple[float, float]
    centre: tuple[float, float]


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
    hu: Float32Array,
    suv: Float32Array | None,
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
    view = NodeView(name, hu, suv, own, others, (column_mm, row_mm), middle)
    return _turned(view, *_mirrored(lattice))


def _mirrored(lattice: Lattice) -> tuple[bool, bool]:
    """Tell whether columns, and rows, run against the way a radiologist looks.

    From the feet: the patient's left is on the right, the back below; in slices that
    are not axial the head is above. A NIfTI file may run any way.
    """
    directions = np.reshape(lattice.direction, (3, 3))
    (across, column_sign), (down, row_sign) = (
        (int(np.abs(axis).argmax()), float(axis[np.abs(axis).argmax()]))
        for axis in directions.T[:2]
    )
    return (
        across != HEAD and column_sign < 0,
        row_sign > 0 if down == HEAD else row_sign < 0,
    )


def _turned(view: NodeView, columns: bool, rows: bool) -> NodeView:
    """Mirror a view."""
    step = (
        slice(None, None, -1 if rows else 1),
        slice(None, None, -1 if columns else 1),
    )
    height, width = view.hu.shape
    column, row = view.centre
    return replace(
        view,
        hu=view.hu[step],
        suv=None if view.suv is None else view.suv[step],
        mask=view.mask[step],
        others=view.others[step],
        centre=(
            width - 1 - column if columns else column,
            height - 1 - row if rows else row,
        ),
    )


def _in_plane(node: NodeMask, plane: int, lattice: Lattice) -> BoolArray:
    """Return a node's voxels in one slice of the CT ``(y, x)``."""
    cut = np.zeros(lattice.shape[1:], dtype=bool)
    within = plane - node.start[0]
    if 0 <= within < node.mask.shape[0]:
        (_, y, x), (_, height, width) = node.start, node.mask.shape
        cut[y : y + height, x : x + width] = node.mask[within]
    return cut


def _uptakes(
    exam: Exam, scan: Scan | None, planes: Sequence[Lattice]
) -> list[Float32Array | None]:
    """Sample the PET on slices of the CT."""
    if scan is None or exam.pet is None:
        return [None] * len(planes)
    indices = [_pet_index(plane, scan.lattice) for plane in planes]
    boxes = [box_of(index.reshape(3, -1).T, scan.lattice) for index in indices]
    read = scans.read_boxes(exam.pet, scan, boxes, role=exam.role("pet"))
    return [
        _sampled(suv, index - np.array(start)[:, None, None])
        for suv, index, (start, _) in zip(read, indices, boxes, strict=True)
    ]


def _pet_index(plane: Lattice, pet: Lattice) -> FloatArray:
    """Return the continuous PET index ``(3, y, x)`` of every pixel of a slice."""
    _, height, width = plane.shape
    rows, columns = np.meshgrid(np.arange(height), np.arange(width), indexing="ij")
    index = np.stack([np.zeros_like(rows), rows, columns], axis=-1)
    return np.moveaxis(pet.to_index(plane.to_points(index)), -1, 0)


def _sampled(suv: Float32Array, index: FloatArray) -> Float32Array:
    """Interpolate linearly; half a voxel beyond the PET still counts as in it."""
    beyond = (index < -0.5) | (index > np.array(suv.shape)[:, None, None] - 0.5)
    values = ndimage.map_coordinates(suv, index, order=1, mode="nearest")
    values[beyond.any(axis=0)] = np.nan
    sampled: Float32Array = values
    return sampled
