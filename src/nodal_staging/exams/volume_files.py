"""One volume in one file, or in a header with the file of its voxels next to it."""

import os
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import BinaryIO

from nodal_staging.exams.file_kinds import volume_format
from nodal_staging.exams.metaimage_header import open_metaimage
from nodal_staging.exams.nifti_header import open_nifti
from nodal_staging.exams.nrrd_header import open_nrrd
from nodal_staging.exams.raw_files import checked_file
from nodal_staging.exams.voxel_stream import OpenVoxels, VoxelStream
from nodal_staging.study.errors import InputError, VolumeError

LONGEST_NAME = 255
VOXEL_SUFFIXES = (".raw", ".zraw", ".raw.gz", ".img", ".bin")
HEADER_SUFFIXES = (".mhd", ".nhdr")


@contextmanager
def opened_volume(path: Path) -> Iterator[tuple[VoxelStream, dict[str, str]] | None]:
    """Open a volume file, whose content states its format, at its first voxel.

    Parameters
    ----------
    path
        A regular file, links resolved.

    Yields
    ------
    Where the voxels lie and how they are read, and what describes labels in an NRRD
    header; None where the file is of another kind.

    Raises
    ------
    VolumeError
        If the header cannot be used, or its voxels are elsewhere.
    OSError
        If the file cannot be opened.
    """
    form = volume_format(path)
    with ExitStack() as stack:
        stream = stack.enter_context(path.open("rb"))
        open_voxels = _opener(path, stack)
        if form == "nifti":
            yield open_nifti(stream), {}
        elif form == "nrrd":
            yield open_nrrd(stream, open_voxels=open_voxels)
        elif form == "metaimage":
            yield open_metaimage(stream, open_voxels=open_voxels), {}
        else:
            yield None


def without_voxel_files(paths: list[Path]) -> list[Path]:
    """Leave out files of voxels alone, next to the header of the same name."""
    headers = {
        (path.parent, path.stem)
        for path in paths
        if path.suffix.lower() in HEADER_SUFFIXES
    }
    return [
        path
        for path in paths
        if not path.name.lower().endswith(VOXEL_SUFFIXES)
        or (
            (path.parent, path.name.split(".")[0]) not in headers
            and (path.parent, path.stem) not in headers
        )
    ]


def _opener(header: Path, stack: ExitStack) -> OpenVoxels:
    """Return what opens the file of the voxels, in the folder of the header only."""

    def opened(name: str) -> BinaryIO:
        name = name.removeprefix("./")
        if (
            name in ("", ".", "..")
            or set(name) & set("/\\\0")
            or len(name) > LONGEST_NAME
        ):
            raise VolumeError(
                "the header names a file of voxels in another folder; put both files "
                "into one folder and write the name alone into the header, or write "
                "the volume as one .nrrd or .mha file"
            )
        try:
            path = checked_file(header.parent / name)
        except InputError:
            raise VolumeError(
                "the file of voxels that the header names is not next to it; copy it "
                "there under its own name"
            ) from None
        if path.parent != Path(os.path.realpath(header.parent)):
            raise VolumeError(
                "the header names a link that leads out of its folder; put the file of "
                "voxels next to it"
            )
        return stack.enter_context(path.open("rb"))

    return opened
