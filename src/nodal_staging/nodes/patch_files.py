"""Patch files: one HDF5 per shard, the same bytes for the same patches."""

import hashlib
import math
import os
import tempfile
from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import IO, TypeVar

import h5py
import numpy as np
import numpy.typing as npt

from nodal_staging.study.arrays import AnyArray, Int16Array, UInt8Array
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
    depth: int | None = None,
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
    depth
        Number of axial slices, where patches are not cubes.

    Returns
    -------
    How many patches there are.
    """
    shape = (size if depth is None else depth, size, size)
    Path(path).parent.mkdir(parents=True, exist_ok=True)
    pairs = images.items() if isinstance(images, Mapping) else images
    with tempfile.TemporaryFile(dir=Path(path).parent) as spool:
        places, sums = {}, {}
        for place, (node_id, (image, mask)) in enumerate(pairs):
            spool.write(np.ascontiguousarray(image, "<i2").data)
            spool.write(np.ascontiguousarray(mask, "u1").data)
            places[node_id], sums[node_id] = place, _sum(image, mask)
        spool.flush()
        need_room(path, len(places) * math.prod(shape) * 3)
        order = sorted(places)
        rows = (_spooled(spool, places[node_id], shape) for node_id in order)
        with replacing(path) as part, h5py.File(part, "w") as file:
            _write_arrays(file, rows, len(order), shape)
            file.create_dataset("node_id", data=encoded(order))
            ordered = np.array([sums[node_id] for node_id in order], dtype="S64")
            file.create_dataset("sha256", data=ordered)
            file.attrs["spacing_mm"] = spacing_mm
            file.attrs["axis_order"] = "z y x"
            file.attrs["intensity_unit"] = "HU"
    return len(order)


def encoded(identifiers: Iterable[str]) -> AnyArray:
    """Return identifiers as HDF5 stores them: UTF-8 bytes ``(n,)``."""
    return np.array([one.encode() for one in identifiers], dtype="S")


def _spooled(spool: IO[bytes], place: int, shape: tuple[int, int, int]) -> Patch:
    """Read a patch ``(z, y, x)`` from the file without a name."""
    voxels = math.prod(shape)
    spool.seek(place * voxels * 3)
    image = np.frombuffer(spool.read(2 * voxels), "<i2").reshape(shape)
    return image, np.frombuffer(spool.read(voxels), "u1").reshape(shape)


def _write_arrays(
    file: h5py.File, patches: Iterable[Patch], count: int, of: tuple[int, int, int]
) -> None:
    """Write images and masks ``of`` a shape, each patch a chunk."""
    shape, chunk = (count, *of), (1, *of)
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
        name = "/".join(Path(path).parts[-2:])
        raise PatchFileError(
            f"{name}: not a whole HDF5 file; delete it and run again"
        ) from error
    with file:
        yield file


def read_patches(
    path: str | Path, only: Container[str] | None = None
) -> Iterator[tuple[str, Patch, float]]:
    """Yield node_id, patch and spacing in mm of every patch of a file, one at a time.

    Parameters
    ----------
    path
        The patch file of a shard.
    only
        Leave out patches of other nodes; None: of no node.

    Raises
    ------
    PatchFileError
        If the file is not whole.
    """
    with _opened(path) as file:
        spacing_mm = float(file.attrs["spacing_mm"])
        for row, name in enumerate(file["node_id"][:]):
            node_id = name.decode()
            if only is None or node_id in only:
                yield node_id, (file["image"][row], file["mask"][row]), spacing_mm


def read_slabs(
    paths: Iterable[str | Path], node_ids: Sequence[str], *, half_depth: int
) -> tuple[Int16Array, UInt8Array]:
    """Read the central axial slices of patches.

    Parameters
    ----------
    paths
        The patch files of all shards, or the file of :func:`gather_slabs`.
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
            low, high = _central(file, half_depth)
            if image is None:
                shape = (len(node_ids), high - low, *file["image"].shape[2:])
                image, mask = _empty(shape, np.int16), _empty(shape, np.uint8)
            for row, node_id in enumerate(stored):
                place = places.pop(node_id, None)
                if place is not None:
                    image[place] = file["image"][row, low:high]
                    mask[place] = file["mask"][row, low:high]
    if places or image is None:
        raise KeyError(f"no patch of node {next(iter(places), '')}")
    return image, mask


def _central(file: h5py.File, half_depth: int) -> tuple[int, int]:
    """Return the first of the central slices and the one after the last."""
    middle = file["image"].shape[1] // 2
    return middle - half_depth, middle + half_depth


def gather_slabs(
    *, shards: Iterable[str | Path], half_depth: int, output: str | Path
) -> None:
    """Join the central axial slices of all patches, in the order of node_id.

    The file has the layout of a patch file with fewer slices. It holds the same bytes
    however the patches are divided into shards.

    Parameters
    ----------
    shards
        The patch files of all shards.
    half_depth
        Slices to take on each side of the centre, which lies between two slices.
    output
        The HDF5 file: images and masks ``(n, 2 * half_depth, y, x)``, not compressed,
        node_id, and the SHA-256 sum of each whole patch.

    Raises
    ------
    PatchFileError
        If a patch file is not whole.
    """
    paths = list(shards)
    sums = patch_sums(paths)
    order = sorted(sums)
    places = {node_id: place for place, node_id in enumerate(order)}
    with _opened(paths[0]) as first:
        shape = (len(order), 2 * half_depth, *first["image"].shape[2:])
        attributes = dict(first.attrs)
    need_room(output, math.prod(shape) * 3)
    with replacing(output) as part, h5py.File(part, "w") as file:
        # Contiguous: the bytes of the file do not depend on the order of writing.
        file.create_dataset("image", shape, "<i2")
        file.create_dataset("mask", shape, "u1")
        file.create_dataset("node_id", data=encoded(order))
        ordered = np.array([sums[node_id] for node_id in order], dtype="S64")
        file.create_dataset("sha256", data=ordered)
        file.attrs.update(attributes)
        for path in paths:
            _copy_slabs(path, file, places, half_depth)


def _copy_slabs(
    path: str | Path, file: h5py.File, places: Mapping[str, int], half_depth: int
) -> None:
    """Copy the central slices of a patch file to their places."""
    with _opened(path) as shard:
        low, high = _central(shard, half_depth)
        for row, node_id in enumerate(shard["node_id"][:]):
            place = places[node_id.decode()]
            for name in ("image", "mask"):
                file[name][place] = shard[name][row, low:high]


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
    total = hashlib.sha256(np.ascontiguousarray(image).data)
    total.update(np.ascontiguousarray(mask).data)
    return total.hexdigest()
