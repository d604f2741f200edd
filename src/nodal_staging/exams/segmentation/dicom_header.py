"""What the header of a DICOM Segmentation object declares, as plain numbers.

Only the named attributes are read. Whatever pydicom raises on a damaged file becomes
one error, and what it would inflate or follow without bounds never reaches it.
"""

import io
import warnings
from dataclasses import dataclass
from typing import Any, BinaryIO

from pydicom.dataset import Dataset
from pydicom.filereader import read_dataset
from pydicom.tag import Tag

from nodal_staging.exams.dicom.identity_digests import (
    IDENTITY_TAGS,
    Identity,
    identity_of,
)
from nodal_staging.exams.dicom.scanning import (
    EXPLICIT_LITTLE,
    IMPLICIT_LITTLE,
    RLE_LOSSLESS,
)
from nodal_staging.exams.placed_grid import LONGEST_AXIS
from nodal_staging.exams.segmentation.dicom_values import (
    BrokenSegError,
    Vector,
    functional_group,
    items,
    length,
    numbers,
    shared_numbers,
    text,
    transfer_syntax,
    whole_number,
)
from nodal_staging.study.errors import SegmentationError

LONGEST_HEADER_BYTES = 16 * 1024 * 1024
MOST_ITEMS = 200_000
ITEM = b"\xfe\xff\x00\xe0"
PIXEL_DATA_START = b"\xe0\x7f\x10\x00"
MOST_FRAMES = 100_000
PIXEL_DATA = 0x7FE00010
SYNTAXES = frozenset({IMPLICIT_LITTLE, EXPLICIT_LITTLE, RLE_LOSSLESS})
LABELMAP, FRACTIONAL = "LABELMAP", "FRACTIONAL"
BITS = {"BINARY": (1,), LABELMAP: (8, 16), FRACTIONAL: (8,)}
"""Bits of a voxel for each type of segmentation."""

SEGMENTATION_CLASSES = (
    "1.2.840.10008.5.1.4.1.1.66.4",
    "1.2.840.10008.5.1.4.1.1.66.7",  # label map
)
ATTRIBUTES = [
    Tag(name)
    for name in (
        *("SpecificCharacterSet", "SOPClassUID", "SegmentationType"),
        *("SegmentSequence", "SamplesPerPixel", "BitsAllocated"),
        "MaximumFractionalValue",
        *("Rows", "Columns", "NumberOfFrames"),
        *("SharedFunctionalGroupsSequence", "PerFrameFunctionalGroupsSequence"),
        *IDENTITY_TAGS,
    )
]


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
    syntax
        UID of the transfer syntax.
    rows, columns, bits
        Size of a frame, and bits of a voxel (1, 8 or 16).
    whole
        Value of a voxel that lies wholly in a segment, in a fractional object.
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
    identity
        Patient, study, frame of reference and referenced series.
    """

    syntax: str
    rows: int
    columns: int
    bits: int
    whole: int | None
    segments: dict[int, str | None]
    orientation: Vector
    row_spacing_mm: float
    column_spacing_mm: float
    slice_spacing_mm: float | None
    slice_thickness_mm: float | None
    frames: list[SegFrame]
    identity: Identity

    @property
    def frame_bits(self) -> int:
        """Bits of one frame."""
        return self.rows * self.columns * self.bits


def read_seg_header(file: BinaryIO) -> tuple[SegHeader, int]:
    """Read the header.

    Parameters
    ----------
    file
        A DICOM file, standing at its start.

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
            _check_size(content)
            syntax, first = transfer_syntax(content, SYNTAXES)
            head = io.BytesIO(content[first:])
            # Not dcmread: it would look for the transfer syntax itself, and inflate.
            dataset = read_dataset(
                head,
                is_implicit_VR=syntax == IMPLICIT_LITTLE,
                is_little_endian=True,
                stop_when=_is_pixel_data,
                specific_tags=ATTRIBUTES,
            )
            return _header(dataset, syntax), first + head.tell()
    except BrokenSegError as error:
        raise SegmentationError(str(error)) from None
    except Exception:  # pydicom lets through whatever a damaged value causes
        raise SegmentationError(
            "the header of the DICOM segmentation cannot be read; export it again"
        ) from None


def _check_size(content: bytes) -> None:
    """Bound the work: an item of eight bytes costs pydicom a kilobyte and 20 us."""
    endless = len(content) == LONGEST_HEADER_BYTES and PIXEL_DATA_START not in content
    if endless or content.count(ITEM) > MOST_ITEMS:
        raise BrokenSegError(
            f"a header of more than {LONGEST_HEADER_BYTES} bytes or {MOST_ITEMS} "
            "items; export fewer segments at once"
        )


