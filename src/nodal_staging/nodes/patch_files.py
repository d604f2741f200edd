"""Patch files: one HDF5 per shard, the same bytes for the same patches."""

import hashlib
import math
import os
import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import IO, TypeVar

import h5py
import numpy as np
import numpy.typing as npt

from nodal_staging.study.arrays import Int16Array, UInt8Array
from nodal_staging.study.errors import InputError
from nodal_staging.study.files import need_room, replacing

Number = TypeVar("Number", np.int16, np.uint8)

LARGEST_IN_MEMORY = 2**31
"""Bytes of an array that is still held in memory."""

Patch = tuple[Int16Array, UInt8Array]
"""Image in HU and mask, both ``(z, y, x)``."""


def write_patches(
    path: str | Path,
    images: Mapping[str, Patch] | Iterable[tuple[str, Patch]],
    *,
    size: int,
    spacing_mm: float,
) -> int:
    """Write patches in the order of node_id; the same patches give the same bytes.

    They may come in any order, one after the other: what has come lies in a file
    without a name, so memory holds one patch however many there are.

    Parameters
    ----------
    path
        The HDF5 file.
    images
        Pairs of node_id and patch, or a mapping.
    size, spacing_mm
        Voxels along an edge of a cube, and their distance.

    Returns
    -------
    How many patches there are.
    """
    Path(path).parent.mkdir(parents=True, exist_ok=True)
    pairs = images.items() if isinstance(images, Mapping) else images
    with tempfile.TemporaryFile(dir=Path(path).parent) as spool:
        places, sums = {}, {}
        for place, (node_id, (image, mask)) in enumerate(pairs):
            spool.write(image.astype("<i2").tobytes())
            spool.write(mask.astype("u1").tobytes())
            places[node_id], sums[node_id] = place, _sum(image, mask)
        spool.flush()
        need_room(path, len(places) * size**3 * 3)
        order = sorted(places)
        rows = (_spooled(spool, places[node_id], size) for node_id in order)
        with replacing(path) as part, h5py.File(part, "w") as file:
            _write_arrays(file, rows, len(order), size)
            file.create_dataset("node_id", data=np.array(order, dtype="S"))
            ordered = np.array([sums[node_id] for node_id in order], dtype="S64")
            file.create_dataset("sha256", data=ordered)
            file.attrs["spacing_mm"] = spacing_mm
            file.attrs["axis_order"] = "z y x"
            file.attrs["intensity_unit"] = "HU"
    return len(order)


def _spooled(spool: IO[bytes], place: int, size: int) -> Patch:
    """Read a patch from the file without a name."""
    shape, voxels = (size, size, size), size**3
    spool.seek(place * voxels * 3)
    image = np.frombuffer(spool.read(2 * voxels), "<i2").reshape(shape)
    return image, np.frombuffer(spool.read(voxels), "u1").reshape(shape)


def _write_arrays(
    file: h5py.File, patches: Iterable[Patch], count: int, size: int
) -> None:
    """Write images and masks, each patch a chunk."""
    shape, chunk = (count, size, size, size), (1, size, size, size)
    if not count:
        file.create_dataset("image", shape, "<i2")
        file.create_dataset("mask", shape, "u1")
        return
    image = file.create_dataset("image", shape, "<i2", chunks=chunk)
    deflated = {"compression": "gzip", "compression_opts": 1}
    mask = file.create_dataset("mask", shape, "u1", chunks=chunk, **deflated)
    for place, (hu, inside) in enumerate(patches):
        image[place], mask[place] = hu, inside


class PatchFileError(InputError):
    """A patch file was cut short, or is none."""

    reason = "unusable_patches"


@contextmanager
def _opened(path: str | Path) -> Iterator[h5py.File]:
    """Open a patch file.

    Raises
    ------
    PatchFileError
        If it is not whole: copied only in part, or damaged since.
    """
    try:
        file = h5py.File(path)
    except OSError as error:
        raise PatchFileError(
            f"patches/{Path(path).name}: not a whole HDF5 file; delete it and run again"
        ) from error
    with file:
        yield file


def read_slabs(
    paths: Iterable[str | Path], node_ids: Sequence[str], *, half_depth: int
) -> tuple[Int16Array, UInt8Array]:
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
        with _opened(path) as file:
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
        # Taken at once: a disk that is full later ends the process without a word.
        size = math.prod(shape) * np.dtype(kind).itemsize
        os.posix_fallocate(file.fileno(), 0, size)
        # A plain array on top of the mapping: slices of a memmap are slow.
        return np.asarray(np.memmap(file, kind, "w+", shape=shape))


def patch_sums(paths: Iterable[str | Path]) -> dict[str, str]:
    """Return the SHA-256 sum of every patch by node_id."""
    sums: dict[str, str] = {}
    for path in paths:
        with _opened(path) as file:
            stored = zip(file["node_id"][:], file["sha256"][:], strict=True)
            sums.update((name.decode(), value.decode()) for name, value in stored)
    return sums


def _sum(image: Int16Array, mask: UInt8Array) -> str:
    """Hash the voxels of one patch."""
    return hashlib.sha256(image.tobytes() + mask.tobytes()).hexdigest()
