"""Voxels as they come out of a file, in slabs that fit the processor's cache.

The readers of NIfTI, NRRD and MetaImage hand over an open stream here; boxes of a CT or
PET and labels are read from it alike. What a header declares is what is read: a stream
that ends early, goes on after the last voxel, or does not match its checksum is
refused. A compression bomb thus costs one slab of memory and the time of the declared
volume, which is bounded.
"""

import io
import math
import struct
import zipfile
import zlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, BinaryIO, cast

import numpy as np
from isal import igzip, isal_zlib

from nodal_staging.geometry import Box, Lattice
from nodal_staging.study.arrays import AnyArray, Float32Array, GenericArray, Volume
from nodal_staging.study.errors import VolumeError

CHUNK_BYTES = 64 * 1024
SLAB_BYTES = 512 * 1024  # stays in the processor's cache: half the time of 4 MB
MOST_SLICE_BYTES = 256 * 1024**2
MOST_LAYER_BYTES = 4 * 1024**3  # 1024 x 1024 x 2048 voxels of 16 bits
MOST_BYTES = 16 * 1024**3
MOST_LAYERS = 256
GZIP_MAGIC = b"\x1f\x8b"

OpenVoxels = Callable[[str], BinaryIO]
"""Opens the voxel file that a header names."""

# Of plain files, gzip streams and members of zip archives.
STREAM_ERRORS: tuple[type[Exception], ...] = (
    OSError,
    EOFError,
    ValueError,
    RuntimeError,
    OverflowError,
    struct.error,
    zlib.error,
    cast(type[Exception], isal_zlib.IsalError),
    zipfile.BadZipFile,
)


@dataclass(frozen=True, slots=True)
class VoxelLayout:
    """How voxels follow one another: layer fastest, then x, y and z.

    Attributes
    ----------
    shape
        Number of voxels ``(z, y, x)``.
    layers
        Values per voxel.
    kind
        Type of a stored value, with its byte order.
    slope, intercept
        A stored value times the slope plus the intercept is the value that is meant.
    """

    shape: tuple[int, int, int]
    layers: int
    kind: np.dtype[np.generic]
    slope: float = 1.0
    intercept: float = 0.0

    @property
    def slice_bytes(self) -> int:
        """Size of one slice with all its layers."""
        return math.prod(self.shape[1:]) * self.layers * self.kind.itemsize

    def check(self) -> None:
        """Refuse sizes that no CT, PET or segmentation has."""
        total = self.slice_bytes * self.shape[0]
        if (
            not 1 <= self.layers <= MOST_LAYERS
            or self.slice_bytes > MOST_SLICE_BYTES
            or total > MOST_LAYER_BYTES * self.layers
            or total > MOST_BYTES
        ):
            raise VolumeError(
                f"{total} bytes of voxels in {self.layers} layers, more than the "
                f"{MOST_LAYER_BYTES} per layer and {MOST_BYTES} in all that are "
                "accepted; give the volume of one exam alone"
            )

    def scaled(self, stored: GenericArray) -> AnyArray:
        """Return the values that stored ones mean, in float64 where they are scaled.

        Values beyond float64 become infinite; the caller refuses those.
        """
        if (self.slope, self.intercept) == (1.0, 0.0):
            return stored
        with np.errstate(over="ignore", invalid="ignore"):
            values = stored.astype(np.float64) * self.slope
            return values + self.intercept if self.intercept else values


