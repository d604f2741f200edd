"""NIfTI files, version 1 and 2, alone or gzipped: the header of a CT, PET or labels.

Native readers take a truncated file for a whole one, NaN for 0 and a file without
geometry for the identity; all are refused here. A header is judged alike whatever
volume it describes.

References
----------
NIfTI-1 and NIfTI-2 standards (nifti1.h, nifti2.h): sizeof_hdr, dim, datatype and
bitpix, vox_offset, scl_slope, qform (method 2), sform (method 3); the axes of the
world are RAS.
"""

import math
import re
from typing import Any, BinaryIO, Literal

import nibabel
import numpy as np

from nodal_staging.exams.placed_grid import placed_grid
from nodal_staging.exams.voxel_stream import (
    GZIP_MAGIC,
    VoxelLayout,
    VoxelStream,
    inflating,
    read_exactly,
)
from nodal_staging.geometry import Lattice
from nodal_staging.study.arrays import FloatArray
from nodal_staging.study.errors import VolumeError

HEADERS: dict[int, Any] = {348: nibabel.Nifti1Header, 540: nibabel.Nifti2Header}
ORDERS: tuple[Literal["little", "big"], ...] = ("little", "big")
MAGIC = {348: re.compile(rb"n\+1\0"), 540: re.compile(rb"n\+2\0(\r\n\x1a\n|\0{4})")}
"""Of header and voxels in one file; the line ends of version 2 tell text transfers."""

LONGEST_EXTENSIONS = 16 * 1024 * 1024
RAS_TO_LPS = np.array([-1.0, -1.0, 1.0])
LENGTH_UNITS, MILLIMETRES = 7, (0, 2)
"""Bits of xyzt_units that concern lengths, and their values; 0 is unstated."""

FARTHEST_APART_VOXELS = 0.5
QUATERNION_ROUNDING = 3 * float(np.finfo(np.float32).eps)
KINDS = {2: "u1", 4: "i2", 8: "i4", 16: "f4", 64: "f8", 256: "i1", 512: "u2"} | {
    768: "u4",
    1024: "i8",
    1280: "u8",
}


def open_nifti(stream: BinaryIO) -> VoxelStream:
    """Read and check a header, and leave the stream at the first voxel.

    Parameters
    ----------
    stream
        Standing at the start of a NIfTI file, gzipped or not; it can be rewound.

    Raises
    ------
    VolumeError
        If the file is no volume of three dimensions with a place in space, or its
        header contradicts itself.
    """
    start = stream.read(2)
    stream.seek(0)
    if start == GZIP_MAGIC:
        stream = inflating(stream)
    header, length = _header(stream)
    lattice = _lattice(header)
    slope, intercept = _scaling(header)
    layout = VoxelLayout(lattice.shape, 1, _kind(header), slope, intercept)
    layout.check()
    _skip_extensions(stream, header, length)
    return VoxelStream(lattice, layout, stream)


def _version(start: bytes) -> tuple[int, Literal["little", "big"]] | None:
    """Return length and byte order of a header, from its first field."""
    for length in HEADERS:
        for order in ORDERS:
            if start[:4] == length.to_bytes(4, order):
                return length, order
    return None


def _header(stream: BinaryIO) -> tuple[Any, int]:
    """Return nibabel's header and its length."""
    start = read_exactly(stream, 4)
    version = _version(start)
    if version is None:
        raise VolumeError(
            "neither 348 nor 540 bytes as the length of the NIfTI header (sizeof_hdr); "
            "give a NIfTI file of version 1 or 2"
        )
    length, order = version
    block = start + read_exactly(stream, length - len(start))
    magic = block[4:12] if length == 540 else block[344:348]
    if not MAGIC[length].fullmatch(magic):
        raise VolumeError(
            "the NIfTI header does not say that it is in one file with its voxels "
            "(magic); write it as one .nii.gz file"
        )
    return HEADERS[length](block, endianness=order, check=False), length


def _skip_extensions(stream: BinaryIO, header: Any, length: int) -> None:
    """Go to the first voxel, past extensions, which may identify a patient."""
    offset = float(header["vox_offset"])
    if not (math.isfinite(offset) and offset.is_integer()) or not (
        length + 4 <= offset <= LONGEST_EXTENSIONS
    ):
        raise VolumeError(
            f"expected the NIfTI field vox_offset from {length + 4} to "
            f"{LONGEST_EXTENSIONS}, found another; write the file again"
        )
    read_exactly(stream, int(offset) - length)


