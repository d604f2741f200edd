"""What a radiologist scrolls through before a cohort is trusted: every node of an exam.

Around each node a small cube of CT, PET and mask is cut and written as text into one
script per exam, which the check page loads when the exam comes into view.
"""

import json
import logging
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from nodal_staging.cohort.exam_index import ExamIndex, read_index
from nodal_staging.cohort.sheets import Exam, read_exams
from nodal_staging.exams import scans
from nodal_staging.exams.dicom import OUTSIDE_SCANNER_HU
from nodal_staging.exams.isolation import isolated
from nodal_staging.exams.scans import Scan
from nodal_staging.geometry import Lattice, axial_cube, box_around, resample
from nodal_staging.nodes.masks import NodeMask, node_masks
from nodal_staging.study.arrays import Int16Array, Volume
from nodal_staging.study.errors import InputError, naming
from nodal_staging.study.files import replacing_folder, write_json, write_text
from nodal_staging.tables.volume_viewer import encode_volume

SIZE = 32
"""Voxels along an edge of a cube."""

SPACING_MM = 1.5
ROOM = 1.4
"""Edge of the cube around a large node, in extents of the node."""

HU_STEP, SUV_STEP = 12, 0.25
"""CT and PET are rounded to these steps, which keeps 2,600 nodes below 60 MB."""

BRIGHTEST_HU = 2000

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class NodeVolume:
    """The cube around a node.

    Attributes
    ----------
    spacing_mm
        Distance of its voxels.
    ct
        HU in steps of ``HU_STEP`` ``(z, y, x)``, along the axes of LPS.
    mask
        1 in the node, where at least half of a voxel belongs to it.
    pet
        SUV in steps of ``SUV_STEP``, 0 beyond the PET; None without PET.
    """

    spacing_mm: float
    ct: Int16Array
    mask: Int16Array
    pet: Int16Array | None


def node_volumes(
    exam: Exam, index: ExamIndex, masks: dict[str, NodeMask]
) -> dict[str, NodeVolume]:
    """Cut a cube around every node of an exam, in one pass over its CT and its PET.

    Parameters
    ----------
    exam, index
        The exam, and how its files are read.
    masks
        Of its nodes.
    """
    cubes = [_cube(node) for node in masks.values()]
    with naming(exam.place("ct")):
        ct = _sampled(exam.ct, index.ct, cubes, outside=OUTSIDE_SCANNER_HU)
    pet: Sequence[Int16Array | None] = [None] * len(cubes)
    if index.pet is not None and exam.pet is not None:
        with naming(exam.place("pet")):
            suv = _sampled(exam.pet, index.pet, cubes, outside=0)
            pet = _in_steps([np.maximum(one, 0) for one in suv], SUV_STEP)
    return {
        node_id: NodeVolume(cube.spacing_mm[0], hu, _mask(node, cube), suv)
        for (node_id, node), cube, hu, suv in zip(
            masks.items(), cubes, _in_steps(ct, HU_STEP), pet, strict=True
        )
    }


def _cube(node: NodeMask) -> Lattice:
    """Return the grid around a node, coarser for one that would not fit."""
    extent = np.ptp(node.points_mm(), axis=0).max()
    spacing = max(SPACING_MM, ROOM * float(extent) / SIZE)
    return axial_cube(node.box_centre_mm(), size=SIZE, spacing_mm=round(spacing, 2))


def _sampled(
    path: Path, scan: Scan, cubes: list[Lattice], *, outside: float
) -> list[Volume]:
    """Interpolate a scan on cubes; only the boxes around them are read."""
    boxes = [box_around(cube, scan.lattice) for cube in cubes]
    values = scans.read_boxes(path, scan, boxes)
    return [
        resample(part, scan.lattice.crop(*box), cube, outside=outside)
        for part, box, cube in zip(values, boxes, cubes, strict=True)
    ]


def _in_steps(values: list[Volume], step: float) -> list[Int16Array]:
    """Round to multiples of a step, of which the number is kept."""
    return [
        np.rint(np.clip(one, OUTSIDE_SCANNER_HU, BRIGHTEST_HU) / step).astype(np.int16)
        for one in values
    ]


def _mask(node: NodeMask, cube: Lattice) -> Int16Array:
    """Return the mask on a cube; the fullest voxels of a node that fills none."""
    share = node.coverage(cube)
    return (share >= min(0.5, float(share.max()) or 1)).astype(np.int16)


def picture_exams(
    *,
    exams: str | Path,
    nodes: str | Path,
    index: str | Path,
    shard: str,
    output: str | Path,
) -> None:
    """Write the nodes of a shard's usable exams, each exam in a process of its own.

    Parameters
    ----------
    exams, nodes
        The input sheets.
    index
        How the files of each usable exam are read.
    shard
        Name of the shard.
    output
        Folder of a script per exam; ``pictures.json`` gives the file of each exam_id,
        ``unread.json`` reason and sentence of those whose voxels cannot be read.
        Files are numbered, for an exam_id may hold what a file name may not.
    """
    indices = read_index(index)
    names: dict[str, str] = {}
    unread: dict[str, dict[str, str]] = {}
    with replacing_folder(output) as folder:
        for exam in read_exams(exams=exams, nodes=nodes, shard=shard):
            exam_index = indices.get(exam.exam_id)
            if exam_index is None:
                continue
            name = f"{len(names) + 1:05}.js"
            try:
                with naming(exam.name):
                    isolated(
                        _write_exam,
                        exam,
                        exam_index,
                        Path(nodes).parent,
                        folder / name,
                    )
            except InputError as error:
                logger.warning("%s (no picture of this exam)", error)
                unread[exam.exam_id] = {"reason": error.reason, "problem": str(error)}
                continue
            names[exam.exam_id] = name
        write_json(folder / "pictures.json", names)
        write_json(folder / "unread.json", unread)


def _write_exam(exam: Exam, index: ExamIndex, folder: Path, path: Path) -> None:
    """Write one exam, in a child process."""
    volumes = node_volumes(exam, index, node_masks(exam, index, folder))
    write_text(path, exam_script(exam.exam_id, volumes))


def exam_script(exam_id: str, volumes: dict[str, NodeVolume]) -> str:
    """Return the script that hands the volumes of an exam to the check page.

    Parameters
    ----------
    exam_id
        Of the exam.
    volumes
        By node_id.
    """
    nodes = {
        node_id: {
            "spacing": one.spacing_mm,
            "ct": encode_volume(one.ct),
            "mask": encode_volume(one.mask),
            "pet": None if one.pet is None else encode_volume(one.pet),
        }
        for node_id, one in volumes.items()
    }
    content = {"exam": exam_id, "hu": HU_STEP, "suv": SUV_STEP, "nodes": nodes}
    return f"checkExam({json.dumps(content)});\n"
