"""Frames: single planes of pixels, with what a stack needs to know of each.

A file holds one frame, or, where it is enhanced, many. Nothing here knows of other
frames; what they must have in common is the matter of `grouping` and `stacking`.
"""

import hashlib
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from pydicom.dataset import Dataset

from nodal_staging.exams.dicom.elements import integer, text, texts
from nodal_staging.exams.dicom.headers import UNREADABLE, FileHeader
from nodal_staging.exams.dicom.pixel_format import (
    PixelFormat,
    check_pixels,
    padding,
    pixel_format_of,
    pixel_values,
    rescaling,
)
from nodal_staging.exams.dicom.scanning import NATIVE
from nodal_staging.geometry import triple
from nodal_staging.study.errors import DicomSeriesError

FRAME_TAGS = [
    "SOPClassUID",
    "SOPInstanceUID",
    "Modality",
    "ImageType",
    "StudyInstanceUID",
    "SeriesInstanceUID",
    "FrameOfReferenceUID",
    "AcquisitionNumber",
    "TemporalPositionIdentifier",
    "SamplesPerPixel",
    "NumberOfFrames",
    "Rows",
    "Columns",
    "PixelSpacing",
    "ImagePositionPatient",
    "ImageOrientationPatient",
    "BitsAllocated",
    "BitsStored",
    "HighBit",
    "PixelRepresentation",
    "PixelPaddingValue",
    "PixelPaddingRangeLimit",
    "RescaleSlope",
    "RescaleIntercept",
    "RescaleType",
    "SharedFunctionalGroupsSequence",
    "PerFrameFunctionalGroupsSequence",
]
"""What is read of an image; nothing else of its header is looked at here."""

MOST_PIXELS_AN_EDGE = 8192
FINEST_PIXEL_MM = 1e-3
WIDEST_PIXEL_MM = 100
FARTHEST_MM = 1e5
"""Largest coordinate of a scanner's bore, with room for any origin of its table."""


COSINE_TOLERANCE = 1e-3


@dataclass(frozen=True, slots=True)
class Plane:
    """Where the pixels of a frame lie; equal for all frames of a stack but a shift.

    Attributes
    ----------
    rows, columns
        Numbers of pixels.
    spacing_mm
        Distance of rows and of columns.
    cosines
        LPS unit vectors along a row (x of the index) and down a column (y).
    """

    rows: int
    columns: int
    spacing_mm: tuple[float, float]
    cosines: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class Frame:
    """One plane of pixels.

    Attributes
    ----------
    file, frame
        Number of the file in the order of paths, and of the frame in it, from 0.
    size, offset
        Bytes of the file, and where the pixels of the frame begin.
    key
        Digest of study, series, frame of reference and kind of image.
    instance
        Digest of the SOP instance; frames of one file share it.
    acquisition
        Acquisition and temporal position, ``-`` where unstated.
    position_mm
        LPS point of the first pixel.
    slope, intercept
        A stored value v means ``v * slope + intercept``.
    padding
        Lowest and highest stored value of pixels without a measurement.
    """

    file: int
    frame: int
    size: int
    offset: int
    key: str
    instance: str
    acquisition: str
    plane: Plane
    position_mm: tuple[float, float, float]
    format: PixelFormat
    slope: float
    intercept: float
    padding: tuple[int, int] | None


def frames_of(item: FileHeader, *, hounsfield: bool, role: str) -> list[Frame]:
    """Return the frames of one image file.

    Parameters
    ----------
    item
        Header of an image with plane geometry.
    hounsfield
        Whether stored values must lead to HU, as in a CT: the rescaling is required.
    role
        How messages call the folder.

    Raises
    ------
    DicomSeriesError
        Naming file and attribute, if the image cannot be placed or decoded.
    """
    role = f"{role}, file {item.file + 1}"
    frames = integer(item.header, "NumberOfFrames", role)
    pixel_format = pixel_format_of(item, role)
    if "PerFrameFunctionalGroupsSequence" in item.header:
        return list(_enhanced(item, frames or 1, pixel_format, hounsfield, role))
    if frames not in {None, 1}:
        raise DicomSeriesError(
            f"{role}: {frames} frames without their positions (NumberOfFrames); "
            "export the series as one file per slice",
            "multi_frame",
        )
    return [_frame(item, 0, (item.header,), pixel_format, hounsfield, role)]


def _enhanced(
    item: FileHeader,
    count: int,
    pixel_format: PixelFormat,
    hounsfield: bool,
    role: str,
) -> Iterator[Frame]:
    """Yield the frames of an enhanced file from its functional groups."""
    if pixel_format.syntax not in NATIVE:
        raise DicomSeriesError(
            f"{role}: compressed enhanced multi-frame files are not supported; export "
            "the series uncompressed, or as one file per slice",
            "multi_frame",
        )
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # pydicom's, which quote the header
            shared = list(item.header.get("SharedFunctionalGroupsSequence") or [])[:1]
            groups = list(item.header["PerFrameFunctionalGroupsSequence"])
            macros = [_macros([*shared, group]) for group in groups]
    except UNREADABLE:
        raise _damaged_groups(role) from None
    if len(groups) != count:
        raise _damaged_groups(role)
    for number_, own in enumerate(macros):
        sources = (item.header, *own)
        yield _frame(item, number_, sources, pixel_format, hounsfield, role)


