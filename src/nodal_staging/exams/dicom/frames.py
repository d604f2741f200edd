"""Frames: single planes of pixels, with what a stack needs to know of each.

A file holds one frame, or, where it is enhanced, many. Nothing here knows of other
frames; what they must have in common is the matter of `grouping` and `stacking`.
"""

import hashlib
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

from pydicom.dataset import Dataset

from nodal_staging.exams.dicom.elements import (
    integer,
    items,
    readable_number,
    readable_text,
    text,
    texts,
)
from nodal_staging.exams.dicom.folder import naming_file
from nodal_staging.exams.dicom.headers import UNREADABLE, FileHeader
from nodal_staging.exams.dicom.pixel_format import (
    PixelFormat,
    check_pixels,
    pixel_format_of,
)
from nodal_staging.exams.dicom.plane import Plane, plane_of, position_of
from nodal_staging.exams.dicom.rescaling import padding, rescaling
from nodal_staging.exams.dicom.scanning import NATIVE
from nodal_staging.study.errors import DicomSeriesError

FRAME_TAGS = [
    "PatientID",
    "SOPClassUID",
    "SOPInstanceUID",
    "Modality",
    "ImageType",
    "StudyInstanceUID",
    "SeriesInstanceUID",
    "FrameOfReferenceUID",
    "AcquisitionNumber",
    "TemporalPositionIdentifier",
    "NominalPercentageOfCardiacPhase",
    "ConvolutionKernel",
    "SliceThickness",
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
    "ImagesInAcquisition",
    "NumberOfSlices",
    "SharedFunctionalGroupsSequence",
    "PerFrameFunctionalGroupsSequence",
]
"""What is read of an image; nothing else of its header is looked at here."""


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
        Digest of acquisition, temporal position, phase and kernel.
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


def frames_of(item: FileHeader, *, hounsfield: bool) -> list[Frame]:
    """Return the frames of one image file.

    Parameters
    ----------
    item
        Header of an image with plane geometry.
    hounsfield
        Whether stored values must lead to HU, as in a CT: the rescaling is required.

    Raises
    ------
    DicomSeriesError
        Naming file and attribute, if the image cannot be placed or decoded.
    """
    with naming_file(item.file):
        count = integer(item.header, "NumberOfFrames")
        pixel_format = pixel_format_of(item)
        if "PerFrameFunctionalGroupsSequence" in item.header:
            return list(_enhanced(item, count or 1, pixel_format, hounsfield))
        if count not in {None, 1}:
            raise DicomSeriesError(
                f"{count} frames without their positions (NumberOfFrames); "
                "export the series as one file per slice",
                "multi_frame",
            )
        return [_frame(item, 0, (item.header,), pixel_format, hounsfield)]


def _enhanced(
    item: FileHeader, count: int, pixel_format: PixelFormat, hounsfield: bool
) -> Iterator[Frame]:
    """Yield the frames of an enhanced file from its functional groups."""
    if pixel_format.syntax not in NATIVE:
        raise DicomSeriesError(
            "compressed enhanced multi-frame files are not supported; export the "
            "series uncompressed, or as one file per slice",
            "multi_frame",
        )
    groups = _functional_groups(item.header)
    if len(groups) != count:
        raise _damaged_groups()
    for place, macros in enumerate(groups):
        sources = (item.header, *macros)
        yield _frame(item, place, sources, pixel_format, hounsfield)


def _functional_groups(header: Dataset) -> list[list[Dataset]]:
    """Return for each frame the items that concern geometry and values.

    What frames share goes before what is a frame's own.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # pydicom's, which quote the header
            shared = items(header, "SharedFunctionalGroupsSequence")[:1]
            groups = items(header, "PerFrameFunctionalGroupsSequence")
            return [_macros([*shared, group]) for group in groups]
    except UNREADABLE:
        raise _damaged_groups() from None


def _damaged_groups() -> DicomSeriesError:
    return DicomSeriesError(
        "the functional groups of the enhanced multi-frame file are damaged; "
        "export the series as one file per slice",
        "multi_frame",
    )


def _macros(groups: list[Dataset]) -> list[Dataset]:
    """Return the items of the functional groups that concern geometry and values."""
    return [
        macro
        for group in groups
        for name in (
            "PlanePositionSequence",
            "PlaneOrientationSequence",
            "PixelMeasuresSequence",
            "PixelValueTransformationSequence",
            "FrameContentSequence",
        )
        for macro in items(group, name)[:1]
    ]


def _frame(
    item: FileHeader,
    place: int,
    sources: tuple[Dataset, ...],
    pixel_format: PixelFormat,
    hounsfield: bool,
) -> Frame:
    """Build one frame; later sources go before earlier ones."""
    plane = plane_of(item.header, sources)
    slope, intercept = rescaling(sources, hounsfield=hounsfield)
    length = plane.rows * plane.columns * pixel_format.bytes_a_pixel
    check_pixels(item, (place + 1) * length)
    return Frame(
        file=item.file,
        frame=place,
        size=item.size,
        offset=item.offset + place * length,
        key=_key(item.header),
        instance=_digest(text(item.header, "SOPInstanceUID")),
        acquisition=_acquisition(sources),
        plane=plane,
        position_mm=position_of(sources),
        format=pixel_format,
        slope=slope,
        intercept=intercept,
        padding=padding(item.header, pixel_format, slope, intercept),
    )


def _acquisition(sources: tuple[Dataset, ...]) -> str:
    """Return what distinguishes images of one series at one position."""
    words = []
    for name in ("AcquisitionNumber", "TemporalPositionIdentifier"):
        found = [value for source in sources if (value := text(source, name))]
        words.append(found[-1] if found else "-")
    words.append(readable_text(sources[0], "ConvolutionKernel"))
    phase = readable_number(sources[0], "NominalPercentageOfCardiacPhase")
    return _digest(" ".join([*words, str(phase)]))


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
