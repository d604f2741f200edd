"""MetaImage files, ``.mha`` and ``.mhd``: the header of a CT, PET or labels.

Native readers follow the header to any file of the machine and put a volume without
geometry at the identity: both are refused here.

References
----------
MetaIO, documentation of MetaImage (itk.org/Wiki/ITK/MetaIO): tags of the header. As
in ITK, points are LPS and each row of TransformMatrix is the direction of an axis.
"""

import math
import re
from typing import BinaryIO

import numpy as np

from nodal_staging.exams.placed_grid import placed_grid
from nodal_staging.exams.voxel_stream import (
    STREAM_ERRORS,
    OpenVoxels,
    VoxelLayout,
    VoxelStream,
    inflating_zlib,
)
from nodal_staging.geometry import Lattice
from nodal_staging.study.errors import VolumeError

TYPES = {
    "MET_CHAR": "i1",
    "MET_UCHAR": "u1",
    "MET_SHORT": "i2",
    "MET_USHORT": "u2",
    "MET_INT": "i4",
    "MET_UINT": "u4",
    "MET_LONG": "i4",
    "MET_ULONG": "u4",
    "MET_LONG_LONG": "i8",
    "MET_ULONG_LONG": "u8",
    "MET_FLOAT": "f4",
    "MET_DOUBLE": "f8",
}
SAME_TAG = {
    "Position": "Offset",
    "Origin": "Offset",
    "Rotation": "TransformMatrix",
    "Orientation": "TransformMatrix",
    "ElementByteOrderMSB": "BinaryDataByteOrderMSB",
}
KEPT = frozenset(
    {"ObjectType", "NDims", "DimSize", "BinaryData", "BinaryDataByteOrderMSB"}
    | {"CompressedData", "HeaderSize", "TransformMatrix", "Offset", "ElementSpacing"}
    | {"ElementType", "ElementNumberOfChannels", "ElementDataFile", "DistanceUnits"}
    | {"ElementToIntensityFunctionSlope", "ElementToIntensityFunctionOffset"}
)
"""Only what describes the voxels is kept: other tags may identify a patient."""

PLAIN = {
    "ObjectType": ("image",),
    "NDims": ("3",),
    "BinaryData": ("true", "t", "1"),
    "HeaderSize": ("0",),
    "DistanceUnits": ("mm", "millimeter", "?"),
    "ElementToIntensityFunctionSlope": ("1",),
    "ElementToIntensityFunctionOffset": ("0",),
}
"""Values, in small letters, of one volume that is stored plainly."""

OPTIONAL = frozenset(PLAIN) - {"NDims", "BinaryData"}
YES, NO = {"true", "t", "1"}, {"false", "f", "0"}
LONGEST_HEADER_BYTES = 1024 * 1024
MOST_LINES = 5000
LINE = re.compile(r"\s*([^=]*?)\s*=\s*(.*?)\s*")

Fields = dict[str, str]


def open_metaimage(stream: BinaryIO, *, open_voxels: OpenVoxels) -> VoxelStream:
    """Read and check a header, and leave a stream at the first voxel.

    Parameters
    ----------
    stream
        Standing at the start of the file.
    open_voxels
        Opens the file with the voxels, where they are not in the same file.

    Raises
    ------
    VolumeError
        If the file is no volume of three dimensions with a place in space, or goes
        beyond the bounds of a header.
    """
    fields = _fields(stream)
    _check_plain(fields)
    lattice = _lattice(fields)
    layout = VoxelLayout(lattice.shape, _channels(fields), _kind(fields))
    layout.check()
    voxels = stream
    if fields["ElementDataFile"].upper() != "LOCAL":
        voxels = open_voxels(fields["ElementDataFile"])
    if _flag(fields, "CompressedData"):
        voxels = inflating_zlib(voxels)
    return VoxelStream(lattice, layout, voxels)


