"""What the header of an NRRD label volume declares: type, sizes and place in space.

Native readers put a volume without geometry at the identity: it is refused here.

References
----------
NRRD file format, version 5, sections 4 and 6.
"""

import re
from dataclasses import dataclass
from typing import BinaryIO

import numpy as np
import numpy.typing as npt

from nodal_staging.exams.nrrd_fields import Fields, read_fields, unreadable
from nodal_staging.exams.placed_grid import placed_grid
from nodal_staging.exams.voxel_stream import VoxelLayout
from nodal_staging.geometry import Lattice
from nodal_staging.study.errors import SegmentationError

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


@dataclass(frozen=True, slots=True)
class NrrdHeader:
    """Checked header of a label volume.

    ``keys`` are the ``key:=value`` pairs that describe labels, escapes resolved.
    """

    lattice: Lattice
    layout: VoxelLayout
    gzipped: bool
    keys: dict[str, str]


def read_nrrd_header(stream: BinaryIO, *, role: str) -> NrrdHeader:
    """Read and check a header, and leave the stream at the first voxel.

    Parameters
    ----------
    stream
        Standing at the start of an NRRD file with attached voxels.
    role
        How messages call the segmentation.

    Raises
    ------
    SegmentationError
        If the file is no label volume with a place in space, points to other files,
        or goes beyond the bounds of a header.
    """
    fields, keys = read_fields(stream, role=role)
    _check_plain(fields, role)
    sizes, vectors = _axes(fields, role)
    layers = 1
    if len(sizes) == 4 and vectors[0] is None:
        layers, sizes, vectors = sizes[0], sizes[1:], vectors[1:]
        _check_layer_kind(fields, role)
    lattice = _lattice(fields, sizes, vectors, role)
    layout = VoxelLayout(lattice.shape, layers, _kind(fields, role))
    layout.check(role)
    return NrrdHeader(lattice, layout, fields["encoding"] != "raw", keys)


def _check_plain(fields: Fields, role: str) -> None:
    """Refuse what is not one label volume of three dimensions, or layers of it."""
    expectations = {
        "type": frozenset(KIND_OF_TYPE),
        "dimension": frozenset({"3", "4"}),
        "encoding": frozenset({"raw", "gzip", "gz"}),
        "endian": frozenset({"little", "big", "nothing"}),
    }
    for name, accepted in expectations.items():
        found = fields.get(name, "nothing").lower()
        if found not in accepted:
            raise SegmentationError(
                f"{role}: expected the NRRD field {name} as {_one_of(name, accepted)}, "
                "found another; save the segmentation as a label volume"
            )
        if name in fields:
            fields[name] = found


def _one_of(name: str, accepted: frozenset[str]) -> str:
    if name == "type":
        return "an integer type"
    return " or ".join(sorted(accepted - {"nothing"}))


def _axes(
    fields: Fields, role: str
) -> tuple[list[int], list[npt.NDArray[np.float64] | None]]:
    """Return size and step of every axis as they are stored."""
    for name in ("sizes", "space", "space directions", "space origin"):
        if name not in fields:
            raise SegmentationError(
                f"{role}: the NRRD header has no field {name}, so nobody knows where "
                "the voxels lie; save the segmentation with the geometry of its CT"
            )
    try:
        sizes = [_size(word) for word in fields["sizes"].split()]
        vectors = [_vector(word) for word in _words(fields["space directions"])]
    except ValueError:
        raise unreadable(role) from None
    dimension = int(fields["dimension"])
    if len(sizes) != dimension or len(vectors) != dimension:
        raise SegmentationError(
            f"{role}: sizes and space directions of the NRRD header do not have the "
            f"declared {dimension} entries; save the segmentation again"
        )
    return sizes, vectors


def _size(word: str) -> int:
    if not re.fullmatch(r"[0-9]{1,9}", word):
        raise ValueError
    return int(word)


def _words(text: str) -> list[str]:
    """Split vectors, which may have spaces within their brackets."""
    return re.findall(r"\([^()]*\)|[^\s()]+", text)


def _vector(word: str) -> npt.NDArray[np.float64] | None:
    if word == "none":
        return None
    if not (word.startswith("(") and word.endswith(")")):
        raise ValueError
    return np.array([float(number) for number in word[1:-1].split(",")])


def _check_layer_kind(fields: Fields, role: str) -> None:
    kind = fields.get("kinds", "???").split()[:1]
    if not LAYER_KINDS & {word.lower() for word in kind}:
        raise SegmentationError(
            f"{role}: the first of four axes is neither a vector nor a list of "
            "layers; save the segmentation as a label volume"
        )


def _lattice(
    fields: Fields,
    sizes: list[int],
    vectors: list[npt.NDArray[np.float64] | None],
    role: str,
) -> Lattice:
    """Return where the voxels lie, in LPS."""
    space = fields["space"].lower()
    steps = [vector for vector in vectors if vector is not None]
    try:
        origin = _vector(fields["space origin"])
    except ValueError:
        raise unreadable(role) from None
    if len(steps) != len(sizes) or origin is None:
        raise unreadable(role)
    if len(sizes) == 4 or space.endswith(("-time", "t")):
        space = space.removesuffix("-time") if "-" in space else space[:-1]
        sizes, steps, origin = _without_time(sizes, steps, origin, role)
    if space not in SPACES:
        raise SegmentationError(
            f"{role}: the NRRD field space names no space of a patient in three "
            "dimensions; save the segmentation as left-posterior-superior"
        )
    if any(vector.shape != (3,) for vector in [*steps, origin]):
        raise unreadable(role)
    _check_units(fields, role)
    to_lps = np.array(SPACES[space], float)
    return placed_grid(
        tuple(sizes), np.array(steps) * to_lps, origin * to_lps, role=role
    )


def _without_time(
    sizes: list[int],
    steps: list[npt.NDArray[np.float64]],
    origin: npt.NDArray[np.float64],
    role: str,
) -> tuple[list[int], list[npt.NDArray[np.float64]], npt.NDArray[np.float64]]:
    """Drop a time axis of one step."""
    if sizes[3:] not in ([], [1]):
        raise SegmentationError(
            f"{role}: {sizes[3]} time steps; save one of them as a segmentation"
        )
    if any(step.shape != (4,) or step[3] != 0 for step in steps[:3]):
        raise unreadable(role)
    return sizes[:3], [step[:3] for step in steps[:3]], origin[:3]


def _check_units(fields: Fields, role: str) -> None:
    units = set(re.findall(r'"([^"]*)"', fields.get("space units", "")))
    if units - {"mm", "millimeter", "millimeters", "s", "ms", ""}:
        raise SegmentationError(
            f"{role}: the NRRD field space units is not mm; save the segmentation in "
            "millimetres"
        )


def _kind(fields: Fields, role: str) -> np.dtype[np.generic]:
    kind = KIND_OF_TYPE[fields["type"]]
    order = fields.get("endian")
    if order is None and not kind.endswith("1"):
        raise SegmentationError(
            f"{role}: the NRRD header has no field endian; save the segmentation again"
        )
    return np.dtype((">" if order == "big" else "<") + kind)
