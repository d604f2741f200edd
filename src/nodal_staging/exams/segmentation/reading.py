"""Read a segmentation, whatever program wrote it.

Files are told by what they hold, not by their names.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from nodal_staging.exams.nifti_header import is_nifti, open_nifti
from nodal_staging.exams.raw_files import checked_file, files_below
from nodal_staging.exams.segmentation.dicom_segments import (
    read_dicom_seg,
    read_dicom_seg_labels,
)
from nodal_staging.exams.segmentation.gathering import gathered
from nodal_staging.exams.segmentation.nrrd_labels import read_nrrd, read_nrrd_labels
from nodal_staging.exams.segmentation.regions import (
    Label,
    Segmentation,
    called,
    described,
    stacked,
)
from nodal_staging.exams.segmentation.scene import read_scene
from nodal_staging.exams.segmentation.stack import MOST_FILES, read_stack
from nodal_staging.study.errors import SegmentationError, VolumeError, naming

SUFFIXES = (".seg.nrrd", ".nii.gz", ".nrrd", ".nii", ".dcm")
"""Ends of a file's name that do not belong to the name of its node."""


def read_segmentation(path: Path, *, role: str) -> Segmentation:
    """Read all labels of an exam with their voxels.

    Parameters
    ----------
    path
        A label volume (NRRD of MITK 2016 to 2025, Slicer or of values alone; NIfTI;
        DICOM Segmentation), a ``.mitk`` scene, a ``.mitklabel.json`` stack, or a
        folder of label volumes, of which each is a layer in the order of names.
    role
        How messages call it, for example ``patient P1, exam E1, column segmentation``.

    Raises
    ------
    SegmentationError
        If a file is damaged, of another kind, or beyond the bounds of a segmentation.
    RawFileError
        If the path does not lead to a regular file or a folder.
    """
    with _refusing(role):
        if os.path.isdir(path):
            return _read_folder(path, role)
        return _read_file(checked_file(path, role=role), role)


def read_labels(path: Path, *, role: str) -> tuple[Label, ...]:
    """Read the labels of an exam, from headers alone where these describe them.

    Parameters
    ----------
    path, role
        As in ``read_segmentation``.

    Returns
    -------
    Labels by layer and value. Where a header describes labels, one without voxels is
    among them, and voxels of a value that is not described are not seen.

    Raises
    ------
    SegmentationError, RawFileError
        As in ``read_segmentation``.
    """
    with _refusing(role):
        if not os.path.isdir(path):
            file = checked_file(path, role=role)
            with file.open("rb") as stream:
                start = stream.read(132)
                stream.seek(0)
                if start.startswith(b"NRRD"):
                    return read_nrrd_labels(stream)
            if start[128:] == b"DICM":
                return read_dicom_seg_labels(file)
    return read_segmentation(path, role=role).labels


@contextmanager
def _refusing(role: str) -> Iterator[None]:
    """Refuse whatever a damaged file causes as an error of the segmentation."""
    with naming(role):
        try:
            yield
        except VolumeError as error:
            raise SegmentationError(*error.args).located_at(error) from None
        except (OSError, MemoryError):
            raise SegmentationError(
                "the segmentation cannot be read (damaged file, no permission or more "
                "memory than there is); restore the file"
            ) from None


def _read_folder(folder: Path, role: str) -> Segmentation:
    """Read every file of a folder as a layer of its own, or several."""
    paths = files_below(folder, role=role)
    if not 1 <= len(paths) <= MOST_FILES:
        raise SegmentationError(
            f"expected 1 to {MOST_FILES} segmentations in the folder, found "
            f"{len(paths)} files; give the folder of one exam"
        )
    return stacked(_each(paths, role))


def _each(paths: list[Path], role: str) -> Iterator[Segmentation]:
    for place, path in enumerate(paths, start=1):
        named = f"{role}, file {place} of {len(paths)}"
        with naming(named):
            part = _read_volume(checked_file(path, role=named))
        yield called(part, _stem(path.name))


def _read_file(path: Path, role: str) -> Segmentation:
    """Read a file that may name or hold others."""
    with path.open("rb") as stream:
        start = stream.read(64).lstrip(b"\xef\xbb\xbf \t\r\n")
    if start.startswith((b"PK\x03\x04", b"PK\x05\x06")):
        return read_scene(path, role=role)
    if start.startswith(b"{"):
        return read_stack(path, role=role, read_file=_read_volume)
    return _read_volume(path)


def _read_volume(path: Path) -> Segmentation:
    """Read a file that stands for itself."""
    with path.open("rb") as stream:
        start = stream.read(132)
        stream.seek(0)
        if start.startswith(b"NRRD"):
            return read_nrrd(stream)
        if start[128:] == b"DICM":
            return read_dicom_seg(path)
        if is_nifti(start):
            return described(gathered(open_nifti(stream)), [], layers=1)
    raise SegmentationError(
        "not a segmentation of a kind that is read here; give NRRD, NIfTI, "
        "DICOM SEG, a .mitk scene, a .mitklabel.json stack or a folder of volumes"
    )


def _stem(name: str) -> str:
    """Return a file's name without the end that tells its format."""
    for suffix in SUFFIXES:
        if name.lower().endswith(suffix):
            return name[: -len(suffix)]
    return name
