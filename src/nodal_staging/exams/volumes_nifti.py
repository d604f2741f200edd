"""NIfTI volumes: header and voxels, with checks that other readers leave out.

Readers were seen to take a truncated file as one whose rest is zero, a NaN as 0, and
a header without orientation as the identity.

References
----------
NIfTI-1 and NIfTI-2 data format; the axes of its world are RAS.
"""

import math
import struct
import zlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import nibabel as nib
import numpy as np
import numpy.typing as npt
from isal import igzip

from nodal_staging.geometry import Box, Lattice, triple
from nodal_staging.study.errors import VolumeError

SUFFIXES = (".nii", ".nii.gz")
LONGEST_AXIS = 4096
MOST_BYTES = 8 * 1024**3
MOST_OFFSET = 16 * 1024**2
"""Header extensions are never longer."""

LENGTH_UNITS, MILLIMETRES = 7, 2
"""Bits of xyzt_units that concern lengths, and their usual value; 0 is unstated."""

ORTHOGONAL_TOLERANCE = 1e-3
FARTHEST_APART_VOXELS = 0.5
RAS_TO_LPS = np.array([-1.0, -1.0, 1.0])

DAMAGED = (
    OSError,
    EOFError,
    ValueError,
    TypeError,
    KeyError,
    OverflowError,
    AttributeError,
    struct.error,
    zlib.error,
    nib.filebasedimages.ImageFileError,
    nib.spatialimages.HeaderDataError,
    nib.wrapstruct.WrapStructError,
)
"""What nibabel raises on damaged files."""


def open_nifti(path: Path, *, role: str) -> tuple[Any, Lattice]:
    """Open a three-dimensional NIfTI file without its voxels.

    Returns
    -------
    nibabel's image, and where its voxels lie (LPS).

    Raises
    ------
    VolumeError
        If the header is damaged or leaves the place of the voxels open.
    """
    try:
        image = nib.Nifti1Image.from_filename(path)
    except DAMAGED:
        image = _second_version(path, role)
    try:
        shape = _shape(image, role)
        _check_bytes(image, path, math.prod(shape), role)
        affine = _affine(image, role)
    except VolumeError:
        raise
    except DAMAGED:
        raise _damaged(role) from None
    return image, _lattice(shape, affine, role)


def read_nifti_boxes(
    path: Path, boxes: Sequence[Box], *, role: str
) -> list[npt.NDArray[np.float32]]:
    """Read boxes ``(z, y, x)`` of a NIfTI file, scaled as its header says, float32.

    Raises
    ------
    VolumeError
        If the voxels cannot be read, or are not finite.
    """
    image, _ = open_nifti(path, role=role)
    try:
        return [_box(image, box, role) for box in boxes]
    except VolumeError:
        raise
    except (*DAMAGED, MemoryError):
        raise _damaged(role) from None


def _box(image: Any, box: Box, role: str) -> npt.NDArray[np.float32]:
    """Read one box; NIfTI counts x fastest."""
    cut: list[slice | int] = [
        slice(start, start + size)
        for start, size in zip(reversed(box[0]), reversed(box[1]), strict=True)
    ]
    cut += [0] * (len(image.shape) - 3)
    with np.errstate(over="ignore", invalid="ignore"):  # refused below
        values = np.asarray(image.dataobj[tuple(cut)], dtype=np.float32).T
    if not np.isfinite(values).all():
        raise VolumeError(
            f"{role}: voxels are not finite numbers (NaN); write the volume again"
        )
    return np.array(values, order="C")  # its own, not the file mapped to memory


def _second_version(path: Path, role: str) -> Any:
    try:
        return nib.Nifti2Image.from_filename(path)
    except DAMAGED:
        raise _damaged(role) from None


def _shape(image: Any, role: str) -> tuple[int, int, int]:
    """Return the voxels along x, y and z."""
    sizes = [int(size) for size in image.shape]
    if len(sizes) < 3 or any(size != 1 for size in sizes[3:]):
        raise VolumeError(
            f"{role}: expected a volume of three dimensions, found {len(sizes)}; "
            "write one time point alone"
        )
    if not all(1 <= size <= LONGEST_AXIS for size in sizes[:3]):
        raise VolumeError(
            f"{role}: an axis of the NIfTI header is not of 1 to {LONGEST_AXIS} "
            "voxels; write the volume again"
        )
    return sizes[0], sizes[1], sizes[2]


