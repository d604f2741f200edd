"""Segments of a DICOM Segmentation object: binary, two-valued, and label maps.

References
----------
DICOM PS3.3, A.51 (Segmentation IOD), C.8.20 (modules), C.7.6.16 (functional groups);
PS3.5, 8.1.1 and D (packing of single bits).
"""

import math
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import BinaryIO

import numpy as np

from nodal_staging.exams.dicom.identity_digests import Origin
from nodal_staging.exams.dicom.scanning import EXPLICIT_LITTLE, RLE_LOSSLESS
from nodal_staging.exams.segmentation.dicom_header import (
    PIXEL_DATA_START,
    SegHeader,
    read_seg_header,
)
from nodal_staging.exams.segmentation.dicom_planes import planes, spacing_remarks
from nodal_staging.exams.segmentation.gathering import Gathering
from nodal_staging.exams.segmentation.regions import (
    Label,
    Segmentation,
    described,
    in_order,
)
from nodal_staging.exams.segmentation.rle import rle_frames
from nodal_staging.geometry import Lattice
from nodal_staging.study.arrays import GenericArray
from nodal_staging.study.errors import SegmentationError

UNDEFINED_LENGTH = 2**32 - 1


def read_dicom_seg(path: Path, ct: Lattice | None = None) -> Segmentation:
    """Read the segments of a Segmentation object, which may overlap.

    Parameters
    ----------
    path
        The file.
    ct
        Grid of the CT, for the distance of planes if the file does not state it.

    Returns
    -------
    One layer; a label's value is its segment number. Planes without a frame are
    empty.

    Raises
    ------
    SegmentationError
        If it is no binary, two-valued fractional or label-map segmentation on
        parallel planes, uncompressed or in RLE Lossless.
    """
    with path.open("rb") as file:
        header, start = read_seg_header(file)
        lattice, places = planes(header, ct)
        _check_unique(header, places)
        file.seek(start)
        gathering = Gathering(lattice)
        frames = _frames(file, header, path.stat().st_size)
        for values, place in zip(frames, places, strict=True):
            gathering.add(values[None], layer=0, first=place)
    found = described(gathering.regions(), _labels(header), layers=1)
    return replace(
        found,
        origins=(Origin(header.identity, lattice),),
        notes=(*found.notes, *spacing_remarks(header, lattice)),
    )


def read_dicom_seg_labels(path: Path) -> tuple[Label, ...]:
    """Read the segments that the header describes."""
    with path.open("rb") as file:
        header, _ = read_seg_header(file)
    return in_order(_labels(header))


def _labels(header: SegHeader) -> list[Label]:
    return [Label(0, number, name) for number, name in header.segments.items()]


def _check_unique(header: SegHeader, places: list[int]) -> None:
    """Refuse two frames of one segment in one plane."""
    segments = [frame.segment for frame in header.frames]
    for (_, place), count in Counter(zip(segments, places, strict=True)).items():
        if count > 1:
            raise SegmentationError(
                f"{count} frames of one segment lie in plane {place + 1}; "
                "export the segmentation again"
            )


def _frames(file: BinaryIO, header: SegHeader, size: int) -> Iterator[GenericArray]:
    """Yield segment numbers ``(y, x)`` of one frame after the other.

    The file stands at the element with the pixels, and has so many bytes.
    """
    shape = (header.rows, header.columns)
    if header.syntax == RLE_LOSSLESS:
        contents = _compressed(file, header)
    else:
        _check_length(file, header, size)
        contents = _plain(file, header)
    for content, frame in zip(contents, header.frames, strict=True):
        values = np.frombuffer(content, f"<u{max(1, header.bits // 8)}").reshape(shape)
        if frame.segment is None:
            yield values
            continue
        if header.whole is not None:
            values = _two_valued(values, header.whole)
        yield values * np.uint16(frame.segment)


def _two_valued(values: GenericArray, whole: int) -> GenericArray:
    """Return 0 and 1 for a fractional frame without fractions."""
    inside = values == whole
    if (values[~inside] != 0).any():
        raise SegmentationError(
            "a FRACTIONAL segmentation with voxels between 0 and the maximum of "
            f"{whole}; apply a threshold, for example {whole / 2:g}, and export it as "
            "BINARY"
        )
    return np.asarray(inside, np.uint8)


def _compressed(file: BinaryIO, header: SegHeader) -> Iterator[bytes]:
    """Yield the frames of a file in RLE Lossless, which has no single bits."""
    start = file.read(12)
    length = int.from_bytes(start[8:12], "little")
    if header.bits == 1 or start[:4] != PIXEL_DATA_START or length != UNDEFINED_LENGTH:
        raise SegmentationError(
            "RLE Lossless with single bits or without compressed frames, which the "
            "standard does not allow; export the segmentation as Explicit VR Little "
            "Endian"
        )
    voxels = header.rows * header.columns
    return rle_frames(file, len(header.frames), voxels, header.bits)


def _check_length(file: BinaryIO, header: SegHeader, size: int) -> None:
    """Stand before the first frame, and prove that all are there."""
    start = file.read(12)
    expected = math.ceil(len(header.frames) * header.frame_bits / 8)
    if header.syntax == EXPLICIT_LITTLE:
        length, skipped = int.from_bytes(start[8:12], "little"), 12
    else:
        length, skipped = int.from_bytes(start[4:8], "little"), 8
    position = file.tell() - len(start) + skipped
    if start[:4] != PIXEL_DATA_START or length == UNDEFINED_LENGTH:
        raise SegmentationError(
            "no plain pixel data follow the header; export the segmentation "
            "again without compression"
        )
    if length not in (expected, expected + expected % 2) or position + length > size:
        raise SegmentationError(
            f"{len(header.frames)} frames take {expected} bytes, the pixel "
            "data have another length; restore the file"
        )
    file.seek(position)


def _plain(file: BinaryIO, header: SegHeader) -> Iterator[bytes]:
    """Yield the bytes of each frame, a byte for each voxel of single bits."""
    start = file.tell()
    for place in range(len(header.frames)):
        first = place * header.frame_bits
        file.seek(start + first // 8)
        count = math.ceil((first % 8 + header.frame_bits) / 8)
        content = file.read(count)
        if len(content) != count:
            raise SegmentationError("the pixel data end early; restore the file")
        if header.bits != 1:
            yield content
            continue
        # Frames of odd size begin within a byte.
        bits = np.unpackbits(np.frombuffer(content, np.uint8), bitorder="little")
        yield bits[first % 8 :][: header.frame_bits].tobytes()
