"""Label volumes in NIfTI files, version 1 and 2, alone or gzipped.

Native readers take a truncated file for a whole one, NaN for 0 and a file without
geometry for the identity; all are refused here.

References
----------
NIfTI-1 and NIfTI-2 standards: qform, sform, vox_offset, scl_slope.
"""

import math
import re
from collections.abc import Iterator
from typing import Any, BinaryIO, Literal

import nibabel
import numpy as np
import numpy.typing as npt
from scipy.spatial.transform import Rotation

from nodal_staging.exams.placed_grid import placed_grid
from nodal_staging.exams.segmentation.gathering import Gathering
from nodal_staging.exams.segmentation.regions import Segmentation, described
from nodal_staging.exams.voxel_stream import STREAM_ERRORS, VoxelLayout, slabs
from nodal_staging.geometry import Lattice
from nodal_staging.study.errors import SegmentationError

HEADERS: dict[int, Any] = {348: nibabel.Nifti1Header, 540: nibabel.Nifti2Header}
ORDERS: tuple[Literal["little", "big"], ...] = ("little", "big")
MAGIC = re.compile(rb"n\+[12]\x00")
LONGEST_EXTENSIONS = 16 * 1024 * 1024
RAS_TO_LPS = np.array([-1.0, -1.0, 1.0])
MILLIMETRES = (0, 2)  # code of xyzt_units; 0 is unknown
FARTHEST_APART_VOXELS = 0.5

FloatArray = npt.NDArray[np.float64]


def read_nifti(stream: BinaryIO, *, role: str) -> Segmentation:
    """Read a label volume.

    Parameters
    ----------
    stream
        Standing at the start of the (inflated) file.
    role
        How messages call the segmentation.

    Raises
    ------
    SegmentationError
        If it is no label volume of three dimensions with a place in space.
    """
    header, length = _header(stream, role)
    lattice = _lattice(header, role)
    layout = VoxelLayout(lattice.shape, 1, _kind(header, role))
    layout.check(role)
    _skip(stream, header, length, role)
    gathering = Gathering(lattice, role=role)
    for first, values in _scaled(stream, layout, header, role):
        gathering.add(values, layer=0, first=first)
    return described(gathering.regions(), [], layers=1)


def is_nifti(start: bytes) -> bool:
    """Tell whether bytes are the start of a NIfTI header."""
    return any(
        start[:4] == size.to_bytes(4, order) for size in HEADERS for order in ORDERS
    )


def _header(stream: BinaryIO, role: str) -> tuple[Any, int]:
    """Return nibabel's header and its length."""
    start = _read(stream, 348, role)
    for length, header in HEADERS.items():
        for order in ORDERS:
            if start[:4] != length.to_bytes(4, order):
                continue
            block = start + _read(stream, length - 348, role)
            magic = block[4:8] if length == 540 else block[344:348]
            if not MAGIC.fullmatch(magic):
                raise SegmentationError(
                    f"{role}: header and voxels of the NIfTI volume are not in one "
                    "file; save it as one .nii.gz file"
                )
            return header(block, endianness=order, check=False), length
    raise _unreadable(role)


def _read(stream: BinaryIO, count: int, role: str) -> bytes:
    try:
        found = stream.read(count)
    except STREAM_ERRORS:
        raise _unreadable(role) from None
    if len(found) != count:
        raise _unreadable(role)
    return found


def _skip(stream: BinaryIO, header: Any, length: int, role: str) -> None:
    """Go to the first voxel, past extensions, which may identify a patient."""
    offset = float(header["vox_offset"])
    if not (math.isfinite(offset) and offset.is_integer()) or not (
        length + 4 <= offset <= LONGEST_EXTENSIONS
    ):
        raise SegmentationError(
            f"{role}: expected the NIfTI field vox_offset from {length + 4} to "
            f"{LONGEST_EXTENSIONS}, found another; save the segmentation again"
        )
    _read(stream, int(offset) - length, role)


def _lattice(header: Any, role: str) -> Lattice:
    """Return where the voxels lie, in LPS."""
    dimensions = [int(size) for size in header["dim"]]
    count, sizes = dimensions[0], dimensions[1:]
    if not 3 <= count <= 7 or any(size != 1 for size in sizes[3:count]):
        raise SegmentationError(
            f"{role}: the NIfTI volume does not have three dimensions; save each time "
            "step or layer as a file of its own"
        )
    if int(header["xyzt_units"]) % 8 not in MILLIMETRES:
        raise SegmentationError(
            f"{role}: the NIfTI field xyzt_units is not mm; save the segmentation in "
            "millimetres"
        )
    affine = _affine(header, sizes[:3], role)
    steps = affine[:3, :3].T * RAS_TO_LPS
    origin = affine[:3, 3] * RAS_TO_LPS
    return placed_grid(tuple(sizes[:3]), steps, origin, role=role)