def _check_bytes(image: Any, path: Path, voxels: int, role: str) -> None:
    """Prove that the file holds as many voxels as its header declares."""
    kind = image.get_data_dtype()
    if kind.fields or kind.kind not in "iuf":
        raise VolumeError(
            f"{role}: voxels are not plain numbers (colour or complex); "
            "write the volume again"
        )
    offset = int(image.dataobj.offset)
    needed = offset + voxels * kind.itemsize
    least = int(image.header.structarr.nbytes)  # 0 would read the header as voxels
    if not least <= offset <= MOST_OFFSET or needed > MOST_BYTES:
        raise _damaged(role)
    compressed = path.name.lower().endswith(".gz")
    held = _inflated_bytes(path, needed) if compressed else path.stat().st_size
    if held < needed:
        raise VolumeError(
            f"{role}: the file is truncated: {held} of {needed} bytes; restore it"
        )


def _inflated_bytes(path: Path, enough: int) -> int:
    """Count the inflated bytes, no further than is enough."""
    held = 0
    with igzip.open(path) as file:  # type: ignore[no-untyped-call,unused-ignore]
        while held < enough:
            content = file.read(min(1 << 22, enough - held))
            if not content:
                break
            held += len(content)
    return held


def _affine(image: Any, role: str) -> npt.NDArray[np.float64]:
    """Return the voxel-to-RAS matrix of the form that the header declares."""
    header = image.header
    if int(header["xyzt_units"]) & LENGTH_UNITS not in {0, MILLIMETRES}:
        raise VolumeError(
            f"{role}: lengths in the NIfTI header are not in millimetres (xyzt_units); "
            "write the volume again"
        )
    if int(header["sform_code"]) == 0 and int(header["qform_code"]) == 0:
        raise VolumeError(
            f"{role}: the NIfTI header does not say where the voxels lie (sform_code "
            "and qform_code are 0); write the volume with its orientation"
        )
    affine = np.asarray(image.affine, dtype=np.float64)
    if int(header["sform_code"]) and int(header["qform_code"]):
        _check_forms(affine, header.get_qform(), image.shape, role)
    return affine


def _check_forms(
    sform: npt.NDArray[np.float64],
    qform: npt.NDArray[np.float64],
    shape: Sequence[int],
    role: str,
) -> None:
    """Refuse two forms that differ: MITK follows one, other programs the other."""
    ends = [(0, size - 1) for size in shape[:3]]
    corners = np.stack(np.meshgrid(*ends, [1]), axis=-1).reshape(-1, 4)
    with np.errstate(over="ignore", invalid="ignore"):  # refused where not finite
        apart = np.linalg.norm(corners @ (sform - qform)[:3].T, axis=1).max()
        voxel = np.linalg.norm(sform[:3, :3], axis=0).min()
    if np.isfinite(sform).all() and not apart <= FARTHEST_APART_VOXELS * voxel:
        raise VolumeError(
            f"{role}: sform and qform of the NIfTI header place the voxels "
            "differently; write the volume with one of them"
        )


def _lattice(
    shape: tuple[int, int, int], affine: npt.NDArray[np.float64], role: str
) -> Lattice:
    """Turn a voxel-to-RAS matrix into a lattice in LPS."""
    steps = affine[:3, :3] * RAS_TO_LPS[:, None]
    lengths = np.linalg.norm(steps, axis=0)
    if not np.isfinite(affine).all() or not (lengths > 0).all():
        raise VolumeError(
            f"{role}: the orientation in the NIfTI header is not finite or singular; "
            "write the volume again"
        )
    directions = steps / lengths
    if not np.allclose(
        directions.T @ directions, np.eye(3), rtol=0, atol=ORTHOGONAL_TOLERANCE
    ):
        raise VolumeError(
            f"{role}: the axes of the NIfTI file are not orthogonal (sheared); "
            "resample the volume to an upright grid"
        )
    x, y, z = shape
    return Lattice(
        shape=(z, y, x),
        spacing_mm=triple(lengths),
        origin_mm=triple(affine[:3, 3] * RAS_TO_LPS),
        direction=tuple(float(value) for value in directions.reshape(-1)),
    )


def _damaged(role: str) -> VolumeError:
    return VolumeError(
        f"{role}: not a readable NIfTI file (damaged header or voxels); restore it"
    )
