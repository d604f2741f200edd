"""NRRD files: the header of a CT, PET or labels, and where its voxels lie.

Native readers put a volume without geometry at the identity: it is refused here.

References
----------
NRRD file format, version 5, sections 4 and 6.
"""

import re
from typing import BinaryIO

import numpy as np

from nodal_staging.exams.nrrd_fields import Fields, read_fields, unreadable
from nodal_staging.exams.placed_grid import placed_grid
from nodal_staging.exams.voxel_stream import (
    OpenVoxels,
    VoxelLayout,
    VoxelStream,
    inflating,
)
from nodal_staging.geometry import Lattice
from nodal_staging.study.arrays import FloatArray
from nodal_staging.study.errors import VolumeError

TYPES = {
    "i1": "signed char, int8, int8_t",
    "u1": "uchar, unsigned char, uint8, uint8_t",
    "i2": "short, short int, signed short, signed short int, int16, int16_t",
    "u2": "ushort, unsigned short, unsigned short int, uint16, uint16_t",
    "i4": "int, signed int, int32, int32_t",
    "u4": "uint, unsigned int, uint32, uint32_t",
    "i8": "longlong, long long, long long int, signed long long, "
    "signed long long int, int64, int64_t",
    "u8": "ulonglong, unsigned long long, unsigned long long int, uint64, uint64_t",
    "f4": "float",
    "f8": "double",
}
KIND_OF_TYPE = {name: kind for kind in TYPES for name in TYPES[kind].split(", ")}
SPACES = {
    "left-posterior-superior": (1, 1, 1),
    "lps": (1, 1, 1),
    "right-anterior-superior": (-1, -1, 1),
    "ras": (-1, -1, 1),
    "left-anterior-superior": (1, -1, 1),
    "las": (1, -1, 1),
}
LAYER_KINDS = frozenset(
    {"vector", "list", "none", "???", "2-vector", "3-vector", "4-vector"}
)


def open_nrrd(
    stream: BinaryIO, *, open_voxels: OpenVoxels | None = None
) -> tuple[VoxelStream, dict[str, str]]:
    """Read and check a header, and leave a stream at the first voxel.

    Parameters
    ----------
    stream
        Standing at the start of an NRRD file.
    open_voxels
        Opens a file next to the header by its name; None where the voxels must be
        attached.

    Returns
    -------
    voxels
        Where they lie and how they are read.
    keys
        The ``key:=value`` pairs that describe labels, escapes resolved.

    Raises
    ------
    VolumeError
        If the file is no volume with a place in space, points to other files, or goes
        beyond the bounds of a header.
    """
    fields, keys = read_fields(stream, detached=open_voxels is not None)
    _check_plain(fields)
    sizes, vectors = _axes(fields)
    layers = 1
    if len(sizes) == 4 and vectors[0] is None:
        layers, sizes, vectors = sizes[0], sizes[1:], vectors[1:]
        _check_layer_kind(fields)
    lattice = _lattice(fields, sizes, vectors)
    layout = VoxelLayout(lattice.shape, layers, _kind(fields))
    layout.check()
    if open_voxels is not None and "data file" in fields:
        stream = open_voxels(fields["data file"])
    if fields["encoding"] != "raw":
        stream = inflating(stream)
    return VoxelStream(lattice, layout, stream), keys


def _check_plain(fields: Fields) -> None:
    """Refuse what is not one volume of three dimensions, or layers of it."""
    expectations = {
        "type": frozenset(KIND_OF_TYPE),
        "dimension": frozenset({"3", "4"}),
        "encoding": frozenset({"raw", "gzip", "gz"}),
        "endian": frozenset({"little", "big", "nothing"}),
    }
    for name, accepted in expectations.items():
        found = fields.get(name, "nothing").lower()
        if found not in accepted:
            raise VolumeError(
                f"expected the NRRD field {name} as {_one_of(name, accepted)}, "
                "found another; write it as one volume in three dimensions"
            )
        if name in fields:
            fields[name] = found