def _fields(stream: BinaryIO) -> Fields:
    """Read the tags up to the one that names the voxels, which is the last."""
    fields: Fields = {}
    left = LONGEST_HEADER_BYTES
    for _ in range(MOST_LINES):
        try:
            line = stream.readline(left)
        except STREAM_ERRORS:
            raise _unreadable() from None
        left -= len(line)
        if not line.endswith(b"\n"):
            break
        match = LINE.fullmatch(line.decode("latin-1"))
        if match is None:
            raise _unreadable()
        name = SAME_TAG.get(match[1], match[1])
        if name in fields:
            raise VolumeError(
                f"the MetaImage tag {name} stands there twice; write it again"
            )
        if name in KEPT:
            fields[name] = match[2]
        if name == "ElementDataFile":
            _check_data_file(match[2])
            return fields
    raise VolumeError(
        "the MetaImage header does not end with ElementDataFile within "
        f"{MOST_LINES} lines and {LONGEST_HEADER_BYTES} bytes; write it again"
    )


def _check_data_file(name: str) -> None:
    if name.upper().split()[:1] == ["LIST"] or "%" in name:
        raise VolumeError(
            "the MetaImage header lists one file per slice (ElementDataFile = LIST); "
            "write the volume as one .mha file"
        )


def _check_plain(fields: Fields) -> None:
    """Refuse what is not one volume of three dimensions, stored plainly."""
    for name, accepted in PLAIN.items():
        found = fields.get(name)
        if found is None and name in OPTIONAL:
            continue
        if found is None or _written(found) not in accepted:
            raise VolumeError(
                f"expected the MetaImage tag {name} as {accepted[0]}, found "
                f"{'none' if found is None else 'another'}; write it as one volume in "
                "three dimensions"
            )


def _written(value: str) -> str:
    """Write a whole number without a point, and words in small letters."""
    try:
        number = float(value)
    except ValueError:
        return value.lower()
    return f"{number:g}"


def _lattice(fields: Fields) -> Lattice:
    """Return where the voxels lie, in LPS."""
    sizes = _numbers(fields, "DimSize", 3)
    if not all(size.is_integer() for size in sizes):
        raise _unreadable()
    axes = np.reshape(_numbers(fields, "TransformMatrix", 9), (3, 3))
    spacing = np.array(_numbers(fields, "ElementSpacing", 3))
    lengths = np.linalg.norm(axes, axis=1)
    if np.abs(lengths - 1).max() > 1e-3 or not spacing.min() > 0:
        raise VolumeError(
            "expected unit vectors as TransformMatrix and a positive ElementSpacing "
            "in the MetaImage header, found others; write it again"
        )
    return placed_grid(
        (int(sizes[0]), int(sizes[1]), int(sizes[2])),
        axes * spacing[:, None],
        _numbers(fields, "Offset", 3),
    )


def _numbers(fields: Fields, name: str, count: int) -> list[float]:
    if name not in fields:
        raise VolumeError(
            f"the MetaImage header has no tag {name}, so the place of the voxels is "
            "unknown; write it with its orientation"
        )
    words = fields[name].split()
    try:
        values = [float(word) for word in words if "_" not in word]
    except ValueError:
        raise _unreadable() from None
    if len(values) != count or len(words) != count:
        raise _unreadable()
    if not all(map(math.isfinite, values)) or max(map(abs, values)) > 1e30:
        raise VolumeError(
            f"the MetaImage tag {name} holds numbers that are not finite; write it "
            "again"
        )
    return values


def _channels(fields: Fields) -> int:
    found = fields.get("ElementNumberOfChannels", "1")
    if not re.fullmatch(r"[0-9]{1,6}", found):
        raise _unreadable()
    return int(found)


def _kind(fields: Fields) -> np.dtype[np.generic]:
    kind = TYPES.get(fields.get("ElementType", ""))
    if kind is None:
        raise VolumeError(
            "expected the MetaImage tag ElementType as integers or floats of 8 to 64 "
            "bits, found another; write it as one volume in three dimensions"
        )
    big = _flag(fields, "BinaryDataByteOrderMSB")
    return np.dtype((">" if big else "<") + kind)


def _flag(fields: Fields, name: str) -> bool:
    value = fields.get(name, "False").lower()
    if value not in YES | NO:
        raise _unreadable()
    return value in YES


def _unreadable() -> VolumeError:
    return VolumeError("the MetaImage header cannot be read; write it again")
