"""Patches: one cube around every node, CT and mask on the same 1 mm grid."""

import logging
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import numpy.typing as npt

from nodal_staging import tables
from nodal_staging.cohort.exam_index import ExamIndex
from nodal_staging.cohort.selection import Limits, included_exams
from nodal_staging.cohort.sheets import Exam
from nodal_staging.exams import scans
from nodal_staging.exams.dicom import OUTSIDE_SCANNER_HU
from nodal_staging.exams.isolation import isolated
from nodal_staging.geometry import Lattice, axial_cube, box_around, resample
from nodal_staging.nodes.masks import NodeMask, node_masks
from nodal_staging.nodes.patch_files import Int16Array, MaskArray, Patch, write_patches
from nodal_staging.study.errors import InputError

logger = logging.getLogger(__name__)


HIGHEST_HU = 32767
"""What a patch can store; metal of an extended scale is brighter."""


def extract_patches(
    *,
    inspections: str | Path,
    exams: str | Path,
    nodes: str | Path,
    measured: str | Path,
    index: str | Path,
    shard: str,
    limits: Limits,
    on_bad_exam: str,
    size_mm: int,
    spacing_mm: float,
    centre: str,
    output: str | Path,
) -> None:
    """Cut a cube around every measured node of a shard.

    Parameters
    ----------
    measured
        Nodes of the shard (``tables.NODES``); only they get a patch.
    on_bad_exam
        ``exclude`` leaves the nodes of an exam without a patch that cannot be read,
        ``fail`` raises.
    size_mm, spacing_mm
        Edge of the cube and distance of its voxels.
    centre
        ``centroid`` of the mask, or centre of its ``bounding_box``.
    output
        HDF5: ``/image`` int16 HU and ``/mask`` uint8, ``(n, z, y, x)``; ``/node_id``;
        ``/sha256`` of the voxels of each patch.
    """
    wanted = set(tables.read(measured, tables.NODES)["node_id"])
    size = round(size_mm / spacing_mm)
    included = included_exams(
        inspections=inspections,
        exams=exams,
        nodes=nodes,
        index=index,
        shard=shard,
        limits=limits,
    )

    def cut() -> Iterator[tuple[str, Patch]]:
        """Cut the patches of one exam after the other; memory holds one exam."""
        for exam, exam_index in included:
            if wanted.isdisjoint(exam.nodes["node_id"]):
                continue  # measured without success, and listed there
            role = f"patient {exam.patient_id}, exam {exam.exam_id}"
            how = (Path(nodes).parent, size, spacing_mm, centre)
            try:
                yield from isolated(
                    cut_patches, exam, exam_index, *how, role=role
                ).items()
            except InputError as error:
                if on_bad_exam == "fail":
                    raise
                logger.warning("%s (its nodes get no patch)", error)

    count = write_patches(output, cut(), size=size, spacing_mm=spacing_mm)
    logger.info("%d patches of %d mm", count, size_mm)


def cut_patches(
    exam: Exam,
    index: ExamIndex,
    folder: Path,
    size: int,
    spacing_mm: float,
    centre: str,
) -> dict[str, Patch]:
    """Cut a cube around every node of an exam, in one pass over its CT.

    Parameters
    ----------
    exam, index
        The exam, and how its files are read.
    folder
        That of the node sheet.
    size, spacing_mm
        Voxels along an edge, and their distance.
    centre
        ``centroid`` or ``bounding_box``.

    Returns
    -------
    Image in HU and mask ``(z, y, x)`` of each node_id.
    """
    masks = node_masks(exam, index, folder)
    cubes = [
        axial_cube(_middle(node, centre), size=size, spacing_mm=spacing_mm)
        for node in masks.values()
    ]
    lattice = index.ct.lattice
    boxes = [box_around(cube, lattice) for cube in cubes]
    values = scans.read_boxes(exam.ct, index.ct, boxes, role=exam.role("ct"))
    return {
        node_id: (_image(hu, lattice.crop(*box), cube), _mask(node, cube))
        for (node_id, node), hu, box, cube in zip(
            masks.items(), values, boxes, cubes, strict=True
        )
    }


def _middle(node: NodeMask, centre: str) -> npt.NDArray[np.float64]:
    return node.centroid_mm() if centre == "centroid" else node.box_centre_mm()


def _image(hu: npt.NDArray[np.float32], lattice: Lattice, cube: Lattice) -> Int16Array:
    """Interpolate a box of the CT on the cube."""
    values = resample(hu, lattice, cube, outside=OUTSIDE_SCANNER_HU)
    return np.clip(np.rint(values), OUTSIDE_SCANNER_HU, HIGHEST_HU).astype(np.int16)


def _mask(node: NodeMask, cube: Lattice) -> MaskArray:
    """Interpolate the mask on the cube; a voxel belongs where half of it does."""
    padded = np.pad(node.mask, 1).astype(np.float32)
    lattice = node.lattice.crop((-1, -1, -1), padded.shape)
    return (resample(padded, lattice, cube, outside=0) >= 0.5).astype(np.uint8)
