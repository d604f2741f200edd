"""Remarks on files of a series' folder that are no slices of it, with their number.

A damaged slice in the middle leaves a gap, which is refused. One at the end would make
the volume shorter without a trace.
"""

from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from nodal_staging.exams.dicom.elements import readable_number, readable_text
from nodal_staging.exams.dicom.folder import series_files
from nodal_staging.exams.dicom.frames import Frame
from nodal_staging.exams.dicom.headers import FileHeader
from nodal_staging.exams.raw_files import link_remarks

NOTES = frozenset(
    ".txt .md .json .xml .csv .tsv .html .htm .pdf .jpg .jpeg .png .gif .bmp .ini .inf"
    " .db .exe .dll".split()
)
"""Ends of names of files that lie next to images and never were images."""


def left_out_remarks(
    folder: Path, headers: Sequence[FileHeader], frames: Sequence[Frame]
) -> tuple[str, ...]:
    """Remark on links, images and other files that were left out of a series.

    Parameters
    ----------
    folder, headers
        The folder, and the headers of its DICOM files.
    frames
        Those of the series that is read.
    """
    remarks = [*link_remarks(folder)]
    no_slices = _of_the_series(headers, frames)
    if no_slices:
        remarks.append(
            f"{no_slices} files of this series are not slices (such as localizers, "
            "secondary captures, pictures of 8 bits) and were left out: check that no "
            "slice of the CT or PET is among them"
        )
    others = _among_images(series_files(folder), headers, frames)
    if others:
        remarks.append(
            f"{others} files among the images are not DICOM and were left out: check "
            "that no slice is among them"
        )
    return tuple(remarks)


def fewer_remarks(
    headers: Sequence[FileHeader], frames: Sequence[Frame]
) -> tuple[str, ...]:
    """Remark on a series that has fewer slices than its headers state.

    Several acquisitions or statements compare nothing. A multiple of the number of
    slices counts several reconstructions or time points of one acquisition.

    Parameters
    ----------
    headers
        Of the files of the series, one for each frame.
    frames
        The slices that are read.
    """
    remarks = []
    several = len({readable_text(item.header, "AcquisitionNumber") for item in headers})
    for name in ("ImagesInAcquisition", "NumberOfSlices"):
        stated = {readable_number(item.header, name) for item in headers} - {None}
        if len(stated) != 1 or (name == "ImagesInAcquisition" and several > 1):
            continue
        count = int(stated.pop() or 0)
        if count > len(frames) and count % len(frames):
            remarks.append(
                f"{name} is {count}, but the series has {len(frames)} slices: check "
                "that no slices are missing at its ends"
            )
    return tuple(remarks)


def intercept_remarks(frames: Sequence[Frame]) -> tuple[str, ...]:
    """Remark on slices of a CT with another intercept than the others."""
    counts = Counter(frame.intercept for frame in frames)
    if len(counts) == 1:
        return ()
    listed = ", ".join(
        f"{value:g} in {count}" for value, count in counts.most_common(3)
    )
    return (
        f"RescaleIntercept differs between slices ({listed}): check that all slices "
        "are in HU, or export the series again",
    )


def _of_the_series(headers: Sequence[FileHeader], frames: Sequence[Frame]) -> int:
    """Count the images of a series that are neither its slices nor copies of them."""
    used = {frame.file for frame in frames}
    slices = [item for item in headers if item.file in used]
    series = {_uid(item, "SeriesInstanceUID") for item in slices} - {""}
    images = {_uid(item, "SOPInstanceUID") for item in slices}
    orientations = {_orientation(item) for item in slices}
    return sum(
        _uid(item, "SeriesInstanceUID") in series
        and _uid(item, "SOPInstanceUID") not in images
        and _orientation(item) in orientations | {""}
        for item in headers
        if item.file not in used
    )


def _among_images(
    files: Sequence[Path], headers: Sequence[FileHeader], frames: Sequence[Frame]
) -> int:
    """Count the files of the slices' folders that are not DICOM, notes apart."""
    folders = {files[frame.file].parent for frame in frames}
    dicom = {item.file for item in headers}
    return sum(
        path.parent in folders
        and path.suffix.lower() not in NOTES
        and any(letter.isdigit() for letter in path.name)
        for number, path in enumerate(files)
        if number not in dicom
    )


def _uid(item: FileHeader, name: str) -> str:
    return readable_text(item.header, name)


def _orientation(item: FileHeader) -> str:
    return readable_text(item.header, "ImageOrientationPatient")
