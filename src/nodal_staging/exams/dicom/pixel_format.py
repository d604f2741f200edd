"""How pixels are stored, and whether they can be Hounsfield units or activity."""

from dataclasses import dataclass

from pydicom.dataset import Dataset

from nodal_staging.exams.dicom.elements import integer, numbers, text
from nodal_staging.exams.dicom.headers import ENCAPSULATED, FileHeader
from nodal_staging.exams.dicom.scanning import COMPRESSED, DEFLATED, NATIVE
from nodal_staging.study.errors import DicomSeriesError

LEAST_SLOPE, LARGEST_RESCALE = 1e-9, 1e9
"""Beyond these a rescaled value is no measurement, and leaves single precision."""


HOUNSFIELD_TYPES = frozenset({"", "HU", "US"})
"""Rescale types of a CT in HU; US, unspecified, is what converters write."""


@dataclass(frozen=True, slots=True)
class PixelFormat:
    """How stored values lie in a file.

    ``bits_allocated`` are the bits of a stored value in the file, ``bits_stored`` of
    them, up to ``high_bit``, belong to the pixel.
    """

    syntax: str
    bits_allocated: int
    bits_stored: int
    high_bit: int
    signed: bool

    @property
    def bytes_a_pixel(self) -> int:
        """Bytes of a stored value."""
        return self.bits_allocated // 8

    def as_stored(self, value: int) -> int:
        """Read a padding value as the pixels are read, whatever its own type says."""
        bits = self.bits_allocated
        value &= (1 << bits) - 1
        return value - (1 << bits) if self.signed and value >> (bits - 1) else value


def check_pixels(item: FileHeader, needed: int, role: str) -> None:
    """Prove that pixels are there, native ones all of them."""
    if item.syntax in NATIVE:
        held = needed if item.syntax == DEFLATED else item.size - item.offset
        whole = item.length not in {None, ENCAPSULATED} and needed <= min(
            item.length or 0, held
        )
    else:
        whole = item.length == ENCAPSULATED
    if not whole:
        raise DicomSeriesError(
            f"{role}: the pixels are absent or truncated (PixelData); "
            "restore the file from the archive",
            "truncated_pixels",
        )


def pixel_format_of(item: FileHeader, role: str) -> PixelFormat:
    """Read how stored values lie in the file."""
    if item.syntax not in NATIVE and item.syntax not in COMPRESSED:
        raise DicomSeriesError(
            f"{role}: transfer syntax {printable_uid(item.syntax)} is not supported; "
            "export the series uncompressed (explicit little endian)",
            "transfer_syntax",
        )
    allocated = integer(item.header, "BitsAllocated", role)
    stored = integer(item.header, "BitsStored", role)
    high = integer(item.header, "HighBit", role)
    signed = integer(item.header, "PixelRepresentation", role) or 0
    stored = allocated if stored is None else stored
    high = (stored or 0) - 1 if high is None else high
    if allocated not in {16, 32} or signed not in {0, 1}:
        raise _impossible("BitsAllocated and PixelRepresentation", role)
    if stored is None or not 1 <= stored <= allocated or not stored <= high + 1:
        raise _impossible("BitsStored and HighBit", role)
    shifted = high != stored - 1
    if high >= allocated or (shifted and item.syntax not in NATIVE):
        raise _impossible("HighBit", role)
    return PixelFormat(item.syntax, allocated, stored, high, signed == 1)


def _impossible(names: str, role: str) -> DicomSeriesError:
    return DicomSeriesError(
        f"{role}: {names} do not describe pixels of 16 or 32 bits; "
        "export the series again",
        "damaged_header",
    )


def rescaling(
    sources: tuple[Dataset, ...], hounsfield: bool, role: str
) -> tuple[float, float]:
    """Read slope and intercept; a CT without them is not in HU."""
    slope, intercept = (
        pixel_values(sources, name, role)[:1]
        for name in ("RescaleSlope", "RescaleIntercept")
    )
    if hounsfield and not (slope and intercept):
        raise DicomSeriesError(
            f"{role}: RescaleSlope or RescaleIntercept is missing, so that the values "
            "are not in HU; export the series again",
            "no_rescale",
        )
    kinds = {text(source, "RescaleType").upper() for source in sources}
    if hounsfield and not kinds <= HOUNSFIELD_TYPES:
        raise DicomSeriesError(
            f"{role}: RescaleType says that the values are not HU; "
            "take the series of the ordinary CT",
            "not_hounsfield",
        )
    found = (slope or (1.0,))[0], (intercept or (0.0,))[0]
    if not (LEAST_SLOPE < found[0] < LARGEST_RESCALE > abs(found[1])):
        raise DicomSeriesError(
            f"{role}: RescaleSlope must be positive, and neither it nor "
            "RescaleIntercept huge; export the series again",
            "damaged_header",
        )
    return found


DARKEST_HU = -1000
"""A padding value at or below this stands for air outside the scanner's field."""


BRIGHTEST_HU = 3000


def padding(
    header: Dataset,
    pixel_format: PixelFormat,
    slope: float,
    intercept: float,
    role: str,
) -> tuple[int, int] | None:
    """Return the range of stored values that stand for no measurement.

    Real files state a padding value and have pixels below it, so everything at or
    under a dark value is padding; a bright one is padding itself. A value among
    those of tissue is not believed: it would punch holes into the patient.
    """
    value = _padding_value(header, "PixelPaddingValue", role)
    if value is None:
        return None
    low = high = pixel_format.as_stored(value)
    limit = _padding_value(header, "PixelPaddingRangeLimit", role)
    if limit is not None:
        low, high = sorted((low, pixel_format.as_stored(limit)))
    if high * slope + intercept <= DARKEST_HU:
        return -(2**31), high
    if low * slope + intercept >= BRIGHTEST_HU:
        return low, high
    return None


def _padding_value(header: Dataset, keyword: str, role: str) -> int | None:
    """Read a padding value; it is optional, so a damaged one is left aside."""
    try:
        return integer(header, keyword, role)
    except DicomSeriesError:
        return None


def pixel_values(
    sources: tuple[Dataset, ...], keyword: str, role: str
) -> tuple[float, ...]:
    """Return the numbers of the last source that has them."""
    for source in reversed(sources):
        values = numbers(source, keyword, role)
        if values:
            return values
    return ()


def printable_uid(uid: str) -> str:
    """Quote a UID of the standard, never one of the hospital's."""
    return uid if uid.startswith("1.2.840.10008.") else "of a private kind"
