"""What the header of a DICOM Segmentation object declares, as plain numbers.

Only the named attributes are read. Whatever pydicom raises on a damaged file becomes
one error, and what it would inflate or follow without bounds never reaches it.
"""

import io
import math
import warnings
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, BinaryIO

from pydicom.dataset import Dataset
from pydicom.filereader import read_dataset
from pydicom.tag import Tag

from nodal_staging.segmentation.error import SegmentationError

LONGEST_HEADER_BYTES = 32 * 1024 * 1024
LONGEST_META_BYTES = 64 * 1024
MOST_FRAMES = 100_000
LONGEST_AXIS = 4096
SAME_NUMBER = 1e-4
PIXEL_DATA = 0x7FE00010
TRANSFER_SYNTAX = b"\x02\x00\x10\x00"
SEGMENTATION_CLASSES = (
    "1.2.840.10008.5.1.4.1.1.66.4",
    "1.2.840.10008.5.1.4.1.1.66.7",  # label map
)
IMPLICIT, EXPLICIT = "1.2.840.10008.1.2", "1.2.840.10008.1.2.1"
ATTRIBUTES = [
    Tag(name)
    for name in (
        *("SpecificCharacterSet", "SOPClassUID", "SegmentationType"),
        *("SegmentSequence", "SamplesPerPixel", "BitsAllocated"),
        *("Rows", "Columns", "NumberOfFrames"),
        *("SharedFunctionalGroupsSequence", "PerFrameFunctionalGroupsSequence"),
    )
]
LONG_LENGTHS = (b"OB", b"OW", b"OF", b"SQ", b"UT", b"UN", b"UC", b"UR", b"OD", b"OL")

Vector = tuple[float, ...]


@dataclass(frozen=True, slots=True)
class SegFrame:
    """One frame: LPS point of its first voxel, and its segment.

    ``segment`` is None in a label map, whose values are segment numbers.
    """

    position_mm: Vector
    segment: int | None


@dataclass(frozen=True, slots=True)
class SegHeader:
    """Declared content of a Segmentation object.

    Attributes
    ----------
    explicit
        Whether the transfer syntax is Explicit VR.
    rows, columns, bits
        Size of a frame, and bits of a voxel (1, 8 or 16).
    segments
        Label of each segment number.
    orientation
        Direction of a row and of a column, six LPS numbers.
    row_spacing_mm, column_spacing_mm
        Distance of rows, and of columns.
    slice_spacing_mm, slice_thickness_mm
        Declared distance and thickness of planes, if any; they are not the same.
    frames
        In the order of the pixel data.
    """

    explicit: bool
    rows: int
    columns: int
    bits: int
    segments: dict[int, str | None]
    orientation: Vector
    row_spacing_mm: float
    column_spacing_mm: float
    slice_spacing_mm: float | None
    slice_thickness_mm: float | None
    frames: list[SegFrame]

    @property
    def frame_bits(self) -> int:
        """Bits of one frame."""
        return self.rows * self.columns * self.bits


class _BrokenError(ValueError):
    """Says in words of the format what is wrong; never quotes the file."""


def read_seg_header(file: BinaryIO, *, role: str) -> tuple[SegHeader, int]:
    """Read the header.

    Parameters
    ----------
    file
        A DICOM file, standing at its start.
    role
        How messages call the segmentation.

    Returns
    -------
    header
        What it declares.
    start
        Offset of the element with the pixel data.

    Raises
    ------
    SegmentationError
        If it is no Segmentation object that is read here.
    """
    content = file.read(LONGEST_HEADER_BYTES)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            explicit, first = _syntax(content)
            head = io.BytesIO(content[first:])
            # Not dcmread: it would look for the transfer syntax itself, and inflate.
            dataset = read_dataset(
                head,
                is_implicit_VR=not explicit,
                is_little_endian=True,
                stop_when=_is_pixel_data,
                specific_tags=ATTRIBUTES,
            )
            return _header(dataset, explicit), first + head.tell()
    except _BrokenError as error:
        raise SegmentationError(f"{role}: {error}") from None
    except Exception:  # pydicom lets through whatever a damaged value causes
        raise SegmentationError(
            f"{role}: the header of the DICOM segmentation cannot be read; export it "
            "again"
        ) from None


def _syntax(content: bytes) -> tuple[bool, int]:
    """Return whether the transfer syntax is explicit, and where the dataset begins."""
    elements = list(_meta(content[:LONGEST_META_BYTES]))
    found = [
        value.rstrip(b"\0 ").decode("ascii")
        for tag, value, _ in elements
        if tag == TRANSFER_SYNTAX
    ]
    if len(found) != 1:
        raise _BrokenError(
            f"expected one transfer syntax, found {len(found)}; export the "
            "segmentation again"
        )
    if found[0] not in (IMPLICIT, EXPLICIT):
        raise _BrokenError(
            "a compressed or unusual transfer syntax; export the segmentation "
            "as Explicit VR Little Endian"
        )
    _, _, first = elements[-1]
    return found[0] == EXPLICIT, first


def _meta(content: bytes) -> Iterator[tuple[bytes, bytes, int]]:
    """Yield tag, value and end of the elements of group 2, explicit and little."""
    at = 132
    while content[at : at + 2] == b"\x02\x00":
        tag, kind = content[at : at + 4], content[at + 4 : at + 6]
        skip, size = (12, 4) if kind in LONG_LENGTHS else (8, 2)
        length = int.from_bytes(content[at + skip - size : at + skip], "little")
        value = content[at + skip : at + skip + length]
        at += skip + length
        yield tag, value, at


def _is_pixel_data(tag: int, kind: str | None, length: int) -> bool:
    return tag >= PIXEL_DATA


