"""Patches: one cube around every node, CT and mask on the same 1 mm grid."""

import hashlib
import logging
from collections.abc import Iterable, Sequence
from pathlib import Path

import h5py
import numpy as np
import numpy.typing as npt

from nodal_staging import scans, tables
from nodal_staging.dicom import OUTSIDE_SCANNER_HU
from nodal_staging.files import replacing
from nodal_staging.geometry import Box, Lattice, axial_cube, resample
from nodal_staging.inspection import ExamIndex
from nodal_staging.nodes import NodeMask, included_exams, node_masks
from nodal_staging.sheets import Exam

logger = logging.getLogger(__name__)

Int16Array = npt.NDArray[np.int16]
MaskArray = npt.NDArray[np.uint8]


def extract_patches(
    *,
    inspections: str | Path,
    exams: str | Path,
    nodes: str | Path,
    measured: str | Path,
    index: str | Path,
    shard: str,
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
    images: dict[str, tuple[Int16Array, MaskArray]] = {}
    included = included_exams(
        inspections=inspections, exams=exams, nodes=nodes, index=index, shard=shard
    )
    for exam, exam_index in included:
        for node_id, node in node_masks(exam, exam_index, Path(nodes).parent):
            if node_id not in wanted:
                continue
            middle = (
                node.centroid_mm() if centre == "centroid" else node.box_centre_mm()
            )
            cube = axial_cube(middle, size=size, spacing_mm=spacing_mm)
            images[node_id] = (_image(exam, exam_index, cube), _mask(node, cube))
    logger.info("%d patches of %d mm", len(images), size_mm)
    write_patches(output, images, size=size, spacing_mm=spacing_mm)


def write_patches(
    path: str | Path,
    images: dict[str, tuple[Int16Array, MaskArray]],
    *,
    size: int,
    spacing_mm: float,
) -> None:
    """Write patches in the order of node_id; the same patches give the same bytes."""
    order = sorted(images)
    shape = (len(order), size, size, size)
    chunk = (1, size, size, size)
    with replacing(path) as part, h5py.File(part, "w") as file:
        if order:
            image = file.create_dataset("image", shape, "<i2", chunks=chunk)
            mask = file.create_dataset(
                "mask",
                shape,
                "u1",
                chunks=chunk,
                compression="gzip",
                compression_opts=1,
            )
            for place, node_id in enumerate(order):
                image[place], mask[place] = images[node_id]
        else:
            file.create_dataset("image", shape, "<i2")
            file.create_dataset("mask", shape, "u1")
        file.create_dataset("node_id", data=np.array(order, dtype="S"))
        sums = [_sum(*images[node_id]) for node_id in order]
        file.create_dataset("sha256", data=np.array(sums, dtype="S64"))
        file.attrs["spacing_mm"] = spacing_mm
        file.attrs["axis_order"] = "z y x"
        file.attrs["intensity_unit"] = "HU"


def read_slabs(
    paths: Iterable[str | Path], node_ids: Sequence[str], *, half_depth: int
) -> tuple[Int16Array, MaskArray]:
    """Read the central axial slices of patches.

    Parameters
    ----------
    paths
        The patch files of all shards.
    node_ids
        Which nodes, in which order.
    half_depth
        Slices to take on each side of the centre, which lies between two slices.

    Returns
    -------
    Image in HU and mask, ``(n, 2 * half_depth, y, x)``.

    Raises
    ------
    KeyError
        If a node has no patch.
    """
    places = {node_id: place for place, node_id in enumerate(node_ids)}
    image: Int16Array | None = None
    for path in paths:
        with h5py.File(path) as file:
            stored = [name.decode() for name in file["node_id"][:]]
            size = file["image"].shape[1]
            low, high = size // 2 - half_depth, size // 2 + half_depth
            if image is None:
                shape = (len(node_ids), 2 * half_depth, size, size)
                image, mask = np.empty(shape, np.int16), np.empty(shape, np.uint8)
            for row, node_id in enumerate(stored):
                place = places.pop(node_id, None)
                if place is not None:
                    image[place] = file["image"][row, low:high]
                    mask[place] = file["mask"][row, low:high]
    if places or image is None:
        raise KeyError(f"no patch of node {next(iter(places), '')}")
    return image, mask


def patch_sums(paths: Iterable[str | Path]) -> dict[str, str]:
    """Return the SHA-256 sum of every patch by node_id."""
    sums: dict[str, str] = {}
    for path in paths:
        with h5py.File(path) as file:
            stored = zip(file["node_id"][:], file["sha256"][:], strict=True)
            sums.update((name.decode(), value.decode()) for name, value in stored)
    return sums


def _image(exam: Exam, index: ExamIndex, cube: Lattice) -> Int16Array:
    """Interpolate the CT on the cube, reading only the slices that it crosses."""
    start, shape = _box_around(cube, index.ct.lattice)
    (volume,) = scans.read_boxes(
        exam.ct, index.ct, [(start, shape)], role=exam.role("ct")
    )
    lattice = index.ct.lattice.crop(start, shape)
    values = resample(volume, lattice, cube, outside=OUTSIDE_SCANNER_HU)
    return np.rint(values).astype(np.int16)


def _box_around(cube: Lattice, lattice: Lattice) -> Box:
    """Return the voxels of a lattice between which a cube lies, at least one."""
    far = cube.shape[0] - 1
    corners = cube.to_points(
        [(z, y, x) for z in (0, far) for y in (0, far) for x in (0, far)]
    )
    crossed = lattice.to_index(corners)
    last = np.array(lattice.shape) - 1
    low = np.clip(np.floor(crossed.min(axis=0)).astype(int), 0, last)
    high = np.clip(np.ceil(crossed.max(axis=0)).astype(int), low, last)
    z, y, x = (int(value) for value in low)
    depth, height, width = (int(value) for value in high - low + 1)
    return (z, y, x), (depth, height, width)


def _mask(node: NodeMask, cube: Lattice) -> MaskArray:
    """Interpolate the mask on the cube; a voxel belongs where half of it does."""
    padded = np.pad(node.mask, 1).astype(np.float32)
    lattice = node.lattice.crop((-1, -1, -1), padded.shape)
    return (resample(padded, lattice, cube, outside=0) >= 0.5).astype(np.uint8)


def _sum(image: Int16Array, mask: MaskArray) -> str:
    """Hash the voxels of one patch."""
    return hashlib.sha256(image.tobytes() + mask.tobytes()).hexdigest()
