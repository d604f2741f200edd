"""How stored values lie in a file, and whether all of them are there."""

from dataclasses import dataclass

from nodal_staging.exams.dicom.elements import integer
from nodal_staging.exams.dicom.headers import ENCAPSULATED, FileHeader
from nodal_staging.exams.dicom.scanning import COMPRESSED, DEFLATED, NATIVE
from nodal_staging.study.errors import DicomSeriesError


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


def pixel_format_of(item: FileHeader) -> PixelFormat:
    """Read how stored values lie in the file.

    Raises
    ------
    DicomSeriesError
        If the pixels are encoded in a way that is not read, or have not 16 or 32 bits.
    """
    if item.syntax not in NATIVE and item.syntax not in COMPRESSED:
        raise DicomSeriesError(
            f"transfer syntax {_printable(item.syntax)} is not supported; "
            "export the series uncompressed (explicit little endian)",
            "transfer_syntax",
        )
    allocated = integer(item.header, "BitsAllocated")
    stored = integer(item.header, "BitsStored")
    high = integer(item.header, "HighBit")
    signed = integer(item.header, "PixelRepresentation") or 0
    stored = allocated if stored is None else stored
    high = (stored or 0) - 1 if high is None else high
    if allocated not in {16, 32} or signed not in {0, 1}:
        raise _impossible("BitsAllocated and PixelRepresentation")
    if stored is None or not 1 <= stored <= allocated or not stored <= high + 1:
        raise _impossible("BitsStored and HighBit")
    shifted = high != stored - 1
    if high >= allocated or (shifted and item.syntax not in NATIVE):
        raise _impossible("HighBit")
    return PixelFormat(item.syntax, allocated, stored, high, signed == 1)


def check_pixels(item: FileHeader, needed: int) -> None:
    """Prove that pixels are there: of native ones, as many bytes as are needed.

    Raises
    ------
    DicomSeriesError
        If they are absent or end early.
    """
    if item.syntax in NATIVE:
        held = needed if item.syntax == DEFLATED else item.size - item.offset
        whole = item.length not in {None, ENCAPSULATED} and needed <= min(
            item.length or 0, held
        )
    else:
        whole = item.length == ENCAPSULATED
    if not whole:
        raise DicomSeriesError(
            "the pixels are absent or truncated (PixelData); "
            "restore the file from the archive",
            "truncated_pixels",
        )


def _impossible(names: str) -> DicomSeriesError:
    return DicomSeriesError(
        f"{names} do not describe pixels of 16 or 32 bits; export the series again",
        "damaged_header",
    )


def _printable(uid: str) -> str:
    """Quote a UID of the standard, never one of the hospital's."""
    return uid if uid.startswith("1.2.840.10008.") else "of a private kind"
