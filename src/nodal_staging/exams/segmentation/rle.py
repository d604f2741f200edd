"""Frames that are compressed as RLE Lossless, decoded within the size of a frame.

References
----------
DICOM PS3.5, A.4 (encapsulated pixel data) and G (RLE: segments of bytes, packed bits).
"""

from collections.abc import Iterator
from typing import BinaryIO

import numpy as np

from nodal_staging.study.arrays import GenericArray
from nodal_staging.study.errors import SegmentationError

ITEM = b"\xfe\xff\x00\xe0"
END = b"\xfe\xff\xdd\xe0\0\0\0\0"
HEADER_BYTES = 64
NO_OPERATION = 128


def rle_frames(file: BinaryIO, count: int, voxels: int, bits: int) -> Iterator[bytes]:
    """Decode the frames of encapsulated pixel data one after the other.

    Parameters
    ----------
    file
        Standing at the first item, that of the table of offsets.
    count
        Number of frames, each in one fragment.
    voxels, bits
        Voxels of a frame, and bits of a voxel (8 or 16).

    Yields
    ------
    Values of a frame, little endian.

    Raises
    ------
    SegmentationError
        If a frame is damaged, or there are fewer or more.
    """
    longest = HEADER_BYTES + 2 * voxels * (bits // 8) + 16
    _item(file, 4 * count)
    for _ in range(count):
        yield _decoded(_item(file, longest), voxels, bits // 8)
    if file.read(len(END)) != END:
        raise _damaged()


def _item(file: BinaryIO, most: int) -> bytes:
    """Return the content of the next item."""
    start = file.read(8)
    length = int.from_bytes(start[4:], "little")
    if len(start) != 8 or start[:4] != ITEM or length > most:
        raise _damaged()
    content = file.read(length)
    if len(content) != length:
        raise _damaged()
    return content


def _decoded(fragment: bytes, voxels: int, width: int) -> bytes:
    """Decode one frame; its segments hold the bytes of a voxel, highest first."""
    offsets = np.frombuffer(fragment[:HEADER_BYTES].ljust(HEADER_BYTES, b"\0"), "<u4")
    if len(fragment) < HEADER_BYTES or offsets[0] != width:
        raise _damaged()
    planes: list[GenericArray] = []
    ends = [*offsets[2 : width + 1].tolist(), len(fragment)]
    for first, end in zip(offsets[1 : width + 1].tolist(), ends, strict=True):
        if not HEADER_BYTES <= first <= end <= len(fragment):
            raise _damaged()
        planes.append(np.frombuffer(_unpacked(fragment[first:end], voxels), np.uint8))
    return np.stack(planes[::-1], axis=-1).tobytes()


def _unpacked(packed: bytes, size: int) -> bytes:
    """Undo packed bits, to exactly as many bytes."""
    parts: list[bytes] = []
    place, left = 0, size
    while left > 0 and place < len(packed):
        control = packed[place]
        if control < NO_OPERATION:
            part = packed[place + 1 : place + 2 + control]
            place += 2 + control
        else:
            part = packed[place + 1 : place + 2] * (257 - control)
            place += 2 if control > NO_OPERATION else 1
            part = part if control > NO_OPERATION else b""
        parts.append(part)
        left -= len(part)
    if left != 0:
        raise _damaged()
    return b"".join(parts)


def _damaged() -> SegmentationError:
    return SegmentationError(
        "the compressed frames of the DICOM segmentation are damaged or not one "
        "fragment each; export it as Explicit VR Little Endian"
    )
