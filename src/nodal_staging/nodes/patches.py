"""Patches: one cube around every node, CT and mask on the same 1 mm grid."""

import logging
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from nodal_staging import tables
from nodal_staging.cohort.exam_index import ExamIndex
from nodal_staging.cohort.inspected_shard import InspectedShard
from nodal_staging.cohort.sheets import Exam
from nodal_staging.exams import scans
from nodal_staging.exams.dicom import OUTSIDE_SCANNER_HU
from nodal_staging.exams.isolation import IsolatedCalls
from nodal_staging.geometry import Lattice, axial_cube, box_around, resample
from nodal_staging.nodes.losses import Loss, losses_of, report_losses, write_losses
from nodal_staging.nodes.masks import NodeMask, node_masks
from nodal_staging.nodes.patch_files import Patch, write_patches
from nodal_staging.study.arrays import Int16Array, UInt8Array, Volume
from nodal_staging.study.errors import InputError, naming

logger = logging.getLogger(__name__)


HIGHEST_HU = 32767
"""What a patch can store; metal of an extended scale is brighter."""


@dataclass(frozen=True, slots=True)
class Cube:
    """The cube that is cut around a node.

    Attributes
    ----------
    size_mm, spacing_mm
        Edge of the cube and distance of its voxels.
    centre
        ``centroid`` of the mask, or centre of its ``bounding_box``.
    """

    size_mm: int
    spacing_mm: float
    centre: str

    @property
    def size(self) -> int:
        """Number of voxels along an edge."""
        return round(self.size_mm / self.spacing_mm)

    def around(self, node: NodeMask) -> Lattice:
        """Return the grid of the cube around a node, along the axes of the patient."""
        at_centroid = self.centre == "centroid"
        middle = node.centroid_mm() if at_centroid else node.box_centre_mm()
        return axial_cube(middle, size=self.size, spacing_mm=self.spacing_mm)


def extract_patches(
    *,
    shard: InspectedShard,
    measured: str | Path,
    cube: Cube,
    on_bad_exam: str,
    output: str | Path,
    lost: str | Path,
) -> None:
    """Cut a cube around every measured node of a shard.

    Parameters
    ----------
    shard
        The exams.
    measured
        Nodes of the shard (``tables.NODES``); only they get a patch.
    cube
        What is cut around each node.
    on_bad_exam
        ``exclude`` leaves the nodes of an exam without a patch that cannot be read,
        ``fail`` raises.
    output
        HDF5: ``/image`` int16 HU and ``/mask`` uint8, ``(n, z, y, x)``; ``/node_id``;
        ``/sha256`` of the voxels of each patch.
    lost
        The nodes without a patch (``tables.LOSSES``).

    Raises
    ------
    LostNodeError
        For the first loss, where ``on_bad_exam`` is ``fail``.
    """
    wanted = set(tables.read(measured, tables.NODES)["node_id"])
    losses: list[Loss] = []

    def cut(read: IsolatedCalls[dict[str, Patch]]) -> Iterator[tuple[str, Patch]]:
        """Cut the patches of one exam after the other; memory holds one exam."""
        for exam, exam_index in shard.included_exams():
            own_nodes = [node_id for node_id in exam_index.labels if node_id in wanted]
            if not own_nodes:
                continue  # lost when they were measured, and listed there
            try:
                with naming(exam.name):
                    patches = read(exam, exam_index, shard.folder, cube)
            except InputError as error:
                own = losses_of(exam, own_nodes, stage="patch", error=error)
                report_losses(own, on_bad_exam=on_bad_exam)
                losses.extend(own)
            else:
                yield from ((node_id, patches[node_id]) for node_id in own_nodes)

    with closing(IsolatedCalls(cut_patches, trusted_after_error=False)) as read:
        size, spacing_mm = cube.size, cube.spacing_mm
        count = write_patches(output, cut(read), size=size, spacing_mm=spacing_mm)
    write_losses(losses, lost)
    logger.info("%d patches of %d mm", count, cube.size_mm)


def cut_patches(
    exam: Exam, index: ExamIndex, folder: Path, cube: Cube
) -> dict[str, Patch]:
    """Cut a cube around every node of an exam, in one pass over its CT.

    Parameters
    ----------
    exam, index
        The exam, and how its files are read.
    folder
        That of the node sheet.
    cube
        What is cut around each node.

    Returns
    -------
    Image in HU and mask ``(z, y, x)`` of each node_id.
    """
    masks = node_masks(exam, index, folder)
    cubes = [cube.around(node) for node in masks.values()]
    lattice = index.ct.lattice
    boxes = [box_around(one, lattice) for one in cubes]
    with naming(exam.place("ct")):
        values = scans.read_boxes(exam.ct, index.ct, boxes)
    return {
        node_id: cut_patch(node, hu, lattice.crop(*box), one)
        for (node_id, node), hu, box, one in zip(
            masks.items(), values, boxes, cubes, strict=True
        )
    }


def cut_patch(node: NodeMask, hu: Volume, lattice: Lattice, cube: Lattice) -> Patch:
    """Interpolate a box of the CT and the mask of a node on a cube.

    Parameters
    ----------
    node
        The mask of the node.
    hu, lattice
        Box of the CT ``(z, y, x)`` and its grid.
    cube
        The grid of the patch.

    Returns
    -------
    Image in HU, and mask where at least half of a voxel belongs to the node.
    """
    return _image(hu, lattice, cube), _mask(node, cube)


def _image(hu: Volume, lattice: Lattice, cube: Lattice) -> Int16Array:
    """Interpolate a box of the CT on the cube."""
    values = resample(hu, lattice, cube, outside=OUTSIDE_SCANNER_HU)
    return np.clip(np.rint(values), OUTSIDE_SCANNER_HU, HIGHEST_HU).astype(np.int16)


def _mask(node: NodeMask, cube: Lattice) -> UInt8Array:
    """Interpolate the mask on the cube; a voxel belongs where half of it does."""
    return (node.coverage(cube) >= 0.5).astype(np.uint8)
