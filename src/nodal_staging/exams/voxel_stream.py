"""Label voxels as they come out of a file, in slabs of bearable size.

What a header declares is what is read: a stream that ends early, goes on after the
last voxel, or does not match its checksum is refused. A compression bomb thus costs
one slab of memory and the time of the declared volume, which is bounded.
"""

import math
import struct
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO, cast

import numpy as np
import numpy.typing as npt
from isal import igzip, isal_zlib

from nodal_staging.study.errors import SegmentationError

SLAB_BYTES = 512 * 1024  # stays in the processor's cache: half the time of 4 MB
MOST_SLICE_BYTES = 256 * 1024**2
MOST_LAYER_BYTES = 4 * 1024**3  # 1024 x 1024 x 2048 voxels of 16 bits
MOST_BYTES = 16 * 1024**3
MOST_LAYERS = 256

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
        Type of a value, with its byte order.
    """

    shape: tuple[int, int, int]
    layers: int
    kind: np.dtype[np.generic]

    @property
    def slice_bytes(self) -> int:
        """Size of one slice with all its layers."""
        return math.prod(self.shape[1:]) * self.layers * self.kind.itemsize

    def check(self, role: str) -> None:
        """Refuse what no segmentation of a CT needs."""
        total = self.slice_bytes * self.shape[0]
        if (
            not 1 <= self.layers <= MOST_LAYERS
            or self.slice_bytes > MOST_SLICE_BYTES
            or total > MOST_LAYER_BYTES * self.layers
            or total > MOST_BYTES
        ):
            raise SegmentationError(
                f"{role}: {total} bytes of voxels in {self.layers} layers, more than "
                f"the {MOST_LAYER_BYTES} a layer and {MOST_BYTES} in all that are "
                "accepted; give the segmentation on the grid of its CT"
            )


def inflating(stream: BinaryIO) -> BinaryIO:
    """Return the inflated content of a gzip stream of one or several members."""
    inflated = igzip.GzipFile(fileobj=stream)  # type: ignore[no-untyped-call]
    return cast(BinaryIO, inflated)


def slabs(
    stream: BinaryIO, layout: VoxelLayout, *, role: str
) -> Iterator[tuple[int, npt.NDArray[np.generic]]]:
    """Read the voxels that a header declares, to the end of the stream.

    Parameters
    ----------
    stream
        Standing at the first voxel.
    layout
        What the header declares.
    role
        How messages call the segmentation.

    Yields
    ------
    Index of the first slice of a slab, and its values ``(z, y, x, layer)`` in the
    byte order of the machine; the array is reused for the next slab.

    Raises
    ------
    SegmentationError
        If the stream holds fewer or more voxels, or is damaged.
    """
    layout.check(role)
    depth = max(1, SLAB_BYTES // layout.slice_bytes)
    buffer = bytearray(layout.slice_bytes * min(depth, layout.shape[0]))
    for first in range(0, layout.shape[0], depth):
        count = min(depth, layout.shape[0] - first)
        part = memoryview(buffer)[: count * layout.slice_bytes]
        _fill(stream, part, role)
        values = np.frombuffer(part, layout.kind)
        values = values.astype(layout.kind.newbyteorder("="), copy=False)
        yield first, values.reshape(count, *layout.shape[1:], layout.layers)
    _expect_end(stream, role)


def _fill(stream: BinaryIO, part: memoryview, role: str) -> None:
    """Read exactly as many bytes as the part holds."""
    done = 0
    while done < len(part):
        try:
            got = stream.readinto(part[done:])  # type: ignore[attr-defined]
        except STREAM_ERRORS:
            raise _damaged(role) from None
        if not got:
            raise _damaged(role)
        done += got


def _expect_end(stream: BinaryIO, role: str) -> None:
    """Reach the end, where a checksum is compared."""
    try:
        more = stream.read(1)
    except STREAM_ERRORS:
        raise _damaged(role) from None
    if more:
        raise SegmentationError(
            f"{role}: the file holds more than the voxels that its header declares; "
            "save the segmentation again"
        )


def _damaged(role: str) -> SegmentationError:
    return SegmentationError(
        f"{role}: the voxels cannot be read (truncated or damaged file); "
        "restore the file"
    )