def _header(dataset: Any, explicit: bool) -> SegHeader:
    if str(dataset.get("SOPClassUID", "")) not in SEGMENTATION_CLASSES:
        raise _BrokenError(
            "a DICOM file that is no Segmentation object; give the segmentation"
        )
    bits = _bits(dataset)
    labelled = bits != 1
    shared = _groups(dataset, "SharedFunctionalGroupsSequence")
    shared_group = shared[0] if shared else Dataset()
    groups = _groups(dataset, "PerFrameFunctionalGroupsSequence")
    count = _whole(dataset.NumberOfFrames, MOST_FRAMES, "NumberOfFrames")
    if len(groups) != count:
        raise _BrokenError(
            f"NumberOfFrames is {count}, {len(groups)} frames are described; export "
            "the segmentation again"
        )
    segments = _segments(dataset)
    measures = [_macro("PixelMeasuresSequence", g, shared_group) for g in groups]
    orientations = [_macro("PlaneOrientationSequence", g, shared_group) for g in groups]
    row, column = _same(measures, "PixelSpacing", 2)
    if min(row, column) <= 0:
        raise _BrokenError(
            "expected a positive PixelSpacing; export the segmentation again"
        )
    return SegHeader(
        explicit=explicit,
        rows=_whole(dataset.Rows, LONGEST_AXIS, "Rows"),
        columns=_whole(dataset.Columns, LONGEST_AXIS, "Columns"),
        bits=bits,
        segments=segments,
        orientation=_same(orientations, "ImageOrientationPatient", 6),
        row_spacing_mm=row,
        column_spacing_mm=column,
        slice_spacing_mm=_length(measures[0], "SpacingBetweenSlices"),
        slice_thickness_mm=_length(measures[0], "SliceThickness"),
        frames=[_frame(g, shared_group, segments, labelled) for g in groups],
    )


def _bits(dataset: Any) -> int:
    """Return bits of a voxel; probabilities and colours are not read."""
    kind = str(dataset.get("SegmentationType", ""))
    expected = {"BINARY": (1,), "LABELMAP": (8, 16)}.get(kind)
    if expected is None:
        raise _BrokenError(
            "expected SegmentationType BINARY or LABELMAP, found another, such as "
            "FRACTIONAL; export the segmentation as BINARY"
        )
    bits = _whole(dataset.BitsAllocated, 64, "BitsAllocated")
    samples = _whole(dataset.get("SamplesPerPixel", 1), 4, "SamplesPerPixel")
    if bits not in expected or samples != 1:
        raise _BrokenError(
            f"BitsAllocated is {bits} with {samples} samples a pixel, which does not "
            "belong to the SegmentationType; export the segmentation again"
        )
    return bits


def _groups(dataset: Any, name: str) -> list[Any]:
    found = dataset.get(name)
    return list(found) if found is not None else []


def _segments(dataset: Any) -> dict[int, str | None]:
    found: dict[int, str | None] = {}
    for item in _groups(dataset, "SegmentSequence"):
        number = _whole(item.SegmentNumber, 2**16 - 1, "SegmentNumber", least=0)
        if number in found:
            raise _BrokenError(
                f"two segments have the number {number}; export the segmentation again"
            )
        label = item.get("SegmentLabel")
        found[number] = None if label is None else str(label)
    found.pop(0, None)  # the background of a label map
    if not found:
        raise _BrokenError("no segments are described; export the segmentation again")
    return found


def _frame(
    group: Any, shared: Any, segments: dict[int, str | None], labelled: bool
) -> SegFrame:
    plane = _macro("PlanePositionSequence", group, shared)
    position = _numbers(plane.ImagePositionPatient, 3, "ImagePositionPatient")
    if labelled:
        return SegFrame(position, None)
    identity = _macro("SegmentIdentificationSequence", group, shared)
    number = _whole(
        identity.ReferencedSegmentNumber, 2**16 - 1, "ReferencedSegmentNumber"
    )
    if number not in segments:
        raise _BrokenError(
            f"a frame belongs to segment {number}, which is not described; export the "
            "segmentation again"
        )
    return SegFrame(position, number)


def _macro(name: str, group: Any, shared: Any) -> Any:
    """Return a functional group of a frame, its own or the shared one."""
    found = _groups(group, name) or _groups(shared, name)
    if len(found) != 1:
        raise _BrokenError(
            f"expected one {name} for each frame, found {len(found)}; export the "
            "segmentation again"
        )
    return found[0]


def _same(items: Sequence[Any], name: str, count: int) -> Vector:
    """Return a value that all frames share, up to the rounding of its text."""
    found = [_numbers(item.get(name), count, name) for item in items]
    for values in found:
        pairs = zip(values, found[0], strict=True)
        if any(abs(one - other) > SAME_NUMBER for one, other in pairs):
            raise _BrokenError(
                f"expected one {name} for all frames, found others; export the "
                "segmentation on parallel planes of one CT"
            )
    return found[0]


def _length(measures: Any, name: str) -> float | None:
    """Return a declared length; the sign of a spacing tells the order of slices."""
    stated = measures.get(name)
    length = 0.0 if stated is None else abs(_numbers([stated], 1, name)[0])
    return length or None


def _numbers(values: Any, count: int, name: str) -> Vector:
    found = tuple(float(value) for value in values or ())
    if len(found) != count or not all(math.isfinite(value) for value in found):
        raise _BrokenError(
            f"expected {count} finite numbers as {name}; export the segmentation again"
        )
    return found


def _whole(value: Any, most: int, name: str, *, least: int = 1) -> int:
    number = int(value)
    if not least <= number <= most:
        raise _BrokenError(
            f"expected {name} from {least} to {most}, found another; export the "
            "segmentation again"
        )
    return number
