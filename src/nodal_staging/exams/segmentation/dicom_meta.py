"""The transfer syntax of a DICOM file, found without pydicom.

pydicom inflates a deflated file without bound as soon as it sees one, and takes the
last of two transfer syntaxes.

References
----------
DICOM PS3.10, 7.1 (file meta information).
"""

from collections.abc import Iterator

LONGEST_META_BYTES = 64 * 1024
PREAMBLE_BYTES = 132
TRANSFER_SYNTAX = b"\x02\x00\x10\x00"
IMPLICIT, EXPLICIT = "1.2.840.10008.1.2", "1.2.840.10008.1.2.1"
LONG_LENGTHS = (b"OB", b"OW", b"OF", b"SQ", b"UT", b"UN", b"UC", b"UR", b"OD", b"OL")


class BrokenSegError(ValueError):
    """Says in words of the format what is wrong; never quotes the file."""


def transfer_syntax(content: bytes) -> tuple[bool, int]:
    """Find the transfer syntax.

    Parameters
    ----------
    content
        The first bytes of a DICOM file, with its preamble.

    Returns
    -------
    explicit
        Whether value representations are written.
    start
        Offset of the dataset.

    Raises
    ------
    BrokenSegError
        If there is not exactly one, or it is compressed, deflated or big endian.
    """
    elements = list(_meta(content[:LONGEST_META_BYTES]))
    found = [
        value.rstrip(b"\0 ").decode("ascii")
        for tag, value, _ in elements
        if tag == TRANSFER_SYNTAX
    ]
    if len(found) != 1:
        raise BrokenSegError(
            f"expected one transfer syntax, found {len(found)}; export the "
            "segmentation again"
        )
    if found[0] not in (IMPLICIT, EXPLICIT):
        raise BrokenSegError(
            "a compressed or unusual transfer syntax; export the segmentation "
            "as Explicit VR Little Endian"
        )
    _, _, first = elements[-1]
    return found[0] == EXPLICIT, first


def _meta(content: bytes) -> Iterator[tuple[bytes, bytes, int]]:
    """Yield tag, value and end of the elements of group 2, explicit and little."""
    at = PREAMBLE_BYTES
    while content[at : at + 2] == b"\x02\x00":
        tag, kind = content[at : at + 4], content[at + 4 : at + 6]
        skip, size = (12, 4) if kind in LONG_LENGTHS else (8, 2)
        length = int.from_bytes(content[at + skip - size : at + skip], "little")
        value = content[at + skip : at + skip + length]
        at += skip + length
        yield tag, value, at