@dataclass(frozen=True, slots=True)
class VoxelStream:
    """An open volume file, its header read.

    Attributes
    ----------
    lattice
        Where its voxels lie.
    layout
        How they are stored.
    stream
        Inflated, standing at the first voxel; it is read once.
    """

    lattice: Lattice
    layout: VoxelLayout
    stream: BinaryIO

    def slabs(self) -> Iterator[tuple[int, GenericArray]]:
        """Read the voxels that the header declares, to the end of the stream.

        Yields
        ------
        Index of the first slice of a slab, and its stored values ``(z, y, x, layer)``
        in the byte order of the machine; the array is reused for the next slab.

        Raises
        ------
        VolumeError
            If the stream holds fewer or more voxels, or is damaged.
        """
        layout = self.layout
        layout.check()
        depth = max(1, SLAB_BYTES // layout.slice_bytes)
        buffer = bytearray(layout.slice_bytes * min(depth, layout.shape[0]))
        for first in range(0, layout.shape[0], depth):
            count = min(depth, layout.shape[0] - first)
            part = memoryview(buffer)[: count * layout.slice_bytes]
            _fill(self.stream, part)
            values = np.frombuffer(part, layout.kind)
            values = values.astype(layout.kind.newbyteorder("="), copy=False)
            yield first, values.reshape(count, *layout.shape[1:], layout.layers)
        _expect_end(self.stream)

    def read_boxes(self, boxes: Sequence[Box]) -> list[Volume]:
        """Read boxes of the first layer in one pass, to the end of the stream.

        Parameters
        ----------
        boxes
            Start and shape ``(z, y, x)`` of each, within the lattice.

        Returns
        -------
        Scaled values of each box, float32 ``(z, y, x)``.

        Raises
        ------
        VolumeError
            As ``slabs`` does, and for values that are not finite.
        """
        values = [np.empty(shape, dtype=np.float32) for _, shape in boxes]
        for first, slab in self.slabs():
            for box, target in zip(boxes, values, strict=True):
                self._copy(slab[..., 0], first, box, target)
        for target in values:
            _require_finite(target)
        return values

    def check_values(self) -> None:
        """Read the first layer to the end of the stream, and keep nothing.

        Raises
        ------
        VolumeError
            As ``read_boxes`` of the whole volume does.
        """
        unscaled = (self.layout.slope, self.layout.intercept) == (1.0, 0.0)
        integers = unscaled and self.layout.kind.kind in "iu"
        for _, slab in self.slabs():
            if not integers:
                with np.errstate(over="ignore", invalid="ignore"):  # refused below
                    values = self.layout.scaled(slab[..., 0]).astype(np.float32)
                _require_finite(values)

    def _copy(
        self,
        slab: GenericArray,
        first: int,
        box: Box,
        target: Float32Array,
    ) -> None:
        """Copy what a slab, which begins at slice ``first``, holds of a box."""
        (z, y, x), (depth, height, width) = box
        low, high = max(z, first), min(z + depth, first + len(slab))
        if low < high:
            part = slab[low - first : high - first, y : y + height, x : x + width]
            with np.errstate(over="ignore", invalid="ignore"):  # refused afterwards
                target[low - z : high - z] = self.layout.scaled(part)


def _require_finite(values: Float32Array) -> None:
    if not np.isfinite(values).all():
        raise VolumeError(
            "voxels are not finite numbers (NaN or infinite); write the volume again"
        )


def inflating(stream: BinaryIO) -> BinaryIO:
    """Return the inflated content of a gzip stream of one or several members."""
    inflated = igzip.GzipFile(fileobj=stream)  # type: ignore[no-untyped-call]
    return cast(BinaryIO, inflated)


class _Inflated(io.RawIOBase):
    """Inflated content of one zlib or gzip stream, to its checksum."""

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream
        self._inflater = zlib.decompressobj(32 + zlib.MAX_WBITS)

    def readinto(self, target: Any) -> int:
        """Fill the target as far as one step goes; 0 bytes are the end."""
        while not self._inflater.eof:
            stored = self._inflater.unconsumed_tail or self._stream.read(CHUNK_BYTES)
            if not stored:
                raise EOFError
            part = self._inflater.decompress(stored, len(target))
            if part:
                target[: len(part)] = part
                return len(part)
        if self._inflater.unused_data or self._stream.read(1):
            raise ValueError("the file goes on behind its compressed voxels")
        return 0


def inflating_zlib(stream: BinaryIO) -> BinaryIO:
    """Return the inflated content of a zlib stream, as MetaImage files hold it."""
    return cast(BinaryIO, _Inflated(stream))


def read_exactly(stream: BinaryIO, count: int) -> bytes:
    """Read as many bytes, or refuse the file as truncated or damaged."""
    buffer = bytearray(count)
    _fill(stream, memoryview(buffer))
    return bytes(buffer)


def _fill(stream: BinaryIO, part: memoryview) -> None:
    """Read exactly as many bytes as the part holds."""
    done = 0
    while done < len(part):
        try:
            got = stream.readinto(part[done:])  # type: ignore[attr-defined]
        except STREAM_ERRORS:
            raise _damaged() from None
        if not got:
            raise _damaged()
        done += got


def _expect_end(stream: BinaryIO) -> None:
    """Reach the end, where a checksum is compared."""
    try:
        more = stream.read(1)
    except STREAM_ERRORS:
        raise _damaged() from None
    if more:
        raise VolumeError(
            "the file holds more than the voxels that its header declares; write it "
            "again"
        )


def _damaged() -> VolumeError:
    return VolumeError(
        "the file ends early or its voxels cannot be read (truncated or damaged "
        "file); write it again"
    )
