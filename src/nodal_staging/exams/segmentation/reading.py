"""Read a segmentation, whatever program wrote it.

Formats are detected by content, not by file names.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path

from nodal_staging.exams.dicom.identity_digests import Origin
from nodal_staging.exams.file_kinds import kind_of, refusal
from nodal_staging.exams.file_signatures import (
    DICOM_CLASSES,
    LABEL_MAP,
    SCENE,
    SEG,
    STRUCTURE_SET,
)
from nodal_staging.exams.raw_files import checked_file, files_below, link_remarks
from nodal_staging.exams.segmentation.contours import filled
from nodal_staging.exams.segmentation.dicom_segments import (
    read_dicom_seg,
    read_dicom_seg_labels,
)
from nodal_staging.exams.segmentation.nrrd_labels import header_labels, labelled
from nodal_staging.exams.segmentation.regions import (
    Label,
    Segmentation,
    called,
    stacked,
)
from nodal_staging.exams.segmentation.scene import read_scene
from nodal_staging.exams.segmentation.stack import MOST_FILES, read_stack
from nodal_staging.exams.segmentation.structure_set import read_structures
from nodal_staging.exams.volume_files import opened_volume, without_voxel_files
from nodal_staging.geometry import Lattice
from nodal_staging.study.errors import SegmentationError, VolumeError, naming_part

SUFFIXES = (
    *(".seg.nrrd", ".nii.gz", ".nrrd", ".nhdr", ".nii"),
    *(".mha", ".mhd", ".dcm"),
)
"""Ends of a file's name that do not belong to the name of its node."""

DICOM_SEGMENTATIONS = (DICOM_CLASSES[SEG], DICOM_CLASSES[LABEL_MAP])


def read_segmentation(path: Path, *, ct: Lattice | None = None) -> Segmentation:
    """Read all labels of an exam with their voxels.

    Parameters
    ----------
    path
        A label volume (NRRD of MITK 2016 to 2025, Slicer or of values alone; NIfTI;
        MetaImage; DICOM Segmentation or RT structure set), a ``.mitk`` scene, a
        ``.mitklabel.json`` stack, or a folder of label volumes, each a layer in the
        order of names.
    ct
        Grid of the CT, on which contours of a structure set are filled; without it,
        their labels have no voxels. It also decides on the distance of planes of a
        DICOM Segmentation that does not state it.

    Raises
    ------
    SegmentationError
        If a file is damaged, of another kind, or beyond the bounds of a segmentation.
    RawFileError
        If the path does not lead to a regular file or a folder.
    """
    with _refusing():
        if os.path.isdir(path):
            return _read_folder(path, ct)
        return _read_file(checked_file(path), ct)


def read_labels(path: Path) -> tuple[Label, ...]:
    """Read the labels of an exam, from headers alone where these describe them.

    Parameters
    ----------
    path
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
    with _refusing():
        if not os.path.isdir(path):
            file = checked_file(path)
            with file.open("rb") as stream:
                start = stream.read(4)
            if start.startswith(b"NRRD"):
                with opened_volume(file) as found:
                    if found is not None:
                        return header_labels(*found)
            if kind_of(file) in DICOM_SEGMENTATIONS:
                return read_dicom_seg_labels(file)
    return read_segmentation(path).labels


@contextmanager
def _refusing() -> Iterator[None]:
    """Refuse whatever a damaged file causes as an error of the segmentation."""
    try:
        yield
    except VolumeError as error:
        raise SegmentationError(*error.args).located_at(error) from None
    except (OSError, MemoryError):
        raise SegmentationError(
            "the segmentation cannot be read (damaged file, no permission or more "
            "memory than there is); restore the file"
        ) from None


def _read_folder(folder: Path, ct: Lattice | None) -> Segmentation:
    """Read every file of a folder as a layer of its own, or several."""
    paths = without_voxel_files(files_below(folder))
    if not 1 <= len(paths) <= MOST_FILES:
        raise SegmentationError(
            f"expected 1 to {MOST_FILES} segmentations in the folder, found "
            f"{len(paths)} files; give the folder of one exam"
        )
    found = stacked(_each(paths, ct))
    return replace(found, notes=(*found.notes, *link_remarks(folder)))


def _each(paths: list[Path], ct: Lattice | None) -> Iterator[Segmentation]:
    for place, path in enumerate(paths, start=1):
        with naming_part(f"file {place} of {len(paths)}"):
            part = _read_volume(checked_file(path), ct)
        yield called(part, _stem(path.name))


def _read_file(path: Path, ct: Lattice | None) -> Segmentation:
    """Read a file that may name or hold others."""
    with path.open("rb") as stream:
        start = stream.read(64).lstrip(b"\xef\xbb\xbf \t\r\n")
    if start.startswith(b"PK") and kind_of(path) in (SCENE, None):
        return read_scene(path)
    if start.startswith(b"{"):
        return read_stack(path, partial(_read_volume, ct=ct))
    return _read_volume(path, ct)


def _read_volume(path: Path, ct: Lattice | None = None) -> Segmentation:
    """Read a file that stands for itself."""
    kind = kind_of(path)
    if kind in DICOM_SEGMENTATIONS:
        return read_dicom_seg(path, ct)
    if kind is DICOM_CLASSES[STRUCTURE_SET]:
        structures, identity = read_structures(path)
        if ct is None:
            labels = tuple(structure.label for structure in structures)
            return Segmentation((), labels, 1)
        return replace(filled(structures, ct), origins=(Origin(identity, None),))
    with opened_volume(path) as found:
        if found is None:
            raise SegmentationError(refusal(path, "segmentation"))
        return labelled(*found)


def _stem(name: str) -> str:
    """Return a file's name without the end that names its format."""
    for suffix in SUFFIXES:
        if name.lower().endswith(suffix):
            return name[: -len(suffix)]
    return name
