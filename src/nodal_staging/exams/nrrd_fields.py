"""The text of an NRRD header, read line by line within bounds.

Native readers follow ``data file`` to any file of the machine and take the last of
two equal fields: both are refused here.

References
----------
NRRD file format, version 5, sections 3 and 5.
"""

import re
from collections.abc import Iterator
from typing import BinaryIO

from nodal_staging.exams.voxel_stream import STREAM_ERRORS
from nodal_staging.study.errors import VolumeError

MAGIC = re.compile(rb"NRRD000[1-5]\r?\n")
LONGEST_HEADER_BYTES = 8 * 1024 * 1024
MOST_LINES = 20_000
REDIRECTIONS = frozenset(
    {"data file", "datafile", "line skip", "lineskip", "byte skip", "byteskip"}
)
DATA_FILE = frozenset({"data file", "datafile"})
FIELDS = DATA_FILE | frozenset(
    {"dimension", "type", "encoding", "endian", "content", "number", "sizes"}
    | {"min", "max", "old min", "oldmin", "old max", "oldmax", "sample units"}
    | {"sampleunits", "spacings", "thicknesses", "axis mins", "axismins"}
    | {"axis maxs", "axismaxs", "centers", "centerings", "labels", "units", "kinds"}
    | {"space", "space dimension", "space units", "space origin"}
    | {"space directions", "measurement frame"}
)
# Only what describes labels is kept: other keys may identify a patient.
KEPT_KEYS = re.compile(
    r"modality|layers|layer_\d{3}|org\.mitk\.label_\d{3}_\d{5}"
    r"|org\.mitk\.multilabel\.segmentation\.(version|labelgroups)"
    r"|Segment\d{1,4}_(ID|Name|LabelValue|Layer)"
)
ESCAPE = re.compile(r"\\(n|\\)")

Fields = dict[str, str]


def read_fields(
    stream: BinaryIO, *, detached: bool = False
) -> tuple[Fields, dict[str, str]]:
    """Read a header and leave the stream behind it.

    Parameters
    ----------
    stream
        Standing at the start of an NRRD file.
    detached
        Whether the header may name the file of its voxels.

    Returns
    -------
    fields
        Descriptions (``name: value``), names in lower case.
    keys
        Pairs (``name:=value``) that describe labels, escapes resolved.

    Raises
    ------
    VolumeError
        If the header is none, points to other files, goes beyond its bounds, has an
        unknown field, or a field or such a key twice.
    """
    fields: Fields = {}
    keys: dict[str, str] = {}
    for line in _lines(stream, detached):
        if line.startswith("#"):
            continue
        name, colon, value = line.partition(":")
        if not colon:
            raise unreadable()
        if not value.startswith("="):
            _add_field(fields, name.strip().lower(), value.strip(), detached)
        elif KEPT_KEYS.fullmatch(name):
            _add_key(keys, name, value[1:])
    return fields, keys


def _lines(stream: BinaryIO, detached: bool) -> Iterator[str]:
    """Yield the header's lines, without magic and without the empty one that ends it.

    Every line is decoded by itself: a path in the code page of a hospital's computer
    must not spoil the umlauts of the names.
    """
    left = LONGEST_HEADER_BYTES
    if not MAGIC.fullmatch(_line(stream, 16)):
        raise VolumeError("not an NRRD file of version 1 to 5; write it as .nrrd")
    for _ in range(MOST_LINES):
        line = _line(stream, left)
        left -= len(line)
        # A header alone may end without an empty line, or within its last one.
        ends = detached and 0 < left and not line.endswith(b"\n")
        if line in (b"\n", b"\r\n", b"") and (line or ends):
            return
        if not line.endswith(b"\n") and not ends:
            break
        yield _decoded(line.rstrip(b"\r\n"))
    raise VolumeError(
        f"the NRRD header does not end within {MOST_LINES} lines and "
        f"{LONGEST_HEADER_BYTES} bytes, expected header and voxels in one .nrrd file; "
        "write it again"
    )


def _line(stream: BinaryIO, most: int) -> bytes:
    try:
        return stream.readline(most)
    except STREAM_ERRORS:
        raise unreadable() from None


def _decoded(line: bytes) -> str:
    try:
        return line.decode("utf-8")
    except UnicodeDecodeError:
        return line.decode("latin-1")


def _add_field(fields: Fields, name: str, value: str, detached: bool) -> None:
    if detached and name in DATA_FILE:
        name = "data file"
        if value.upper().split()[:1] == ["LIST"] or "%" in value:
            raise VolumeError(
                "the NRRD header lists one file per slice (data file); write the "
                "volume as one .nrrd file"
            )
    elif name in REDIRECTIONS:
        raise VolumeError(
            f"the NRRD header points elsewhere ({name}), expected header and voxels in "
            "one .nrrd file; write it again"
        )
    if name not in FIELDS:
        raise VolumeError(
            "the NRRD header has a field that the format does not know; write it again"
        )
    if name in fields:
        raise VolumeError(f"the NRRD field {name} stands there twice; write it again")
    fields[name] = value


def _add_key(keys: dict[str, str], name: str, value: str) -> None:
    if name in keys:
        raise VolumeError(f"the NRRD key {name} stands there twice; write it again")
    keys[name] = ESCAPE.sub(_unescaped, value)


def _unescaped(match: re.Match[str]) -> str:
    return "\n" if match[1] == "n" else "\\"


def unreadable() -> VolumeError:
    """Return the error of a header that is no header."""
    return VolumeError("the NRRD header cannot be read; write it again")