def _one_of(name: str, accepted: frozenset[str]) -> str:
    if name == "type":
        return "integers or floats of 8 to 64 bits"
    return " or ".join(sorted(accepted - {"nothing"}))


def _axes(fields: Fields) -> tuple[list[int], list[FloatArray | None]]:
    """Return size and step of every axis as they are stored."""
    for name in ("sizes", "space", "space directions", "space origin"):
        if name not in fields:
            raise VolumeError(
                f"the NRRD header has no field {name}, so the place of the voxels is "
                "unknown; write it with its orientation"
            )
    try:
        sizes = [_size(word) for word in fields["sizes"].split()]
        vectors = [_vector(word) for word in _words(fields["space directions"])]
    except ValueError:
        raise unreadable() from None
    dimension = int(fields["dimension"])
    if len(sizes) != dimension or len(vectors) != dimension:
        raise VolumeError(
            "sizes and space directions of the NRRD header do not have the declared "
            f"{dimension} entries; write it again"
        )
    return sizes, vectors


def _size(word: str) -> int:
    if not re.fullmatch(r"[0-9]{1,9}", word):
        raise ValueError
    return int(word)


def _words(text: str) -> list[str]:
    """Split vectors, which may have spaces within their brackets."""
    return re.findall(r"\([^()]*\)|[^\s()]+", text)


def _vector(word: str) -> FloatArray | None:
    if word == "none":
        return None
    if not (word.startswith("(") and word.endswith(")")):
        raise ValueError
    return np.array([float(number) for number in word[1:-1].split(",")])


def _check_layer_kind(fields: Fields) -> None:
    kind = fields.get("kinds", "???").split()[:1]
    if not LAYER_KINDS & {word.lower() for word in kind}:
        raise VolumeError(
            "the first of four axes is neither a vector nor a list of layers; write "
            "it as one volume in three dimensions"
        )


def _lattice(
    fields: Fields,
    sizes: list[int],
    vectors: list[FloatArray | None],
) -> Lattice:
    """Return where the voxels lie, in LPS."""
    space = fields["space"].lower()
    steps = [vector for vector in vectors if vector is not None]
    try:
        origin = _vector(fields["space origin"])
    except ValueError:
        raise unreadable() from None
    if len(steps) != len(sizes) or origin is None:
        raise unreadable()
    if len(sizes) == 4 or space.endswith(("-time", "t")):
        space = space.removesuffix("-time") if "-" in space else space[:-1]
        sizes, steps, origin = _without_time(sizes, steps, origin)
    if space not in SPACES:
        raise VolumeError(
            "the NRRD field space names no space of a patient in three dimensions; "
            "write it as left-posterior-superior"
        )
    if any(vector.shape != (3,) for vector in [*steps, origin]):
        raise unreadable()
    _check_units(fields)
    to_lps = np.array(SPACES[space], float)
    return placed_grid(tuple(sizes), np.array(steps) * to_lps, origin * to_lps)


def _without_time(
    sizes: list[int],
    steps: list[FloatArray],
    origin: FloatArray,
) -> tuple[list[int], list[FloatArray], FloatArray]:
    """Drop a time axis of one step."""
    if sizes[3:] not in ([], [1]):
        raise VolumeError(f"{sizes[3]} time steps; write one of them alone")
    if any(step.shape != (4,) or step[3] != 0 for step in steps[:3]):
        raise unreadable()
    return sizes[:3], [step[:3] for step in steps[:3]], origin[:3]


def _check_units(fields: Fields) -> None:
    units = set(re.findall(r'"([^"]*)"', fields.get("space units", "")))
    if units - {"mm", "millimeter", "millimeters", "s", "ms", ""}:
        raise VolumeError(
            "the NRRD field space units is not mm; write it in millimetres"
        )


def _kind(fields: Fields) -> np.dtype[np.generic]:
    kind = KIND_OF_TYPE[fields["type"]]
    order = fields.get("endian")
    if order is None and not kind.endswith("1"):
        raise VolumeError("the NRRD header has no field endian; write it again")
    return np.dtype((">" if order == "big" else "<") + kind)
