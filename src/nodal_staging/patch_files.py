"""Patch files: one HDF5 per shard, the same bytes for the same patches."""

import hashlib
import math
import tempfile
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TypeVar

import h5py
import numpy as np
import numpy.typing as npt

from nodal_staging.files import replacing

Int16Array = npt.NDArray[np.int16]
MaskArray = npt.NDArray[np.uint8]

Number = TypeVar("Number", np.int16, np.uint8)

LARGEST_IN_MEMORY = 2**31
"""Bytes of an array that is still held in memory."""

Patch = tuple[Int16Array, MaskArray]
"""Image in HU and mask, both ``(z, y, x)``."""


def write_patches(
    path: str | Path,
    images: dict[str, Patch],
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
                image, mask = _empty(shape, np.int16), _empty(shape, np.uint8)
            for row, node_id in enumerate(stored):
                place = places.pop(node_id, None)
                if place is not None:
                    image[place] = file["image"][row, low:high]
                    mask[place] = file["mask"][row, low:high]
    if places or image is None:
        raise KeyError(f"no patch of node {next(iter(places), '')}")
    return image, mask


def _empty(shape: tuple[int, ...], kind: type[Number]) -> npt.NDArray[Number]:
    """Return room for an array: in memory, or, if large, in a file without a name.

    The system then keeps in memory what is in use, so that a training set may be
    larger than the memory of its job.
    """
    if math.prod(shape) * np.dtype(kind).itemsize <= LARGEST_IN_MEMORY:
        return np.empty(shape, kind)
    with tempfile.TemporaryFile() as file:
        # A plain array on top of the mapping: slices of a memmap are slow.
        return np.asarray(np.memmap(file, kind, "w+", shape=shape))


def patch_sums(paths: Iterable[str | Path]) -> dict[str, str]:
    """Return the SHA-256 sum of every patch by node_id."""
    sums: dict[str, str] = {}
    for path in paths:
        with h5py.File(path) as file:
            stored = zip(file["node_id"][:], file["sha256"][:], strict=True)
            sums.update((name.decode(), value.decode()) for name, value in stored)
    return sums


def _sum(image: Int16Array, mask: MaskArray) -> str:
    """Hash the voxels of one patch."""
    return hashlib.sha256(image.tobytes() + mask.tobytes()).hexdigest()