def _is_pixel_data(tag: int, kind: str | None, length: int) -> bool:
    return tag >= PIXEL_DATA


def _header(dataset: Any, syntax: str) -> SegHeader:
    if text(dataset, "SOPClassUID") not in SEGMENTATION_CLASSES:
        raise BrokenSegError(
            "a DICOM file that is no Segmentation object; give the segmentation"
        )
    kind, bits = _voxels(dataset)
    groups, shared = _frame_groups(dataset)
    segments = _segments(dataset)
    measures = [functional_group("PixelMeasuresSequence", g, shared) for g in groups]
    turns = [functional_group("PlaneOrientationSequence", g, shared) for g in groups]
    row, column = shared_numbers(measures, "PixelSpacing", 2)
    if min(row, column) <= 0:
        raise BrokenSegError(
            "expected a positive PixelSpacing; export the segmentation again"
        )
    return SegHeader(
        syntax=syntax,
        rows=whole_number(dataset, "Rows", LONGEST_AXIS),
        columns=whole_number(dataset, "Columns", LONGEST_AXIS),
        bits=bits,
        whole=_whole(dataset) if kind == FRACTIONAL else None,
        segments=segments,
        orientation=shared_numbers(turns, "ImageOrientationPatient", 6),
        row_spacing_mm=row,
        column_spacing_mm=column,
        slice_spacing_mm=length(measures[0], "SpacingBetweenSlices"),
        slice_thickness_mm=length(measures[0], "SliceThickness"),
        frames=[_frame(g, shared, segments, kind == LABELMAP) for g in groups],
        identity=identity_of(dataset),
    )


def _frame_groups(dataset: Any) -> tuple[list[Any], Any]:
    """Return the functional groups of every frame, and those that frames share."""
    shared = items(dataset, "SharedFunctionalGroupsSequence")
    groups = items(dataset, "PerFrameFunctionalGroupsSequence")
    count = whole_number(dataset, "NumberOfFrames", MOST_FRAMES)
    if len(groups) != count:
        raise BrokenSegError(
            f"NumberOfFrames is {count}, {len(groups)} frames are described; export "
            "the segmentation again"
        )
    return groups, shared[0] if shared else Dataset()


def _voxels(dataset: Any) -> tuple[str, int]:
    """Return type of the segmentation and bits of a voxel; colours are not read."""
    kind = text(dataset, "SegmentationType")
    expected = BITS.get(kind)
    if expected is None:
        raise BrokenSegError(
            "expected SegmentationType BINARY, LABELMAP or FRACTIONAL, found another; "
            "export the segmentation as BINARY"
        )
    bits = whole_number(dataset, "BitsAllocated", 64)
    samples = (
        whole_number(dataset, "SamplesPerPixel", 4)
        if "SamplesPerPixel" in dataset
        else 1
    )
    if bits not in expected or samples != 1:
        raise BrokenSegError(
            f"BitsAllocated is {bits} with {samples} samples a pixel, which does not "
            "belong to the SegmentationType; export the segmentation again"
        )
    return kind, bits


def _whole(dataset: Any) -> int:
    """Return the value of a voxel that lies wholly in a segment."""
    return whole_number(dataset, "MaximumFractionalValue", 255)


def _segments(dataset: Any) -> dict[int, str | None]:
    found: dict[int, str | None] = {}
    for item in items(dataset, "SegmentSequence"):
        number = whole_number(item, "SegmentNumber", 2**16 - 1, least=0)
        if number in found:
            raise BrokenSegError(
                f"two segments have the number {number}; export the segmentation again"
            )
        label = item.get("SegmentLabel")
        found[number] = None if label is None else str(label)
    found.pop(0, None)  # the background of a label map
    if not found:
        raise BrokenSegError("no segments are described; export the segmentation again")
    return found


def _frame(
    group: Any, shared: Any, segments: dict[int, str | None], labelled: bool
) -> SegFrame:
    plane = functional_group("PlanePositionSequence", group, shared)
    position = numbers(plane, "ImagePositionPatient", 3)
    if labelled:
        return SegFrame(position, None)
    identity = functional_group("SegmentIdentificationSequence", group, shared)
    number = whole_number(identity, "ReferencedSegmentNumber", 2**16 - 1)
    if number not in segments:
        raise BrokenSegError(
            f"a frame belongs to segment {number}, which is not described; export the "
            "segmentation again"
        )
    return SegFrame(position, number)
