"""Patches: one cube around every node, CT and mask on the same 1 mm grid."""

import logging
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from nodal_staging import tables
from nodal_staging.cohort.exam_index import ExamIndex
from nodal_staging.cohort.inspected_shard import InspectedShard
from nodal_staging.cohort.sheets import Exam
from nodal_staging.exams import scans
from nodal_staging.exams.dicom import OUTSIDE_SCANNER_HU
from nodal_staging.exams.isolation import isolated
from nodal_staging.geometry import Lattice, axial_cube, box_around, resample
from nodal_staging.nodes.masks import NodeMask, node_masks
from nodal_staging.nodes.patch_files import Patch, write_patches
from nodal_staging.study.arrays import Float32Array, Int16Array, UInt8Array
from nodal_staging.study.errors import InputError

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
    """
    wanted = set(tables.read(measured, tables.NODES)["node_id"])

    def cut() -> Iterator[tuple[str, Patch]]:
        """Cut the patches of one exam after the other; memory holds one exam."""
        for exam, exam_index in shard.included_exams():
            if wanted.isdisjoint(exam.nodes["node_id"]):
                continue  # measured without success, and listed there
            role = f"patient {exam.patient_id}, exam {exam.exam_id}"
            try:
                yield from isolated(
                    cut_patches, exam, exam_index, shard.folder, cube, role=role
                ).items()
            except InputError as error:
                if on_bad_exam == "fail":
                    raise
                logger.warning("%s (its nodes get no patch)", error)

    count = write_patches(output, cut(), size=cube.size, spacing_mm=cube.spacing_mm)
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
    values = scans.read_boxes(exam.ct, index.ct, boxes, role=exam.role("ct"))
    return {
        node_id: (_image(hu, lattice.crop(*box), one), _mask(node, one))
        for (node_id, node), hu, box, one in zip(
            masks.items(), values, boxes, cubes, strict=True
        )
    }


def _image(hu: Float32Array, lattice: Lattice, cube: Lattice) -> Int16Array:
    """Interpolate a box of the CT on the cube."""
    values = resample(hu, lattice, cube, outside=OUTSIDE_SCANNER_HU)
    return np.clip(np.rint(values), OUTSIDE_SCANNER_HU, HIGHEST_HU).astype(np.int16)


def _mask(node: NodeMask, cube: Lattice) -> UInt8Array:
    """Interpolate the mask on the cube; a voxel belongs where half of it does."""
    return (node.coverage(cube) >= 0.5).astype(np.uint8)