def _damaged_groups(role: str) -> DicomSeriesError:
    return DicomSeriesError(
        f"{role}: the functional groups of the enhanced multi-frame file are damaged; "
        "export the series as one file per slice",
        "multi_frame",
    )


def _macros(groups: list[Dataset]) -> list[Dataset]:
    """Return the items of the functional groups that concern geometry and values."""
    macros = [
        macro
        for group in groups
        for name in (
            "PlanePositionSequence",
            "PlaneOrientationSequence",
            "PixelMeasuresSequence",
            "PixelValueTransformationSequence",
            "FrameContentSequence",
        )
        for macro in list(group.get(name) or [])[:1]
    ]
    if not all(isinstance(macro, Dataset) for macro in macros):
        raise TypeError
    return macros


def _frame(
    item: FileHeader,
    place: int,
    sources: tuple[Dataset, ...],
    pixel_format: PixelFormat,
    hounsfield: bool,
    role: str,
) -> Frame:
    """Build one frame; later sources go before earlier ones."""
    plane = _plane(item.header, sources, role)
    slope, intercept = rescaling(sources, hounsfield, role)
    length = plane.rows * plane.columns * pixel_format.bytes_a_pixel
    check_pixels(item, (place + 1) * length, role)
    return Frame(
        file=item.file,
        frame=place,
        size=item.size,
        offset=item.offset + place * length,
        key=_key(item.header),
        instance=_digest(text(item.header, "SOPInstanceUID")),
        acquisition=_acquisition(sources, role),
        plane=plane,
        position_mm=_position(sources, role),
        format=pixel_format,
        slope=slope,
        intercept=intercept,
        padding=padding(item.header, pixel_format, slope, intercept, role),
    )


def _plane(header: Dataset, sources: tuple[Dataset, ...], role: str) -> Plane:
    """Read shape, spacing and orientation of a frame."""
    rows, columns = (integer(header, name, role) for name in ("Rows", "Columns"))
    for name, size in (("Rows", rows), ("Columns", columns)):
        if size is None or not 1 <= size <= MOST_PIXELS_AN_EDGE:
            raise DicomSeriesError(
                f"{role}: {name} must be 1 to {MOST_PIXELS_AN_EDGE}, found {size}; "
                "export the series again",
                "damaged_header",
            )
    plane = _checked_plane(
        rows or 0,
        columns or 0,
        pixel_values(sources, "PixelSpacing", role),
        pixel_values(sources, "ImageOrientationPatient", role),
    )
    if isinstance(plane, str):
        raise DicomSeriesError(
            f"{role}: {plane}; export the series again", "damaged_geometry"
        )
    return plane


@lru_cache(maxsize=64)
def _checked_plane(
    rows: int, columns: int, spacing: tuple[float, ...], cosines: tuple[float, ...]
) -> Plane | str:
    """Check spacing and orientation once for all frames that share them."""
    bearable = all(FINEST_PIXEL_MM < value < WIDEST_PIXEL_MM for value in spacing)
    if len(spacing) != 2 or not bearable:
        return "PixelSpacing must be two positive numbers of millimetres, found " + (
            " and ".join(f"{value:g}" for value in spacing) or "none"
        )
    if len(cosines) != 6 or max(map(abs, cosines)) > 2 or not _orthonormal(cosines):
        return "ImageOrientationPatient is not a pair of orthogonal unit vectors"
    return Plane(rows, columns, (spacing[0], spacing[1]), cosines)


def _orthonormal(cosines: tuple[float, ...]) -> bool:
    across, down = np.array(cosines[:3]), np.array(cosines[3:])
    gram = np.array([across @ across, down @ down, 1 + across @ down])
    return bool(np.allclose(gram, 1, rtol=0, atol=COSINE_TOLERANCE))


def _position(sources: tuple[Dataset, ...], role: str) -> tuple[float, float, float]:
    position = pixel_values(sources, "ImagePositionPatient", role)
    if len(position) != 3 or max(map(abs, position)) > FARTHEST_MM:
        raise DicomSeriesError(
            f"{role}: ImagePositionPatient must be three numbers of millimetres; "
            "export the series again",
            "damaged_geometry",
        )
    return triple(position)


def _acquisition(sources: tuple[Dataset, ...], role: str) -> str:
    """Return acquisition number and temporal position."""
    words = []
    for name in ("AcquisitionNumber", "TemporalPositionIdentifier"):
        found = [value for source in sources if (value := text(source, name))]
        words.append(found[-1] if found else "-")
    return _digest(" ".join(words))


def _key(header: Dataset) -> str:
    """Return what the images of one series share, as a digest."""
    identity = [
        text(header, name)
        for name in ("StudyInstanceUID", "SeriesInstanceUID", "FrameOfReferenceUID")
    ]
    return _digest("\n".join([*identity, *texts(header, "ImageType")[:3]]))


@lru_cache(maxsize=8192)
def _digest(words: str) -> str:
    return hashlib.blake2b(words.encode(), digest_size=16).hexdigest()
