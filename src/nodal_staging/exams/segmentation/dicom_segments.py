"""Segments of a DICOM Segmentation object: binary ones, and label maps.

References
----------
DICOM PS3.3, A.51 (Segmentation IOD), C.8.20 (modules), C.7.6.16 (functional groups);
PS3.5, 8.1.1 and D (packing of single bits).
"""

import math
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

import numpy as np

from nodal_staging.exams.segmentation.dicom_header import (
    PIXEL_DATA_START,
    SegHeader,
    read_seg_header,
)
from nodal_staging.exams.segmentation.dicom_planes import planes
from nodal_staging.exams.segmentation.gathering import Gathering
from nodal_staging.exams.segmentation.regions import (
    Label,
    Segmentation,
    described,
    in_order,
)
from nodal_staging.study.arrays import GenericArray
from nodal_staging.study.errors import SegmentationError

UNDEFINED_LENGTH = 2**32 - 1


def read_dicom_seg(path: Path) -> Segmentation:
    """Read the segments of a Segmentation object, which may overlap.

    Parameters
    ----------
    path
        The file.

    Returns
    -------
    One layer; a label's value is its segment number. Planes without a frame are
    empty.

    Raises
    ------
    SegmentationError
        If it is no uncompressed binary or label-map segmentation on parallel planes.
    """
    with path.open("rb") as file:
        header, start = read_seg_header(file)
        lattice, places = planes(header)
        _check_unique(header, places)
        file.seek(start)
        _check_length(file, header, path.stat().st_size)
        gathering = Gathering(lattice)
        for values, place in zip(_frames(file, header), places, strict=True):
            gathering.add(values[None], layer=0, first=place)
    return described(gathering.regions(), _labels(header), layers=1)


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


def _check_length(file: BinaryIO, header: SegHeader, size: int) -> None:
    """Stand before the first frame, and prove that all are there."""
    start = file.read(12)
    expected = math.ceil(len(header.frames) * header.frame_bits / 8)
    if header.explicit:
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


def _frames(file: BinaryIO, header: SegHeader) -> Iterator[GenericArray]:
    """Yield segment numbers ``(y, x)`` of one frame after the other."""
    start = file.tell()
    shape = (header.rows, header.columns)
    for place, frame in enumerate(header.frames):
        first = place * header.frame_bits
        file.seek(start + first // 8)
        count = math.ceil((first % 8 + header.frame_bits) / 8)
        content = np.frombuffer(file.read(count), np.uint8)
        if len(content) != count:
            raise SegmentationError("the pixel data end early; restore the file")
        if header.bits != 1:
            yield content.view(f"<u{header.bits // 8}").reshape(shape)
            continue
        # Frames of odd size begin within a byte.
        bits = np.unpackbits(content, bitorder="little")[first % 8 :]
        plane = bits[: header.frame_bits].reshape(shape)
        yield plane * np.uint16(frame.segment or 0)