def _affine(header: Any, sizes: list[int], role: str) -> FloatArray:
    """Return the one matrix from voxels to RAS that sform and qform agree on."""
    found = []
    if int(header["sform_code"]) > 0:
        found.append(_sform(header))
    if int(header["qform_code"]) > 0:
        found.append(_qform(header, role))
    if not found:
        raise SegmentationError(
            f"{role}: neither sform nor qform of the NIfTI header is set, so nobody "
            "knows where the voxels lie; save the segmentation with the geometry of "
            "its CT"
        )
    if not all(np.isfinite(affine).all() for affine in found):
        raise SegmentationError(
            f"{role}: sform or qform of the NIfTI header holds numbers that are not "
            "finite; save the segmentation again"
        )
    if len(found) == 2 and _apart(found[0], found[1], sizes):
        raise SegmentationError(
            f"{role}: sform and qform of the NIfTI header place the voxels "
            "differently; save the segmentation with one of them"
        )
    return found[0]


def _sform(header: Any) -> FloatArray:
    """Return the sform's matrix from voxels to RAS."""
    affine = np.eye(4)
    with np.errstate(invalid="ignore"):  # some bit patterns of NaN warn when copied
        affine[:3] = [header[f"srow_{axis}"] for axis in "xyz"]
    return affine


def _qform(header: Any, role: str) -> FloatArray:
    """Return the qform's matrix from voxels to RAS."""
    numbers = [float(header[f"quatern_{axis}"]) for axis in "bcd"]
    spacings = [float(size) for size in header["pixdim"][1:4]]
    offsets = [float(header[f"qoffset_{axis}"]) for axis in "xyz"]
    if (
        not all(math.isfinite(x) for x in [*numbers, *spacings, *offsets])
        or math.hypot(*numbers) > 1.001
        or min(spacings) <= 0
        or float(header["pixdim"][0]) not in (-1.0, 0.0, 1.0)
    ):
        raise SegmentationError(
            f"{role}: the qform of the NIfTI header is no rotation with positive "
            "spacings; save the segmentation again"
        )
    real = math.sqrt(max(0.0, 1 - sum(number**2 for number in numbers)))
    rotation = Rotation.from_quat([*numbers, real]).as_matrix()
    handed = -1.0 if float(header["pixdim"][0]) == -1.0 else 1.0
    affine = np.eye(4)
    affine[:3, :3] = rotation * [spacings[0], spacings[1], handed * spacings[2]]
    affine[:3, 3] = offsets
    return affine


def _apart(first: FloatArray, second: FloatArray, sizes: list[int]) -> bool:
    """Tell whether two matrices put any corner half a voxel apart or more."""
    ends = [(0, size - 1) for size in sizes]
    corners = np.stack(np.meshgrid(*ends, [1]), axis=-1).reshape(-1, 4).astype(float)
    with np.errstate(over="ignore", invalid="ignore"):
        distance = np.linalg.norm(corners @ (first - second)[:3].T, axis=1).max()
        voxel = np.linalg.norm(first[:3, :3], axis=0).min()
    return not distance <= FARTHEST_APART_VOXELS * voxel


def _kind(header: Any, role: str) -> np.dtype[np.generic]:
    names = {2: "u1", 4: "i2", 8: "i4", 16: "f4", 64: "f8", 256: "i1", 512: "u2"}
    names |= {768: "u4", 1024: "i8", 1280: "u8"}
    name = names.get(int(header["datatype"]))
    if name is None or int(header["bitpix"]) != 8 * int(name[1]):
        raise SegmentationError(
            f"{role}: the voxels of the NIfTI volume are no whole numbers; save the "
            "segmentation as a label volume"
        )
    return np.dtype(("<" if header.endianness == "<" else ">") + name)


def _scaled(
    stream: BinaryIO, layout: VoxelLayout, header: Any, role: str
) -> Iterator[tuple[int, npt.NDArray[np.generic]]]:
    """Yield slabs with slope and intercept applied; slope 0 means neither."""
    slope, intercept = float(header["scl_slope"]), float(header["scl_inter"])
    if slope == 0 or math.isnan(slope):
        slope, intercept = 1.0, 0.0
    if not (math.isfinite(slope) and math.isfinite(intercept)):
        raise SegmentationError(
            f"{role}: scl_slope or scl_inter of the NIfTI header is not finite; save "
            "the segmentation again"
        )
    for first, slab in slabs(stream, layout, role=role):
        values = slab[..., 0]
        if (slope, intercept) == (1.0, 0.0):
            yield first, values
        else:
            with np.errstate(over="ignore", invalid="ignore"):
                yield first, values.astype(np.float64) * slope + intercept


def _unreadable(role: str) -> SegmentationError:
    return SegmentationError(
        f"{role}: the NIfTI header cannot be read; save the segmentation again"
    )