def _lattice(header: Any) -> Lattice:
    """Return where the voxels lie, in LPS."""
    dimensions = [int(size) for size in header["dim"]]
    count, sizes = dimensions[0], dimensions[1:]
    if not 3 <= count <= 7 or any(size != 1 for size in sizes[3:count]):
        raise VolumeError(
            "the NIfTI file does not have three dimensions; write each time step or "
            "layer as a file of its own"
        )
    if int(header["xyzt_units"]) & LENGTH_UNITS not in MILLIMETRES:
        raise VolumeError(
            "lengths in the NIfTI header are not in millimetres (xyzt_units); write "
            "the file in millimetres"
        )
    with np.errstate(over="ignore", invalid="ignore"):  # what is not finite is refused
        affine = _affine(header, sizes[:3])
    steps = affine[:3, :3].T * RAS_TO_LPS
    return placed_grid(tuple(sizes[:3]), steps, affine[:3, 3] * RAS_TO_LPS)


def _affine(header: Any, sizes: list[int]) -> FloatArray:
    """Return the one matrix from voxels to RAS that sform and qform agree on."""
    found = []
    if int(header["sform_code"]) > 0:
        found.append(_sform(header))
    if int(header["qform_code"]) > 0:
        found.append(_qform(header))
    if not found:
        raise VolumeError(
            "neither sform nor qform of the NIfTI header is set (sform_code and "
            "qform_code are 0), so the place of the voxels is unknown; write the file "
            "with its orientation"
        )
    if not all(np.isfinite(affine).all() for affine in found):
        raise VolumeError(
            "sform or qform of the NIfTI header holds numbers that are not finite; "
            "write the file again"
        )
    if len(found) == 2 and _apart(found[0], found[1], sizes):
        # MITK follows one, other programs the other.
        raise VolumeError(
            "sform and qform of the NIfTI header place the voxels differently; write "
            "the file with one of them"
        )
    return found[0]


def _sform(header: Any) -> FloatArray:
    """Return the sform's matrix from voxels to RAS."""
    affine = np.eye(4)
    affine[:3] = [header[f"srow_{axis}"] for axis in "xyz"]
    return affine


def _qform(header: Any) -> FloatArray:
    """Return the qform's matrix from voxels to RAS.

    The standard wants positive spacings, and -1 or 1 as handedness (pixdim[0]); it
    reads 0 as 1.
    """
    handedness, *spacings = (float(size) for size in header["pixdim"][:4])
    turn = np.array([header[f"quatern_{axis}"] for axis in "bcd"], np.longdouble)
    real_squared = np.longdouble(1 - turn @ turn)
    if (
        not real_squared >= -QUATERNION_ROUNDING
        or not all(0 < spacing < math.inf for spacing in spacings)
        or handedness not in (-1.0, 0.0, 1.0)
    ):
        raise VolumeError(
            "the qform of the NIfTI header is no rotation with positive spacings; "
            "write the file again"
        )
    if real_squared < abs(header.quaternion_threshold):
        real_squared = np.longdouble(0)  # nothing but the rounding of the other three
    quaternion = np.r_[np.sqrt(real_squared), turn]
    rotation = nibabel.quaternions.quat2mat(quaternion)  # type: ignore[no-untyped-call]
    sizes = np.array(header["pixdim"][1:4])
    sizes[2] *= handedness or 1.0
    affine = np.eye(4)
    affine[:3, :3] = rotation @ np.diag(sizes)
    affine[:3, 3] = [header[f"qoffset_{axis}"] for axis in "xyz"]
    return affine


def _apart(first: FloatArray, second: FloatArray, sizes: list[int]) -> bool:
    """Tell whether two matrices put any corner half a voxel apart or more."""
    ends = [(0, size - 1) for size in sizes]
    corners = np.stack(np.meshgrid(*ends, [1]), axis=-1).reshape(-1, 4).astype(float)
    distance = np.linalg.norm(corners @ (first - second)[:3].T, axis=1).max()
    voxel = np.linalg.norm(first[:3, :3], axis=0).min()
    return not distance <= FARTHEST_APART_VOXELS * voxel


def _kind(header: Any) -> np.dtype[np.generic]:
    """Return the type of a stored value, whose bits the header states twice."""
    name = KINDS.get(int(header["datatype"]))
    if name is None or int(header["bitpix"]) != 8 * int(name[1]):
        raise VolumeError(
            "datatype and bitpix of the NIfTI header are not those of plain numbers of "
            "8 to 64 bits (but of colours, or contradictory); write the file again"
        )
    return np.dtype(("<" if header.endianness == "<" else ">") + name)


def _scaling(header: Any) -> tuple[float, float]:
    """Return slope and intercept; 0 and NaN (of nibabel) as slope mean neither."""
    slope, intercept = float(header["scl_slope"]), float(header["scl_inter"])
    if slope == 0 or math.isnan(slope):
        return 1.0, 0.0
    if not (math.isfinite(slope) and math.isfinite(intercept)):
        raise VolumeError(
            "scl_slope or scl_inter of the NIfTI header is not finite; write the file "
            "again"
        )
    return slope, intercept
